//! The Tenant Management API of on-premise installations (docs/reference/secureauth-api.md#tenant-management).

use serde_json::json;

use crate::support::{TENANT, Tenant, pools};

const TENANTS: &str = "/api/system/tenants";

async fn setup_token(tenant: &Tenant) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "setup"),
        ("client_secret", "simulator-setup-secret"),
    ];
    let answer = tenant.token_request("system", &form).await.expect(200);
    answer.at("/access_token").as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn tenants_are_managed_with_a_setup_token() {
    let mut tenant = Tenant::new().await;
    let token = setup_token(&tenant).await;
    tenant.use_token(&token);
    assert_eq!(tenant.get(TENANTS).await.expect(200).at("/tenants/0/id"), TENANT);
    let created = tenant
        .post(TENANTS, &json!({ "id": "acme", "name": "Acme" }))
        .await
        .expect(201);
    assert_eq!(
        (created.at("/tenant/id"), created.at("/tenant/name")),
        ("acme".into(), "Acme".into())
    );
    tenant
        .post(TENANTS, &json!({ "id": "acme", "name": "Acme" }))
        .await
        .expect(409);
    tenant.post(TENANTS, &json!({ "id": "no-name" })).await.expect(422);
    let one = format!("{TENANTS}/acme");
    tenant.put(&one, &json!({ "name": "Acme 2" })).await.expect(200);
    assert_eq!(tenant.get(&one).await.expect(200).at("/name"), "Acme 2");
    tenant.delete(&one).await.expect(204);
    tenant.get(&one).await.expect(404);
}

#[tokio::test]
async fn the_tokens_of_a_tenant_and_of_the_installation_do_not_mix() {
    let mut tenant = Tenant::new().await;
    tenant.get(TENANTS).await.expect(403);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "onboarding"),
        ("client_secret", "simulator-secret"),
    ];
    tenant.token_request("system", &form).await.expect(401);
    let token = setup_token(&tenant).await;
    tenant.use_token(&token);
    tenant.get(&pools("")).await.expect(401);
}

#[tokio::test]
async fn in_the_cloud_there_is_no_tenant_management() {
    let mut tenant = Tenant::new().await;
    let token = setup_token(&tenant).await;
    tenant.use_token(&token);
    tenant.switch("tenant-management", "off");
    tenant.get(TENANTS).await.expect(404);
    tenant
        .token_request("system", &[("grant_type", "client_credentials")])
        .await
        .expect(404);
}
