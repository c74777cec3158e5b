//! What a sign-in needs: row 126.

use std::fmt::Write;

use secureauth_simulator::{MessageKind, SignIn};
use serde_json::{Value, json};

use crate::support::{Chunk, TENANT, Tenant, organizations, pools};

/// Organization `biller` with these mechanisms, and a pool with these settings and the user `ann`.
async fn with_ann(allowed: &[&str], settings: &Value) -> Tenant {
    let tenant = Tenant::new().await;
    let body = json!({ "id": "biller", "name": "Biller", "authentication_mechanisms": allowed });
    tenant.post(&organizations(""), &body).await.expect(201);
    let mut pool = json!({ "id": "pool", "name": "Pool", "tenant_id": TENANT, "workspace_id": "biller" });
    if let (Some(pool), Value::Object(settings)) = (pool.as_object_mut(), settings.clone()) {
        pool.extend(settings);
    }
    tenant.post(&pools("?with_idp=true"), &pool).await.expect(201);
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    tenant
}

/// The settings of a pool with these factors.
fn factors(first: &[&str], second: &[&str]) -> Value {
    json!({ "authentication_mechanisms": first, "second_factor_authentication_mechanisms": second })
}

/// How Ann signs in, in one line: the factors, or why not.
fn line(
    SignIn {
        allowed,
        reason,
        first_factor,
        second_factor,
    }: SignIn,
) -> String {
    match (allowed, first_factor, second_factor) {
        (true, Some(first), Some(second)) => format!("{first}, {second}"),
        (true, Some(first), None) => first,
        _ => reason,
    }
}

fn ann(tenant: &Tenant) -> String {
    let looked = tenant.simulator.may_sign_in("biller", "ann");
    let signed_in = tenant.simulator.sign_in("biller", "ann");
    assert_eq!(looked, signed_in);
    line(signed_in)
}

async fn address(tenant: &Tenant, verified: bool, allowed_for_2fa: bool) {
    let body = json!({
        "address": "ann@example.com", "status": "active", "verified": verified, "allowed_for_2fa": allowed_for_2fa,
    });
    let path = pools("/pool/users/u-ann/addresses/update");
    tenant.post(&path, &body).await.expect(200);
}

fn enroll(tenant: &Tenant, kind: &str) {
    assert!(tenant.simulator.enroll_factor("pool", "u-ann", kind), "{kind}");
}

#[tokio::test]
async fn a_sign_in_needs_a_first_factor_that_the_person_has() {
    let all = ["password", "totp", "email_otp", "webauthn", "usernameless_webauthn"];
    let tenant = with_ann(&all, &factors(&all, &[])).await;
    assert_eq!(ann(&tenant), "no-first-factor");
    assert_eq!(
        tenant.simulator.sessions("pool", "u-ann"),
        0,
        "a refused sign-in opens none"
    );
    address(&tenant, true, false).await;
    assert_eq!(ann(&tenant), "email_otp");
    assert_eq!(tenant.simulator.sessions("pool", "u-ann"), 1);
    let message = tenant.simulator.outbox().pop().expect("a message");
    assert_eq!(
        (message.kind, message.address.as_str()),
        (MessageKind::SignIn, "ann@example.com")
    );
    enroll(&tenant, "totp");
    assert_eq!(ann(&tenant), "totp", "the order is the pool's");
    enroll(&tenant, "password");
    assert_eq!(ann(&tenant), "password");
    assert!(
        !tenant.simulator.enroll_factor("pool", "u-ann", "push"),
        "nobody has a device"
    );
    assert!(!tenant.simulator.enroll_factor("pool", "nobody", "totp"));
}

#[tokio::test]
async fn a_code_as_the_first_factor_needs_a_verified_address_or_not() {
    let tenant = with_ann(&["email_otp"], &factors(&["email_otp"], &[])).await;
    assert_eq!(ann(&tenant), "no-first-factor");
    tenant.switch("otp-needs-verified-address", "off");
    assert_eq!(ann(&tenant), "email_otp");
}

#[tokio::test]
async fn a_factor_counts_only_where_pool_and_organization_allow_it() {
    let tenant = with_ann(&["password"], &factors(&["totp", "password"], &["email_otp"])).await;
    assert_eq!(tenant.simulator.offered_factors("biller"), ["password"]);
    enroll(&tenant, "webauthn");
    assert_eq!(ann(&tenant), "mechanism-not-allowed", "the pool has no passkeys");
    enroll(&tenant, "totp");
    assert_eq!(ann(&tenant), "mechanism-not-allowed", "the organization allows no TOTP");
    enroll(&tenant, "password");
    assert_eq!(ann(&tenant), "no-second-factor");
    address(&tenant, true, true).await;
    assert_eq!(
        ann(&tenant),
        "mechanism-not-allowed",
        "the organization allows no codes"
    );
    let allowed = json!({ "name": "Biller", "authentication_mechanisms": ["password", "email_otp"] });
    tenant.put(&organizations("/biller"), &allowed).await.expect(200);
    assert_eq!(ann(&tenant), "password, email_otp");
    let lost = json!({ "name": "Biller" });
    tenant.put(&organizations("/biller"), &lost).await.expect(200);
    assert_eq!(ann(&tenant), "mechanism-not-allowed", "the PUT left them out");
}

