//! Token endpoint, scopes and tenant: rows 1 to 8.

use std::time::Duration;

use reqwest::Method;
use secureauth_simulator::{Client, Options};
use serde_json::json;

use crate::support::{TENANT, Tenant, identity, organizations, pools, send};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const ID: (&str, &str) = ("client_id", "onboarding");
const SECRET: (&str, &str) = ("client_secret", "simulator-secret");

#[tokio::test]
async fn a_token_is_issued_for_a_secret_in_the_header_or_in_the_form() {
    let tenant = Tenant::new().await;
    let posted = tenant.token_request(TENANT, &[GRANT, ID, SECRET]).await.expect(200);
    assert_eq!(posted.at("/token_type"), "bearer");
    assert_eq!(posted.at("/expires_in"), 3600);
    assert!(
        posted
            .at("/access_token")
            .as_str()
            .is_some_and(|token| token.len() > 20)
    );
    let path = format!("/{TENANT}/system/oauth2/token");
    let basic = tenant
        .anonymous(Method::POST, &path)
        .basic_auth("onboarding", Some("simulator-secret"))
        .form(&[GRANT]);
    let basic = send(basic).await.expect("an answer").expect(200);
    assert_eq!(basic.at("/scope"), posted.at("/scope"));
    let encoded = tenant
        .anonymous(Method::POST, &path)
        .basic_auth("onboarding", Some("simulator%2Dsecret"))
        .form(&[GRANT]);
    send(encoded).await.expect("an answer").expect(200);
    let both = tenant
        .anonymous(Method::POST, &path)
        .basic_auth("onboarding", Some("simulator-secret"))
        .form(&[GRANT, ID, SECRET]);
    let both = send(both).await.expect("an answer").expect(400);
    assert_eq!(both.at("/error"), "invalid_request");
    send(tenant.anonymous(Method::GET, &pools("")))
        .await
        .expect("an answer")
        .expect(401);
}

#[tokio::test]
async fn a_wrong_secret_is_an_invalid_client() {
    let tenant = Tenant::new().await;
    for form in [
        [GRANT, ID, ("client_secret", "wrong")],
        [GRANT, ("client_id", "nobody"), SECRET],
    ] {
        let answer = tenant.token_request(TENANT, &form).await.expect(401);
        assert_eq!(answer.at("/error"), "invalid_client");
        assert!(answer.at("/error_description").is_string());
    }
}

#[tokio::test]
async fn another_grant_and_an_unknown_scope_are_refused() {
    let tenant = Tenant::new().await;
    let password = [("grant_type", "password"), ID, SECRET];
    let answer = tenant.token_request(TENANT, &password).await.expect(400);
    assert_eq!(answer.at("/error"), "unsupported_grant_type");
    let too_much = [GRANT, ID, SECRET, ("scope", "identity everything")];
    let answer = tenant.token_request(TENANT, &too_much).await.expect(400);
    assert_eq!(answer.at("/error"), "invalid_scope");
    tenant.switch("unknown-scope", "left-out");
    let answer = tenant.token_request(TENANT, &too_much).await.expect(200);
    assert_eq!(answer.at("/scope"), "identity");
    tenant.switch("unsupported-grant", "401");
    tenant.token_request(TENANT, &password).await.expect(401);
}

#[tokio::test]
async fn without_a_scope_the_token_has_all_scopes_of_the_client() {
    let mut client = Client::new("reader", "secret");
    client.scopes = vec!["identity".to_owned(), "read_configuration".to_owned()];
    let mut options = Options::default();
    options.clients.push(client);
    let tenant = Tenant::start(options).await;
    let form = [GRANT, ("client_id", "reader"), ("client_secret", "secret")];
    let answer = tenant.token_request(TENANT, &form).await.expect(200);
    assert_eq!(answer.at("/scope"), "identity read_configuration");
}

