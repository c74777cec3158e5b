//! Identity pools: rows 40 to 46.

use serde_json::{Value, json};

use crate::support::{TENANT, Tenant, pools};

pub(crate) fn body(id: &str) -> Value {
    json!({ "id": id, "name": id, "tenant_id": TENANT, "workspace_id": "biller" })
}

pub(crate) async fn idps(tenant: &Tenant, workspace: &str) -> Vec<Value> {
    let path = format!("/api/system/{TENANT}/configuration?workspace_id={workspace}");
    let idps = tenant.get(&path).await.expect(200).at("/idps");
    idps.as_array().expect("idps").clone()
}

#[tokio::test]
async fn a_created_pool_has_every_member_with_its_default() {
    let tenant = Tenant::new().await;
    tenant.organization("2689").await;
    let request = json!({
        "name": "UserPool",
        "tenant_id": TENANT,
        "workspace_id": "2689",
        "identifier_case_insensitive": true,
        "authentication_mechanisms": ["totp", "password", "email_otp", "webauthn"],
        "preferred_authentication_mechanism": "password",
    });
    let created = tenant.post(&pools("?with_idp=true"), &request).await.expect(201);
    let mut shown = created.json();
    assert_eq!(shown["id"].take().as_str().map(str::len), Some(32));
    let otp = |ttl: &str| json!({ "length": 8, "ttl": ttl });
    assert_eq!(
        shown,
        json!({
            "id": null,
            "tenant_id": "dev-invoicecloud",
            "workspace_id": "2689",
            "name": "UserPool",
            "description": "",
            "public_registration_allowed": false,
            "authentication_mechanisms": ["totp", "password", "email_otp", "webauthn"],
            "preferred_authentication_mechanism": "password",
            "second_factor_authentication_mechanisms": null,
            "second_factor_preferred_authentication_mechanism": "",
            "payload_schema_id": "default_payload_v2",
            "metadata_schema_id": "default_metadata_v2",
            "business_metadata_schema_id": "default_business_metadata_v2",
            "otp_settings": {
                "activation": otp("168h0m0s"),
                "reset_password": otp("1h0m0s"),
                "reset_totp": otp("1h0m0s"),
                "enroll_webauthn": otp("1h0m0s"),
                "challenge": otp("5m0s"),
                "verify_address": otp("5m0s"),
                "authentication": otp("5m0s"),
            },
            "metadata": null,
            "password_settings": { "hashing_method": "pbkdf2", "expires_after": "0s" },
            "password_policy": {
                "strength": "fair", "min_length": 8, "special_characters": 0, "capital_letters": 0,
                "lowercase_letters": 0, "digits": 0, "not_used_since": 0,
            },
            "deleted": false,
            "badge_color": "",
            "system": false,
            "identifier_case_insensitive": true,
            "second_factor_threshold": 0,
            "mfa_session_ttl": "0s",
            "reset_credentials_settings": {
                "do_not_allow_users_to_self_reset_credentials": false,
                "reset_password_older_than": "0001-01-01T00:00:00Z",
                "reset_webauthn_older_than": "0001-01-01T00:00:00Z",
                "reset_totp_older_than": "0001-01-01T00:00:00Z",
            },
            "totp_settings": { "issuer": "SecureAuth" },
            "allow_skip_2fa": false,
            "number_of_users": 0,
            "number_of_standard_users": 0,
            "number_of_jit_users": 0,
        })
    );
    let path = pools(&format!("/{}", created.at("/id").as_str().expect("an id")));
    assert_eq!(tenant.get(&path).await.expect(200).json(), created.json());
}

#[tokio::test]
async fn settings_given_are_kept_and_invalid_ones_refused() {
    let tenant = Tenant::new().await;
    let mut request = body("p");
    request["workspace_id"] = Value::Null;
    request["metadata"] = json!({ "ic_bid": "1876" });
    request["second_factor_authentication_mechanisms"] = json!(["totp"]);
    request["password_policy"] = json!({ "min_length": 12 });
    let created = tenant.post(&pools(""), &request).await.expect(201);
    assert_eq!(created.at("/metadata/ic_bid"), "1876");
    assert_eq!(created.at("/second_factor_authentication_mechanisms"), json!(["totp"]));
    assert_eq!(created.at("/password_policy/min_length"), 12);
    assert_eq!(created.at("/password_policy/strength"), "fair");
    for (member, value) in [
        ("authentication_mechanisms", json!(["face"])),
        ("preferred_authentication_mechanism", json!("face")),
        ("identifier_case_insensitive", json!("yes")),
        ("password_policy", json!({ "strength": "heroic" })),
        ("metadata", json!("text")),
    ] {
        let mut invalid = body("q");
        invalid["workspace_id"] = Value::Null;
        invalid[member] = value;
        tenant.post(&pools(""), &invalid).await.expect(422);
    }
}

