//! Golden files: a request, and what the client returns for the answer.

use std::path::Path;

use serde_json::{Map, Value, json};
use wiremock::Request;

use super::Server;

/// Headers that belong to the contract. The HTTP library adds others.
const HEADERS: [&str; 7] = [
    "accept",
    "authorization",
    "content-type",
    "if-match",
    "traceparent",
    "x-correlation-id",
    "x-idempotency-key",
];

/// Compares the only request the server got, and what the client returned, with `golden/<name>.snap`.
pub async fn golden(name: &str, server: &Server, returned: Value) {
    let requests = server.requests().await;
    assert_eq!(requests.len(), 1, "one request per exchange");
    compare(name, &json!({ "request": request(&requests[0]), "returned": returned }));
}

/// Compares any document with `golden/<name>.snap`.
pub fn compare(name: &str, document: &Value) {
    compare_in(Path::new("../golden"), name, document);
}

/// Compares a document with `<name>.snap` in a directory.
pub fn compare_in(directory: &Path, name: &str, document: &Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(directory);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!(name, document));
}

pub fn request(request: &Request) -> Value {
    let headers: Map<String, Value> = HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), request.headers.get(*name)?.to_str().unwrap().into())))
        .collect();
    json!({
        "method": request.method.as_str(),
        "path": request.url.path(),
        "query": request.url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
        "headers": headers,
        "body": body(request),
    })
}

fn body(request: &Request) -> Value {
    if request.body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&request.body).unwrap_or_else(|_| String::from_utf8_lossy(&request.body).into())
}