#[tokio::test]
async fn an_expired_revoked_or_unknown_token_is_an_invalid_access_token() {
    let mut tenant = Tenant::with(&[("token-ttl-seconds", "5")]).await;
    tenant.get(&pools("")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(6));
    let expired = tenant.get(&pools("")).await.expect(401);
    assert_eq!(expired.at("/error_code"), "invalid_access_token");
    let token = tenant.new_token("").await;
    tenant.use_token(&token);
    tenant.get(&pools("")).await.expect(200);
    tenant.simulator.revoke_tokens();
    let revoked = tenant.get(&pools("")).await.expect(401);
    assert_eq!(revoked.at("/error_code"), "invalid_access_token");
    tenant.use_token("never-issued");
    let unknown = tenant.get(&organizations("")).await.expect(401);
    assert_eq!(
        (unknown.at("/error_code"), unknown.at("/status_code")),
        ("invalid_access_token".into(), 401.into())
    );
}

#[tokio::test]
async fn a_rotated_secret_replaces_the_old_one_and_leaves_tokens_valid() {
    let tenant = Tenant::new().await;
    assert!(!tenant.simulator.rotate_secret("nobody", "new"));
    assert!(tenant.simulator.rotate_secret("onboarding", "new"));
    let old = tenant.token_request(TENANT, &[GRANT, ID, SECRET]).await.expect(401);
    assert_eq!(old.at("/error"), "invalid_client");
    let new = [GRANT, ID, ("client_secret", "new")];
    tenant.token_request(TENANT, &new).await.expect(200);
    tenant.get(&pools("")).await.expect(200);
}

#[tokio::test]
async fn a_missing_scope_is_forbidden() {
    let mut tenant = Tenant::new().await;
    let token = tenant.new_token("identity").await;
    tenant.use_token(&token);
    tenant.get(&pools("")).await.expect(200);
    let refused = tenant.get(&organizations("")).await.expect(403);
    assert_eq!(refused.at("/status_code"), 403);
    tenant.switch("scope-check", "off");
    tenant.get(&organizations("")).await.expect(200);
}

#[tokio::test]
async fn each_operation_asks_for_its_own_scope() {
    let mut tenant = Tenant::new().await;
    tenant.biller().await;
    let cases = [
        ("manage_configuration", organizations("")),
        ("identity", pools("")),
        ("identity", identity("/system/schemas")),
        ("identity", pools("/pool/users")),
        ("identity", identity("/system/workspace/biller/pools")),
        ("read_configuration", identity("/configuration")),
        ("read_configuration", format!("/api/system/{TENANT}/configuration")),
        ("manage_idps", format!("/api/system/{TENANT}/pools/pool/idps")),
        (
            "view_audit_events",
            format!("/api/system/{TENANT}/servers/biller/audit-events"),
        ),
        ("manage_servers", format!("/api/system/{TENANT}/servers")),
        ("view_clients", format!("/api/system/{TENANT}/clients/biller")),
    ];
    for granted in [
        "manage_configuration",
        "identity",
        "read_configuration",
        "manage_idps",
        "view_audit_events",
        "manage_servers",
        "view_clients",
    ] {
        let token = tenant.new_token(granted).await;
        tenant.use_token(&token);
        for (needed, path) in &cases {
            let expected = if *needed == granted { 200 } else { 403 };
            tenant.get(path).await.expect(expected);
        }
        let import = tenant.put(&identity("/configuration"), &json!({})).await;
        import.expect(if granted == "manage_configuration" { 204 } else { 403 });
    }
}

#[tokio::test]
async fn another_tenant_in_the_path_is_not_found() {
    let tenant = Tenant::new().await;
    for path in ["/api/system/other/organizations", "/api/identity/other/system/pools"] {
        tenant.get(path).await.expect(404);
    }
    tenant.token_request("other", &[GRANT, ID, SECRET]).await.expect(404);
    tenant.switch("foreign-tenant", "403");
    tenant.get("/api/system/other/organizations").await.expect(403);
}
