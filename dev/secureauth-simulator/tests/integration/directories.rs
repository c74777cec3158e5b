//! The directory of a new organization: row 115. Mechanisms of pools: rows 107 and 108.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{TENANT, Tenant, identity, organizations, pools};

async fn listed(tenant: &Tenant, organization: &str) -> Vec<Value> {
    let path = identity(&format!("/system/workspace/{organization}/pools"));
    let pools = tenant.get(&path).await.expect(200).at("/pools");
    pools.as_array().expect("pools").clone()
}

#[tokio::test]
async fn a_new_organization_may_bring_a_directory_that_nobody_marked() {
    let tenant = Tenant::new().await;
    tenant.organization("plain").await;
    assert!(listed(&tenant, "plain").await.is_empty());
    for (value, provider) in [("pool", false), ("pool-with-idp", true)] {
        tenant.switch("organization-directory", value);
        tenant.organization(value).await;
        let pools = listed(&tenant, value).await;
        assert_eq!(pools.len(), 1, "{value}");
        let pool = &pools[0];
        assert_eq!(
            (&pool["metadata"], &pool["authentication_mechanisms"]),
            (&Value::Null, &json!(["password"]))
        );
        assert_eq!(pool["payload_schema_id"], "default_payload_v2");
        let organizations = tenant.simulator.inventory().organizations;
        let shown = organizations.iter().find(|it| it.id == value).expect("is there");
        assert_eq!(shown.pools[0].idp, provider, "{value}");
        tenant
            .delete(&crate::support::organizations(&format!("/{value}")))
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn the_directory_of_a_new_organization_may_be_late() {
    let tenant = Tenant::with(&[
        ("organization-directory", "pool"),
        ("organization-directory-delay-ms", "1000"),
    ])
    .await;
    tenant.organization("late").await;
    tenant.organization("gone").await;
    tenant.delete(&organizations("/gone")).await.expect(204);
    tenant.organization("gone").await;
    assert!(listed(&tenant, "late").await.is_empty());
    tenant.simulator.advance(Duration::from_secs(1));
    assert_eq!(listed(&tenant, "late").await.len(), 1);
    assert_eq!(
        listed(&tenant, "gone").await.len(),
        1,
        "of the second one of the id only"
    );
}

#[tokio::test]
async fn organizations_and_pools_take_eleven_mechanisms() {
    let all = json!([
        "totp",
        "password",
        "otp",
        "email_otp",
        "sms_otp",
        "voice_otp",
        "webauthn",
        "usernameless_webauthn",
        "push",
        "symbol",
        "qr_code",
    ]);
    let tenant = Tenant::new().await;
    let organization = json!({ "id": "biller", "name": "Biller", "authentication_mechanisms": all });
    let created = tenant.post(&organizations(""), &organization).await.expect(201);
    assert_eq!(created.at("/authentication_mechanisms"), all);
    let pool = json!({
        "name": "Pool", "tenant_id": TENANT, "workspace_id": "biller", "authentication_mechanisms": all,
        "second_factor_authentication_mechanisms": all, "preferred_authentication_mechanism": "qr_code",
    });
    let created = tenant.post(&pools(""), &pool).await.expect(201);
    assert_eq!(created.at("/authentication_mechanisms"), all);
    assert_eq!(created.at("/second_factor_authentication_mechanisms"), all);
}

#[tokio::test]
async fn a_mechanism_that_the_organization_does_not_allow_is_stored_or_refused() {
    let tenant = Tenant::new().await;
    let organization = json!({ "id": "biller", "name": "Biller", "authentication_mechanisms": ["password", "totp"] });
    tenant.post(&organizations(""), &organization).await.expect(201);
    let pool = |id: &str, first: Value, second: Value| {
        json!({
            "id": id, "name": id, "tenant_id": TENANT, "workspace_id": "biller", "authentication_mechanisms": first,
            "second_factor_authentication_mechanisms": second,
        })
    };
    let unusable = pool("accepted", json!(["password"]), json!(["email_otp"]));
    tenant.post(&pools(""), &unusable).await.expect(201);
    tenant.switch("mechanism-not-allowed", "422");
    for (first, second, status) in [
        (json!(["password"]), json!(["email_otp"]), 422),
        (json!(["email_otp"]), json!(["totp"]), 422),
        // The default has e-mail codes.
        (Value::Null, json!(["totp"]), 422),
        (json!(["password"]), json!(["totp"]), 201),
    ] {
        tenant.post(&pools(""), &pool("p", first, second)).await.expect(status);
    }
    tenant
        .put(&pools("/p"), &pool("p", json!(["webauthn"]), Value::Null))
        .await
        .expect(422);
    tenant
        .put(&pools("/p"), &pool("p", Value::Null, Value::Null))
        .await
        .expect(200);
    let elsewhere = json!({ "name": "Free", "tenant_id": TENANT, "workspace_id": "default" });
    tenant.post(&pools(""), &elsewhere).await.expect(201);
}
