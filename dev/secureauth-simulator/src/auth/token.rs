//! `POST /{tid}/system/oauth2/token` (rows 1 to 5).

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{Grant, is_system_tenant, lifetime};
use crate::app::App;
use crate::errors::ApiError;
use crate::options::Client;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::switches::choices::UnknownScope;

/// The form of the request. A missing member is empty.
#[derive(Default)]
struct TokenRequest {
    grant_type: String,
    scope: String,
    client_id: String,
    client_secret: String,
}

pub(super) fn issue(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request = read_form(call)?;
    let setup = is_system_tenant(call) && app.tenant != super::SYSTEM_TENANT;
    let client = authenticate(app, call, &request, setup)?;
    if request.grant_type != "client_credentials" {
        let status = call.switches.unsupported_grant.status();
        return Err(ApiError::oauth(
            status,
            "unsupported_grant_type",
            "Only client_credentials",
        ));
    }
    let scopes = granted_scopes(&client, &request.scope, *call.switches.unknown_scope)?;
    let token = app.random().secret();
    let body = json!({
        "access_token": token,
        "token_type": "bearer",
        "expires_in": lifetime(call).as_secs(),
        "scope": scopes.join(" "),
    });
    let expires_at = call.now + lifetime(call);
    let grant = Grant {
        client_id: client.id,
        scopes,
        setup,
        expires_at,
    };
    app.tokens().issue(token, grant, call.now);
    Ok(Reply::json(200, &body))
}

fn read_form(call: &Call) -> Result<TokenRequest, ApiError> {
    let content_type = call.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(ApiError::oauth(400, "invalid_request", "A form body is required"));
    }
    let mut request = TokenRequest::default();
    for (name, value) in url::form_urlencoded::parse(&call.body) {
        match name.as_ref() {
            "grant_type" => request.grant_type = value.into_owned(),
            "scope" => request.scope = value.into_owned(),
            "client_id" => request.client_id = value.into_owned(),
            "client_secret" => request.client_secret = value.into_owned(),
            _ => {}
        }
    }
    Ok(request)
}

/// Rows 1 and 2: the secret in the header (`client_secret_basic`) or in the form (`client_secret_post`).
fn authenticate(app: &App, call: &Call, request: &TokenRequest, setup: bool) -> Result<Client, ApiError> {
    let refused = || ApiError::oauth(401, "invalid_client", "Invalid client credentials");
    let (id, secret) = match basic_credentials(&call.headers) {
        Some(_) if !request.client_secret.is_empty() => {
            return Err(ApiError::oauth(
                400,
                "invalid_request",
                "More than one client authentication",
            ));
        }
        Some(credentials) => credentials,
        None => (request.client_id.clone(), request.client_secret.clone()),
    };
    let is_meant = |client: &&Client| client.id == id && client.secret == secret;
    let found = if setup {
        Some(&app.setup_client).filter(is_meant).cloned()
    } else {
        app.clients().iter().find(is_meant).cloned()
    };
    found.ok_or_else(refused)
}

/// Id and secret of a Basic header; both are form-encoded inside it (RFC 6749, 2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get("authorization")?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// Rows 3 and 4: the requested scopes, or all of the client's.
fn granted_scopes(client: &Client, asked: &str, unknown: UnknownScope) -> Result<Vec<String>, ApiError> {
    if asked.trim().is_empty() {
        return Ok(client.scopes.clone());
    }
    let (granted, refused): (Vec<String>, Vec<String>) = asked
        .split_whitespace()
        .map(str::to_owned)
        .partition(|scope| client.scopes.contains(scope));
    if !refused.is_empty() && unknown == UnknownScope::Refused {
        return Err(ApiError::oauth(
            400,
            "invalid_scope",
            "The client may not use this scope",
        ));
    }
    Ok(granted)
}