#[tokio::test]
async fn a_second_factor_is_another_one_of_the_pool_or_may_be_skipped() {
    let both = ["password", "totp", "email_otp"];
    let tenant = with_ann(
        &both,
        &factors(&["password", "totp"], &["totp", "email_otp", "sms_otp", "push"]),
    )
    .await;
    enroll(&tenant, "password");
    assert_eq!(
        ann(&tenant),
        "no-second-factor",
        "the address is not for second factors"
    );
    let skip = json!({
        "name": "Pool", "tenant_id": TENANT, "workspace_id": "biller", "allow_skip_2fa": true,
    });
    tenant.put(&pools("/pool"), &skip).await.expect(200);
    assert_eq!(ann(&tenant), "password, skipped");
    enroll(&tenant, "totp");
    assert_eq!(ann(&tenant), "password, totp", "who has one may not skip it");
    let only_totp = json!({
        "name": "Pool", "tenant_id": TENANT, "workspace_id": "biller", "allow_skip_2fa": false,
        "authentication_mechanisms": ["totp"],
    });
    tenant.put(&pools("/pool"), &only_totp).await.expect(200);
    assert_eq!(
        ann(&tenant),
        "no-second-factor",
        "the first one is not the second one too"
    );
    address(&tenant, false, true).await;
    assert_eq!(ann(&tenant), "no-second-factor", "the address is not verified");
    tenant.switch("otp-needs-verified-address", "off");
    assert_eq!(ann(&tenant), "totp, email_otp");
    tenant.switch("otp-needs-verified-address", "on");
    address(&tenant, true, true).await;
    assert_eq!(ann(&tenant), "totp, email_otp");
}

#[tokio::test]
async fn a_code_is_one_factor_by_whatever_name_and_a_second_factor_that_is_not_allowed_cannot_be_skipped() {
    let tenant = with_ann(&["otp", "email_otp", "password"], &factors(&["otp"], &["email_otp"])).await;
    address(&tenant, true, true).await;
    assert_eq!(ann(&tenant), "no-second-factor");
    let with = |first: &str, second: &str| {
        json!({
            "name": "Pool", "tenant_id": TENANT, "workspace_id": "biller", "allow_skip_2fa": true,
            "authentication_mechanisms": [first], "second_factor_authentication_mechanisms": [second],
        })
    };
    tenant.put(&pools("/pool"), &with("otp", "email_otp")).await.expect(200);
    assert_eq!(ann(&tenant), "otp, skipped", "who has no other one may skip it");
    enroll(&tenant, "password");
    enroll(&tenant, "totp");
    tenant.put(&pools("/pool"), &with("password", "totp")).await.expect(200);
    assert_eq!(ann(&tenant), "mechanism-not-allowed");
}

#[tokio::test]
async fn credentials_that_expired_or_must_be_reset_are_no_factors() {
    let tenant = with_ann(&["password"], &factors(&["password"], &[])).await;
    let with_password = |member: &str, value: &str| {
        let chunk = Chunk::new("pool").user("ann").credential("c", "u-ann");
        chunk.set("user_credentials", member, json!(value))
    };
    for (member, value, expected) in [
        ("state", "valid", "password"),
        ("state", "must_be_changed", "password"),
        ("state", "must_be_reset", "no-first-factor"),
        ("expires_at", "2026-09-14T15:14:15Z", "no-first-factor"),
        ("expires_at", "2026-09-14T15:14:16Z", "password"),
    ] {
        tenant.import(&with_password(member, value)).await.expect(204);
        assert_eq!(ann(&tenant), expected, "{member} {value}");
    }
}

#[tokio::test]
async fn factors_may_stay_unchecked() {
    let tenant = with_ann(&[], &factors(&["password"], &["push"])).await;
    assert_eq!(ann(&tenant), "no-first-factor");
    tenant.switch("sign-in-factors", "not-checked");
    assert_eq!(ann(&tenant), "ok");
}

#[tokio::test]
async fn every_refusal_of_a_sign_in_has_its_reason() {
    let tenant = with_ann(&["password"], &factors(&["password"], &[])).await;
    enroll(&tenant, "password");
    tenant.organization("without-pool").await;
    let off = json!({ "id": "off", "name": "Off", "deactivated": true });
    tenant.post(&organizations(""), &off).await.expect(201);
    let mut shown = String::new();
    for (workspace, name) in [
        ("nowhere", "ann"),
        ("off", "ann"),
        ("without-pool", "ann"),
        ("biller", "nobody"),
        ("biller", "ann"),
    ] {
        let line = line(tenant.simulator.may_sign_in(workspace, name));
        writeln!(shown, "{workspace} {name}: {line}").expect("text");
    }
    let expected = "nowhere ann: no-such-workspace\noff ann: organization-deactivated\nwithout-pool ann: no-identity-provider\n\
                    biller nobody: unknown-user\nbiller ann: password\n";
    assert_eq!(shown, expected);
}
