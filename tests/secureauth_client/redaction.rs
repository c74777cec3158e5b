//! Nothing secret or personal leaves through a log line, an error or a `Debug`.

use std::fmt::{Debug, Display, Write as _};

use biller_onboarding::ic_secureauth_api::{
    Api, ApiError, AuditQuery, ClientAuthMethod, ImportChunk, OrganizationQuery, PoolId, SchemaId, SecureAuth,
    UserUpdate,
};
use secrecy::SecretString;
use serde_json::{Value, json as object};
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    Captured, Server, TENANT, context, grant, json, organization_id,
    samples::{self, key, pool_of_samples, settings, user_id},
};

/// Every one of them is in a request or an answer below; none may be in what is shown.
const SECRET: &str = "MARKED-client-secret";
const TOKEN: &str = "MARKED-token";
const NAME: &str = "MARKEDname";
const MAIL: &str = "MARKEDmail@example.com";
const SALT: &str = "MARKED-salt";
const MARK: &str = "marked";

/// Collects what a person could see.
#[derive(Default)]
struct Seen(String);

impl Seen {
    fn add(&mut self, value: &impl Debug) {
        writeln!(self.0, "{value:?}\n{value:#?}").unwrap();
    }

    fn result<T: Debug>(&mut self, result: Result<T, ApiError>) {
        match result {
            Ok(value) => self.add(&value),
            Err(error) => self.error(&error),
        }
    }

    fn error(&mut self, error: &(impl Debug + Display)) {
        self.add(error);
        writeln!(self.0, "{error}\n{error:#}").unwrap();
    }
}

fn marked_user() -> Value {
    let mut user = samples::user();
    user["payload"] = object!({ "first_name": NAME, "user_name": NAME });
    user["identifiers"][0]["identifier"] = object!(NAME);
    user["verifiable_addresses"][0]["address"] = object!(MAIL);
    user["credentials"][0]["payload"] = object!({ "hashed_password": SECRET });
    user
}

/// A success for whatever was asked, with marked values wherever there can be any.
fn success(request: &Request) -> ResponseTemplate {
    let mut organization = samples::organization();
    organization["subject_identifier_algorithm_salt"] = object!(SALT);
    let path = request.url.path();
    let body = match (request.method.as_str(), path) {
        ("DELETE", _) => return ResponseTemplate::new(204),
        ("GET", path) if path.ends_with("/organizations") => object!({ "organizations": [organization] }),
        ("GET", path) if path.ends_with("/users") => {
            object!({ "users": [{ "id": "u", "identifiers": [NAME], "verified addresses": [MAIL], "payload": { "n": NAME } }] })
        }
        ("GET", path) if path.ends_with("/audit-events") => {
            let person = object!({ "ip": NAME, "subject": MAIL, "actor_claims": { "name": NAME } });
            object!({ "audit_events": [{ "event_id": "e", "metadata": person, "payload": { "user": MAIL } }] })
        }
        ("GET", path) if path.ends_with("/pools") => object!({ "pools": [samples::pool()] }),
        (_, path) if path.ends_with("/configuration") => object!({ "secrets": [SECRET], "idps": [{ "name": SECRET }] }),
        (_, path) if path.contains("/users") => marked_user(),
        (_, path) if path.contains("/organizations") => organization,
        _ => samples::pool(),
    };
    json(200, &body).insert_header("etag", "\"v1\"")
}

/// A refusal that repeats what it was sent, as texts of the vendor do.
fn refusal(status: u16, request: &Request) -> ResponseTemplate {
    let sent = String::from_utf8_lossy(&request.body);
    let text = format!("{NAME} <{MAIL}> is taken: {sent}");
    let body = object!({ "error": text, "error_code": text, "error_description": text, "details": { "user": NAME } });
    json(status, &body)
        .insert_header("x-trace-id", "trace of a person")
        .insert_header("x-external-error", NAME)
}

