//! No log line, error text or debug output contains anything secret or personal.
//!
//! The tests capture log lines of every level and every library. They use HTTP/1: the client uses HTTP/2 only when TLS negotiates it, and
//! the loopback server has no TLS. HTTP/2 adds the headers of its frames to log lines; the secret one is marked as sensitive in both
//! versions (see `a_token_does_not_show_in_debug`).

mod calls;
mod marked;

use ic_secureauth_api::{ClientAuthMethod, SecureAuth, tenant_management::TenantManagement};
use secrecy::SecretString;
use wiremock::{Request, ResponseTemplate};

use self::{
    calls::{Seen, call_everything, call_tenant_management},
    marked::{MAIL, NAME, SECRET, TOKEN, assert_unmarked, refusal, success},
};
use crate::support::{
    Captured, Server, config, context, grant, json, raw::HangingUp, samples::pool_of_samples, tenant_management,
};

/// What a person sees of every call to a server that answers token requests by `token` and everything else by `answer`.
async fn seen_with(
    auth_method: ClientAuthMethod,
    token: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> String {
    let server = Server::responding(move |request: &Request| {
        if request.url.path().ends_with("/token") {
            token(request)
        } else {
            answer(request)
        }
    })
    .await;
    let mut seen = seen_at(&server.uri(), auth_method).await;
    for request in server.requests().await.iter().chain(&server.token_requests().await) {
        seen.push_str(request.url.as_str());
    }
    seen
}

/// What a person sees of every call to the server at `uri`.
async fn seen_at(uri: &str, auth_method: ClientAuthMethod) -> String {
    let captured = Captured::start();
    let mut seen = Seen::default();
    let mut config = config(uri);
    config.client_secret = SecretString::from(SECRET);
    config.auth_method = auth_method;
    config.attempts = 2;
    let mut of_installation = tenant_management(uri);
    of_installation.client_secret = SecretString::from(SECRET);
    of_installation.auth_method = auth_method;
    of_installation.attempts = 2;
    seen.add(&config);
    seen.add(&of_installation);
    let client = SecureAuth::new(config).unwrap();
    let api = client.call(context(None));
    call_everything(&api, &pool_of_samples(), &mut seen).await;
    let management = TenantManagement::new(of_installation, context(None)).unwrap();
    call_tenant_management(&management, &mut seen).await;
    seen.add(&client);
    seen.add(&api);
    seen.add(&api.read_only());
    seen.add(&management);
    let logged = captured.text();
    for source in ["SecureAuth", "hyper_util", "\"level\":\"TRACE\""] {
        assert!(logged.contains(source), "nothing was captured of {source}");
    }
    seen.0 + &logged
}

fn granted(_: &Request) -> ResponseTemplate {
    json(200, &grant(TOKEN, "manage_configuration identity read_configuration"))
}

/// With this scope the client reads the pool's list of identity providers, not the dump of the workspace.
fn granted_idps(_: &Request) -> ResponseTemplate {
    json(200, &grant(TOKEN, "manage_configuration identity manage_idps"))
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_everything_succeeds() {
    for auth_method in [ClientAuthMethod::Basic, ClientAuthMethod::Post] {
        for token in [granted, granted_idps] {
            let seen = seen_with(auth_method, token, success).await;
            assert!(!seen.contains("ApiError"), "something failed: {seen}");
            assert_unmarked(&seen);
        }
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_everything_is_refused() {
    for status in [301, 400, 401, 403, 404, 409, 412, 413, 422, 429, 500, 503] {
        let seen = seen_with(ClientAuthMethod::Post, granted, move |request| refusal(status, request)).await;
        assert!(seen.contains(&status.to_string()));
        assert_unmarked(&seen);
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_answers_are_about_another_resource() {
    let other = |request: &Request| {
        if request.url.path().contains("/users") {
            let mut other = marked::user();
            for member in ["id", "tenant_id", "user_pool_id"] {
                other[member] = NAME.into();
            }
            json(200, &other)
        } else {
            json(
                200,
                &serde_json::json!({ "id": NAME, "tenant_id": MAIL, "tenant": { "id": NAME } }),
            )
        }
    };
    let seen = seen_with(ClientAuthMethod::Basic, granted, other).await;
    assert!(seen.contains("about another resource"));
    assert_unmarked(&seen);
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_answers_cannot_be_read() {
    let garbled = |_: &Request| ResponseTemplate::new(200).set_body_string(format!("{{\"id\": \"{NAME}\", {MAIL}"));
    assert_unmarked(&seen_with(ClientAuthMethod::Basic, granted, garbled).await);
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_there_is_no_token() {
    let refused = |request: &Request| refusal(401, request);
    assert_unmarked(&seen_with(ClientAuthMethod::Post, refused, success).await);
    let garbled = |_: &Request| ResponseTemplate::new(200).set_body_string(format!("{{\"access_token\": \"{TOKEN}\""));
    assert_unmarked(&seen_with(ClientAuthMethod::Post, garbled, success).await);
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_connections_are_lost() {
    let server = HangingUp::start().await;
    let seen = seen_at(&server.uri, ClientAuthMethod::Post).await;
    assert!(seen.contains("connection lost"));
    assert_unmarked(&seen);
}

#[test]
fn what_holds_secrets_or_persons_shows_neither() {
    use ic_secureauth_api::{ListedUser, Organization, User, tenant_management::Tenant};

    let mut seen = Seen::default();
    let user: User = serde_json::from_value(marked::user()).unwrap();
    seen.add(&user.identifiers);
    seen.add(&user.verifiable_addresses);
    seen.add(&user);
    seen.add(&serde_json::from_value::<ListedUser>(marked::listed_user()).unwrap());
    seen.add(&serde_json::from_str::<Organization>(&marked::organization().to_string()).unwrap());
    seen.add(&serde_json::from_str::<Tenant>(&marked::tenant().to_string()).unwrap());
    seen.add(&crate::support::samples::import_user(
        crate::support::samples::USER,
        NAME,
    ));
    let mut misplaced = config(&format!("https://{NAME}:{SECRET}@tenant.example"));
    misplaced.client_secret = SecretString::from(SECRET);
    seen.add(&misplaced);
    seen.error(&SecureAuth::new(misplaced).unwrap_err());
    let mut misplaced = tenant_management(&format!("https://{NAME}:{SECRET}@tenant.example"));
    misplaced.client_secret = SecretString::from(SECRET);
    seen.add(&misplaced);
    seen.error(&TenantManagement::new(misplaced, context(None)).unwrap_err());
    assert_unmarked(&seen.0);
}

#[test]
fn a_refused_value_is_not_repeated_by_the_refusal() {
    use ic_secureauth_api::{ETag, IdempotencyKey, OrganizationId, PayloadMembers, UserId};

    let mut seen = Seen::default();
    seen.error(&OrganizationId::parse(format!("{NAME}\n")).unwrap_err());
    seen.error(&UserId::parse(MAIL.repeat(30)).unwrap_err());
    seen.error(&IdempotencyKey::parse(NAME).unwrap_err());
    seen.error(&PayloadMembers::new(NAME, NAME, MAIL).unwrap_err());
    seen.error(&serde_json::from_str::<OrganizationId>(&format!("\"{NAME} \"")).unwrap_err());
    assert_eq!(ETag::parse(&format!("{NAME}\n")), None);
    assert_unmarked(&seen.0);
}
