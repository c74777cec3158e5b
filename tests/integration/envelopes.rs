//! The envelopes that the Functions host sends to the handler (docs/reference/functions-host.md#request).

use serde_json::{Value, json};

/// What the host sends for a POST.
pub(crate) fn of_post(biller: &str, body: &str) -> Value {
    json!({
        "Data": { "req": {
            "Url": format!("http://127.0.0.1:7071/api/billers/{biller}/ciam"),
            "Method": "POST",
            "Query": {},
            "Headers": {
                "Content-Type": ["application/json"],
                "Content-Length": [body.len().to_string()],
                "Host": ["127.0.0.1:7071"],
            },
            "Params": { "billerId": biller },
            "Identities": [],
            "Body": body,
        } },
        "Metadata": { "sys": { "MethodName": "function-onboard-biller" } },
    })
}

/// What the host sends for a GET below `/api`.
pub(crate) fn of_get(path: &str, parameters: &Value) -> Value {
    json!({
        "Data": { "req": {
            "Url": format!("http://127.0.0.1:7071/api/{path}"),
            "Method": "GET",
            "Query": {},
            "Headers": { "Host": ["127.0.0.1"] },
            "Params": parameters,
            "Identities": [],
        } },
        "Metadata": {},
    })
}

/// What the host sends when the timer fires.
pub(crate) fn of_timer() -> Value {
    json!({ "Data": { "timer": { "Schedule": {}, "IsPastDue": false } }, "Metadata": {} })
}

/// What the host sends for a queue message: its text is encoded twice.
pub(crate) fn of_message(text: &str) -> Value {
    json!({
        "Data": { "message": json!(text).to_string() },
        "Metadata": { "DequeueCount": "1", "Id": "\"52d53c5f-e212-487e-998b-abbe3b9d51e4\"" },
    })
}