fn chunk() -> ImportChunk {
    let mut user = samples::import_user(samples::USER, NAME);
    user.email = MAIL.into();
    user.last_name = Some(NAME.into());
    ImportChunk::new(&pool_of_samples(), TENANT, &[user], &settings()).unwrap()
}

async fn call_everything(api: &Api, pool: &PoolId, seen: &mut Seen) {
    let organization = organization_id("1876");
    let read = api.organization(&organization).await;
    if let Ok(Some(read)) = &read {
        seen.result(api.update_organization(read).await);
    }
    seen.result(read);
    seen.result(api.list_organizations(&OrganizationQuery::default(), None).await);
    seen.result(api.child_count(&organization).await);
    seen.result(
        api.create_organization(&samples::new_organization(), &key("organization"))
            .await,
    );
    seen.result(api.delete_organization(&organization).await);
    seen.result(api.pool(pool).await);
    seen.result(api.pools_of(&organization).await);
    seen.result(api.create_pool(&samples::new_pool(), &key("pool")).await);
    seen.result(api.delete_pool(pool).await);
    seen.result(api.user(pool, &user_id()).await);
    seen.result(api.users_page(pool, None, 100).await);
    seen.result(api.find_user_by_identifier(pool, NAME).await);
    seen.result(api.find_user_by_address(pool, MAIL).await);
    let payload = object!({ "first_name": NAME }).as_object().cloned();
    let update = UserUpdate {
        payload,
        ..UserUpdate::default()
    };
    seen.add(&update);
    seen.result(api.update_user(pool, &user_id(), &update).await);
    seen.result(api.delete_user(pool, &user_id()).await);
    seen.add(&chunk());
    seen.result(api.import(&chunk()).await);
    seen.result(api.workspace_idps(&organization, pool).await);
    seen.result(api.schema(&SchemaId::parse("schema").unwrap()).await);
    seen.result(api.audit_events(&organization, &AuditQuery::default()).await);
    seen.result(api.granted_scopes().await);
}

/// One server whose APIs answer by `answer` and whose token endpoint by `token`.
async fn seen_with(
    auth_method: ClientAuthMethod,
    token: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> String {
    let captured = Captured::start();
    let server = Server::responding(move |request: &Request| {
        if request.url.path().ends_with("/token") {
            token(request)
        } else {
            answer(request)
        }
    })
    .await;
    let mut config = server.config();
    config.client_secret = SecretString::from(SECRET);
    config.auth_method = auth_method;
    config.attempts = 2;
    let mut seen = Seen::default();
    seen.add(&config);
    let client = SecureAuth::new(config).unwrap();
    let api = client.call(context(None));
    call_everything(&api, &pool_of_samples(), &mut seen).await;
    seen.add(&client);
    seen.add(&api);
    for request in server.requests().await.iter().chain(&server.token_requests().await) {
        seen.0.push_str(request.url.as_str());
    }
    let logged = captured.text();
    assert!(logged.contains("SecureAuth"), "nothing was captured");
    seen.0 + &logged
}

fn granted(_: &Request) -> ResponseTemplate {
    json(200, &grant(TOKEN, "manage_configuration identity read_configuration"))
}

fn assert_unmarked(seen: &str) {
    let seen = seen.to_lowercase();
    if let Some(at) = seen.find(MARK) {
        panic!(
            "shown: {}",
            seen.get(at.saturating_sub(300)..(at + 100).min(seen.len()))
                .unwrap_or(&seen)
        );
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_everything_succeeds() {
    for auth_method in [ClientAuthMethod::Basic, ClientAuthMethod::Post] {
        assert_unmarked(&seen_with(auth_method, granted, success).await);
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown_when_everything_is_refused() {
    for status in [400, 401, 403, 409, 412, 413, 422, 429, 500, 503] {
        let seen = seen_with(ClientAuthMethod::Post, granted, move |request| refusal(status, request)).await;
        assert!(seen.contains(&status.to_string()));
        assert_unmarked(&seen);
    }
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