#[tokio::test]
async fn a_pool_needs_a_name_and_a_tenant() {
    let tenant = Tenant::new().await;
    for missing in ["name", "tenant_id"] {
        let mut request = json!({ "name": "P", "tenant_id": TENANT });
        request.as_object_mut().expect("an object").remove(missing);
        tenant.post(&pools(""), &request).await.expect(422);
        tenant.switch("pool-required-missing", "400");
        tenant.post(&pools(""), &request).await.expect(400);
        tenant.switch("pool-required-missing", "422");
    }
}

#[tokio::test]
async fn a_pool_of_another_tenant_is_refused() {
    let tenant = Tenant::new().await;
    let request = json!({ "name": "P", "tenant_id": "other" });
    tenant.post(&pools(""), &request).await.expect(403);
    tenant.switch("pool-foreign-tenant", "422");
    tenant.post(&pools(""), &request).await.expect(422);
}

#[tokio::test]
async fn a_pool_of_an_unknown_workspace_or_schema_is_not_found() {
    let tenant = Tenant::new().await;
    tenant.post(&pools(""), &body("p")).await.expect(404);
    tenant.switch("pool-unknown-workspace", "422");
    tenant.post(&pools(""), &body("p")).await.expect(422);
    tenant.organization("biller").await;
    let mut request = body("p");
    request["payload_schema_id"] = "nobody".into();
    tenant.post(&pools(""), &request).await.expect(404);
    tenant.switch("pool-unknown-schema", "422");
    tenant.post(&pools(""), &request).await.expect(422);
    request["payload_schema_id"] = "5d5ced58793b41178123b2d1cc5fb658".into();
    tenant.post(&pools(""), &request).await.expect(201);
}

#[tokio::test]
async fn the_id_of_the_client_is_honoured_or_ignored_and_a_taken_one_a_conflict() {
    let tenant = Tenant::new().await;
    tenant.organization("biller").await;
    let created = tenant.post(&pools(""), &body("mine")).await.expect(201);
    assert_eq!(created.at("/id"), "mine");
    let mut again = body("mine");
    again["name"] = "Other".into();
    tenant.post(&pools(""), &again).await.expect(409);
    tenant.switch("pool-client-id", "ignored");
    assert_ne!(tenant.post(&pools(""), &again).await.expect(201).at("/id"), "mine");
}

#[tokio::test]
async fn pool_names_are_unique_in_their_workspace() {
    let tenant = Tenant::new().await;
    tenant.organization("biller").await;
    tenant.organization("other").await;
    let named = |workspace: &str, name: &str| json!({ "name": name, "tenant_id": TENANT, "workspace_id": workspace });
    tenant
        .post(&pools(""), &named("biller", "Users & Co"))
        .await
        .expect(201);
    tenant
        .post(&pools(""), &named("biller", "Users & Co"))
        .await
        .expect(409);
    tenant.post(&pools(""), &named("other", "Users & Co")).await.expect(201);
    tenant.switch("pool-name-unique", "tenant");
    tenant
        .post(&pools(""), &named("default", "Users & Co"))
        .await
        .expect(409);
    tenant.switch("pool-name-unique", "off");
    tenant
        .post(&pools(""), &named("biller", "Users & Co"))
        .await
        .expect(201);
    tenant.switch("pool-name-characters", "alphanumeric");
    tenant
        .post(&pools(""), &named("biller", "Users & Co"))
        .await
        .expect(422);
    tenant
        .post(&pools(""), &named("biller", "1876 users"))
        .await
        .expect(201);
}

#[tokio::test]
async fn with_idp_adds_an_idp_to_the_workspace() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let found = idps(&tenant, "biller").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["identity_pool_id"], &found[0]["method"]),
        (&json!("pool"), &json!("identity_pool"))
    );
    assert_eq!(found[0]["workspace_id"], "biller");
    tenant.post(&pools(""), &body("plain")).await.expect(201);
    assert_eq!(idps(&tenant, "biller").await.len(), 1);
    tenant.switch("idp-creation-fails", "on");
    tenant.post(&pools("?with_idp=true"), &body("half")).await.expect(500);
    tenant.get(&pools("/half")).await.expect(200);
    assert_eq!(idps(&tenant, "biller").await.len(), 1);
    tenant.switch("idp-creation-fails", "off");
    tenant.switch("create-with-idp", "ignored");
    tenant
        .post(&pools("?with_idp=true"), &body("ignored"))
        .await
        .expect(201);
    assert_eq!(idps(&tenant, "biller").await.len(), 1);
    let unknown = format!("/api/system/{TENANT}/configuration?workspace_id=nobody");
    tenant.get(&unknown).await.expect(404);
}
