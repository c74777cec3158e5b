//! Marked values, and answers that contain them. None of the values may be shown.

use ic_secureauth_api::ImportChunk;
use serde_json::{Value, json as object};
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    TENANT, json,
    samples::{self, pool_of_samples, settings},
};

/// Each value is in a request or an answer below.
pub const SECRET: &str = "MARKED-client-secret";
pub const TOKEN: &str = "MARKED-token";
pub const NAME: &str = "MARKEDname";
pub const MAIL: &str = "MARKEDmail@example.com";
const SALT: &str = "MARKED-salt";
const MARK: &str = "marked";

pub fn user() -> Value {
    let mut user = samples::user();
    user["payload"] = object!({ "first_name": NAME, "user_name": NAME });
    user["identifiers"][0]["identifier"] = object!(NAME);
    user["verifiable_addresses"][0]["address"] = object!(MAIL);
    user["credentials"][0]["payload"] = object!({ "hashed_password": SECRET });
    user
}

pub fn listed_user() -> Value {
    object!({ "id": "u", "identifiers": [NAME], "verified addresses": [MAIL], "payload": { "n": NAME } })
}

pub fn organization() -> Value {
    let mut organization = samples::organization();
    organization["subject_identifier_algorithm_salt"] = object!(SALT);
    organization
}

pub fn tenant() -> Value {
    object!({ "id": "tenant-1", "name": "One", "jwks": { "keys": [{ "d": SECRET }] }, "settings": { "key": SECRET } })
}

pub fn chunk() -> ImportChunk {
    let mut user = samples::import_user(samples::USER, NAME);
    user.email = MAIL.into();
    user.last_name = Some(NAME.into());
    ImportChunk::new(&pool_of_samples(), TENANT, &[user], &settings()).unwrap()
}

/// A success for every request.
pub fn success(request: &Request) -> ResponseTemplate {
    let path = request.url.path();
    let body = match (request.method.as_str(), path) {
        ("DELETE", _) => return ResponseTemplate::new(204),
        ("PUT", path) if path.ends_with("/configuration") => return ResponseTemplate::new(204),
        ("GET", path) if path.ends_with("/organizations") => object!({ "organizations": [organization()] }),
        ("GET", path) if path.ends_with("/users") => object!({ "users": [listed_user()] }),
        ("GET", path) if path.ends_with("/audit-events") => {
            let person = object!({ "ip": NAME, "subject": MAIL, "actor_claims": { "name": NAME } });
            object!({ "audit_events": [{ "event_id": "e", "metadata": person, "payload": { "user": MAIL } }] })
        }
        ("GET", path) if path.ends_with("/servers") => {
            object!({ "servers": [{ "id": "1876", "subject_identifier_algorithm_salt": SALT }] })
        }
        ("GET", path) if path.contains("/clients/") => {
            object!({ "clients": [{ "client_id": NAME, "client_secret": SECRET }] })
        }
        ("GET", path) if path.ends_with("/pools") => object!({ "pools": [samples::pool()] }),
        ("GET", path) if path.ends_with("/schemas/schema") => object!({ "id": "schema", "name": "Users" }),
        ("GET", path) if path.ends_with("/idps") => object!({ "idps": [{ "name": SECRET }] }),
        ("GET", path) if path.ends_with("/configuration") => {
            object!({ "secrets": [SECRET], "idps": [{ "name": SECRET }] })
        }
        ("GET", path) if path.ends_with("/tenants") => object!({ "tenants": [tenant()] }),
        ("POST", path) if path.ends_with("/tenants") => {
            object!({ "tenant": tenant(), "clients": [{ "client_id": NAME, "client_secret": SECRET }] })
        }
        (_, path) if path.contains("/tenants/") => tenant(),
        ("POST", path) if path.ends_with("/remove") => return ResponseTemplate::new(204),
        ("POST", path) if path.ends_with("/identifiers/add") => user()["identifiers"][0].clone(),
        ("POST", path) if path.contains("/addresses/") => user()["verifiable_addresses"][0].clone(),
        (_, path) if path.contains("/users") => user(),
        (_, path) if path.contains("/organizations") => organization(),
        _ => samples::pool(),
    };
    json(200, &body).insert_header("etag", "\"v1\"")
}

/// A refusal that repeats the request, as the vendor's texts may.
pub fn refusal(status: u16, request: &Request) -> ResponseTemplate {
    let sent = String::from_utf8_lossy(&request.body);
    let text = format!("{NAME} <{MAIL}> is taken: {sent}");
    let body = object!({ "error": text, "error_code": text, "error_description": text, "details": { "user": NAME } });
    json(status, &body)
        .insert_header("x-trace-id", "trace of a person")
        .insert_header("x-external-error", NAME)
        .insert_header("location", format!("https://{NAME}.example/{MAIL}"))
}

/// Fails with the text around the first marked value.
pub fn assert_unmarked(seen: &str) {
    let seen = seen.to_lowercase();
    if let Some(at) = seen.find(MARK) {
        panic!(
            "shown: {}",
            seen.get(at.saturating_sub(300)..(at + 100).min(seen.len()))
                .unwrap_or(&seen)
        );
    }
}
