//! These tests run against a local stub. The transport sends requests for `https://ic.vault.azure.net` to it;
//! everything else is as in production, the authentication challenge included.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use secrecy::ExposeSecret;
use serde_json::json;
use url::Url;
use wiremock::matchers::{header, header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::key_vault::client_options;
use super::*;
use crate::settings::{Environment, VaultError};

const NOW: OffsetDateTime = time::macros::datetime!(2026-11-27 10:00 UTC);

#[derive(Debug)]
struct ToStub {
    http: reqwest::Client,
    stub: Url,
}

#[async_trait]
impl HttpClient for ToStub {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut url = self.stub.clone();
        url.set_path(request.url().path());
        url.set_query(request.url().query());
        let mut request = request.clone();
        *request.url_mut() = url;
        self.http.execute_request(&request).await
    }
}

#[derive(Debug)]
struct FixedToken;

#[async_trait]
impl TokenCredential for FixedToken {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let expires = time::macros::datetime!(2999-01-01 0:00 UTC);
        Ok(AccessToken::new(format!("token for {}", scopes.join(" ")), expires))
    }
}

/// A vault with these secrets. Like the real one, it answers a request without a token with a challenge
/// (docs/reference/key-vault.md#challenge).
async fn vault(secrets: &[(&str, &str)]) -> MockServer {
    let stub = MockServer::start().await;
    fill(&stub, secrets).await;
    stub
}

/// What was mounted earlier comes first.
async fn fill(stub: &MockServer, secrets: &[(&str, &str)]) {
    for (name, value) in secrets {
        Mock::given(method("GET"))
            .and(path(format!("/secrets/{name}/")))
            .and(header(
                "authorization",
                "Bearer token for https://vault.azure.net/.default",
            ))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "value": value })))
            .with_priority(1)
            .mount(stub)
            .await;
    }
    Mock::given(header_exists("authorization"))
        .respond_with(ResponseTemplate::new(404).set_body_json(json!({ "error": { "code": "SecretNotFound" } })))
        .with_priority(2)
        .mount(stub)
        .await;
    challenge(stub).await;
}

async fn challenge(stub: &MockServer) {
    let challenge = r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net""#;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).insert_header("www-authenticate", challenge))
        .with_priority(3)
        .mount(stub)
        .await;
}

const ALL: [(&str, &str); 5] = [
    ("secureauth-tenant-id", "dev-invoicecloud"),
    ("secureauth-payload-schema-id", "5d5ced58793b41178123b2d1cc5fb658"),
    ("secureauth-client-id", "marked-id"),
    ("secureauth-client-secret", "marked-secret\n"),
    (
        "sqlserver-connection-string",
        "Server=db;Database=crm;User ID=app;Password=marked",
    ),
];

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let common = [
        ("DATABASE", "sqlserver"),
        ("SECOND_FACTOR_MECHANISMS", "none"),
        ("KEY_VAULT_URL", "https://ic.vault.azure.net"),
        ("KEY_VAULT_ATTEMPTS", "1"),
    ];
    let mut environment: std::collections::BTreeMap<_, _> = common.into();
    environment.extend(pairs.iter().copied());
    Settings::read(&Environment::of(environment)).expect("complete settings")
}

async fn resolve(settings: &Settings, stub: &str) -> Result<Secrets, VaultError> {
    let vault = settings.vault.as_ref().expect("a vault");
    let to_stub = ToStub {
        http: reqwest::Client::new(),
        stub: Url::parse(stub).unwrap(),
    };
    let options = client_options(vault, Arc::new(to_stub), NOW);
    let key_vault = KeyVault::new(vault, Arc::new(FixedToken), options, NOW)?;
    let fetched = fetch_from(&key_vault, &settings.sources, vault.deadline, settings.is_development).await?;
    settings
        .sources
        .with(&fetched)
        .map_err(|names| VaultError::Missing { names })
}

/// A vault that answers every request that has a token in this way.
async fn answering(answer: ResponseTemplate) -> MockServer {
    let stub = MockServer::start().await;
    Mock::given(header_exists("authorization"))
        .respond_with(answer)
        .with_priority(1)
        .mount(&stub)
        .await;
    challenge(&stub).await;
    stub
}

#[tokio::test]
async fn a_secret_that_is_disabled_or_expired_is_named_with_its_state() {
    let refused = |code: &str| {
        let error = json!({ "code": "Forbidden", "message": "marked", "innererror": { "code": code } });
        ResponseTemplate::new(403).set_body_json(json!({ "error": error }))
    };
    let answered = |attributes: serde_json::Value| {
        ResponseTemplate::new(200).set_body_json(json!({ "value": "marked", "attributes": attributes }))
    };
    let now = NOW.unix_timestamp();
    for (answer, state) in [
        (refused("SecretDisabled"), "disabled"),
        (refused("SecretExpired"), "expired"),
        (answered(json!({ "enabled": false })), "disabled"),
        (answered(json!({ "enabled": true, "exp": now })), "expired"),
        (answered(json!({ "enabled": true, "nbf": now + 60 })), "not valid yet"),
    ] {
        let error = resolve(&settings(&[]), &answering(answer).await.uri())
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the Key Vault secret secureauth-tenant-id is {state}")
        );
        assert!(!format!("{error:?}").contains("marked"));
    }
    let in_force = answered(json!({ "enabled": true, "exp": now + 60, "nbf": now }));
    let error = resolve(&settings(&[]), &answering(in_force).await.uri())
        .await
        .unwrap_err();
    assert!(
        !matches!(error, VaultError::NotInForce { .. }),
        "the connection string of that value is what is refused: {error}"
    );
}

#[tokio::test]
async fn a_vault_that_is_busy_is_asked_again_when_it_said_or_the_caller_learns_when() {
    let stub = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "1");
    Mock::given(header_exists("authorization"))
        .respond_with(busy)
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&stub)
        .await;
    fill(&stub, &ALL).await;
    let begun = std::time::Instant::now();
    let twice = settings(&[("KEY_VAULT_ATTEMPTS", "2")]);
    assert!(resolve(&twice, &stub.uri()).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let closed = answering(ResponseTemplate::new(429).insert_header("retry-after", "60")).await;
    let begun = std::time::Instant::now();
    let error = resolve(&twice, &closed.uri()).await.unwrap_err();
    assert!(matches!(error, VaultError::Busy { after, .. } if after == Duration::from_mins(1)));
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "the deadline was not waited for"
    );
}

#[tokio::test]
async fn the_database_commands_need_the_connection_string_only() {
    let environment = Environment::of([
        ("DATABASE", "sqlserver"),
        (
            "SQLSERVER_CONNECTION_STRING",
            "Server=db;Database=crm;User ID=app;Password=p",
        ),
    ]);
    let settings = DatabaseSettings::read(&environment).unwrap();
    let connection_string = settings.resolve(NOW).await.unwrap().unwrap();
    assert_eq!(
        connection_string.expose_secret(),
        "Server=db;Database=crm;User ID=app;Password=p"
    );
    let missing = DatabaseSettings::read(&Environment::of([("DATABASE", "sqlserver")])).unwrap_err();
    let variables: Vec<_> = missing.iter().map(|finding| finding.variable.as_ref()).collect();
    assert_eq!(variables, ["SQLSERVER_CONNECTION_STRING"]);
}

#[tokio::test]
async fn what_is_not_in_the_environment_comes_from_the_vault() {
    let stub = vault(&ALL).await;
    let secrets = resolve(&settings(&[]), &stub.uri()).await.unwrap();
    assert_eq!(secrets.tenant_id, "dev-invoicecloud");
    assert_eq!(secrets.client_secret.expose_secret(), "marked-secret");
    let connection_string = secrets.sqlserver_connection_string.as_ref().unwrap();
    assert_eq!(
        connection_string.expose_secret(),
        "Server=db;Database=crm;User ID=app;Password=marked"
    );
    assert!(!format!("{secrets:?}").contains("marked"));
}

#[tokio::test]
async fn the_environment_wins_and_the_vault_is_not_asked_for_it() {
    let stub = vault(&ALL[..2]).await;
    let given = [
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("SECUREAUTH_CLIENT_ID", "given-id"),
        ("SECUREAUTH_CLIENT_SECRET", "given-secret"),
        (
            "SQLSERVER_CONNECTION_STRING",
            "Server=given;Database=crm;User ID=app;Password=p",
        ),
    ];
    let secrets = resolve(&settings(&given), &stub.uri()).await.unwrap();
    assert_eq!(secrets.client_id.expose_secret(), "given-id");
    let asked = stub.received_requests().await.unwrap();
    assert!(asked.iter().all(|request| !request.url.path().contains("client")));
}

#[tokio::test]
async fn a_secret_may_have_another_name_in_the_vault() {
    let mut secrets = ALL;
    secrets[0] = ("tenantID", "other-tenant");
    let stub = vault(&secrets).await;
    let settings = settings(&[("KEY_VAULT_TENANT_ID", "tenantID")]);
    assert_eq!(resolve(&settings, &stub.uri()).await.unwrap().tenant_id, "other-tenant");
}

#[tokio::test]
async fn the_vault_is_not_asked_when_the_environment_has_every_secret() {
    let given = [
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("SECUREAUTH_TENANT_ID", "t"),
        ("SECUREAUTH_PAYLOAD_SCHEMA_ID", "s"),
        ("SECUREAUTH_CLIENT_ID", "c"),
        ("SECUREAUTH_CLIENT_SECRET", "x"),
        (
            "SQLSERVER_CONNECTION_STRING",
            "Server=db;Database=crm;User ID=app;Password=p",
        ),
    ];
    assert_eq!(settings(&given).resolve(NOW).await.unwrap().tenant_id, "t");
}

#[tokio::test]
async fn every_missing_secret_is_named() {
    let stub = vault(&ALL[1..4]).await;
    let error = resolve(&settings(&[]), &stub.uri()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Key Vault has no secret named secureauth-tenant-id, sqlserver-connection-string"
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_named_without_its_value() {
    let mut secrets = ALL;
    secrets[4].1 = "Server=db;Database=crm;User ID=app;Password=marked;TrustServerCertificate=true";
    let stub = vault(&secrets).await;
    let error = resolve(&settings(&[]), &stub.uri()).await.unwrap_err();
    assert!(matches!(&error, VaultError::Unusable { name, .. } if name == "sqlserver-connection-string"));
    assert!(!format!("{error} {error:?}").contains("marked"));
}

#[tokio::test]
async fn a_refusal_says_what_the_identity_lacks() {
    let stub = answering(ResponseTemplate::new(403)).await;
    let error = resolve(&settings(&[]), &stub.uri()).await.unwrap_err();
    assert!(matches!(&error, VaultError::Refused { name, status: 403, .. } if name == "secureauth-tenant-id"));
}

#[tokio::test]
async fn a_vault_that_did_not_answer_can_be_asked_again() {
    let settings = settings(&[]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = resolve(&settings, &format!("http://{nobody}")).await.unwrap_err();
    assert!(
        matches!(&error, VaultError::Unavailable { name, .. } if name == "secureauth-tenant-id"),
        "{error}"
    );
    let stub = vault(&ALL).await;
    assert!(resolve(&settings, &stub.uri()).await.is_ok());
}

#[tokio::test]
async fn a_failed_attempt_is_repeated() {
    let stub = vault(&ALL).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&stub)
        .await;
    let settings = settings(&[("KEY_VAULT_ATTEMPTS", "2")]);
    assert!(resolve(&settings, &stub.uri()).await.is_ok());
    let refused_challenged_and_answered = 1 + 1 + ALL.len();
    let asked = stub.received_requests().await.unwrap();
    assert_eq!(asked.len(), refused_challenged_and_answered);
}

#[tokio::test]
async fn a_vault_that_hangs_is_given_up_at_the_deadline() {
    let stub = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_mins(1)))
        .mount(&stub)
        .await;
    let settings = settings(&[
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("KEY_VAULT_DEADLINE", "20ms"),
    ]);
    let error = resolve(&settings, &stub.uri()).await.unwrap_err();
    assert!(matches!(error, VaultError::TimedOut { within } if within == Duration::from_millis(20)));
}
