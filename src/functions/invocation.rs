//! Parses the host's requests. Queue messages are JSON encoded three times, HTTP bodies once
//! (docs/reference/functions-host.md#encoding).

use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::telemetry::TraceParent;

/// The name of the HTTP trigger's binding in `function-onboard-biller/function.json`.
const HTTP_TRIGGER: &str = "req";
/// The name of the queue trigger's binding in `function-migrate-users/function.json`.
const QUEUE_TRIGGER: &str = "message";

/// The body of an invocation. `Metadata` is not read, because a message's members may overwrite it
/// (docs/reference/functions-host.md#queue-trigger).
#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "Data")]
    data: Map<String, Value>,
}

/// The caller's HTTP request. Has no `Debug`, because it holds keys and personal data.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HttpTrigger {
    pub(super) method: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    params: Map<String, Value>,
    /// `None` when the caller sent no `Content-Length`, or 0 (docs/reference/functions-host.md#http-trigger).
    #[serde(default)]
    pub(super) body: Option<String>,
}

impl HttpTrigger {
    /// The values of a header, whose name may be in any case. The host sends a list of values, also for a single one.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let values = named.filter_map(|(_, values)| values.as_array()).flatten();
        values.filter_map(Value::as_str)
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).and_then(Value::as_str)
    }
}

impl Envelope {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    pub(super) fn http_trigger(mut self) -> Option<HttpTrigger> {
        serde_json::from_value(self.data.remove(HTTP_TRIGGER)?).ok()
    }

    /// The message's text. Accepts it JSON encoded once or twice, and as a JSON object: hosts differ.
    pub(super) fn queue_text(mut self) -> Option<String> {
        Some(match self.data.remove(QUEUE_TRIGGER)? {
            Value::String(text) => serde_json::from_str::<String>(&text).unwrap_or(text),
            other => other.to_string(),
        })
    }
}

/// The host's headers of an invocation.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    /// `X-Azure-Functions-InvocationId`; empty if the host sent none.
    pub(super) id: String,
    /// `traceparent`; `None` if it is absent or not valid.
    pub(super) traceparent: Option<TraceParent>,
}

impl Invocation {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        Self {
            id: header("x-azure-functions-invocationid").unwrap_or_default(),
            traceparent: header("traceparent").and_then(|text| text.parse().ok()),
        }
    }

    pub(super) fn trace_id(&self) -> Option<String> {
        self.traceparent.map(|parent| parent.trace_id().to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> Option<String> {
        let body = json!({"Data": {"message": value}, "Metadata": {"DequeueCount": "1"}});
        Envelope::parse(body.to_string().as_bytes())?.queue_text()
    }

    #[test]
    fn a_queue_message_is_read_double_encoded_single_encoded_and_as_an_object() {
        let twice = serde_json::to_string("{\"v\":1}").unwrap();
        assert_eq!(text(&json!(twice)), Some("{\"v\":1}".into()));
        assert_eq!(text(&json!("{\"v\":1}")), Some("{\"v\":1}".into()));
        assert_eq!(text(&json!({"v": 1})), Some("{\"v\":1}".into()));
    }

    #[test]
    fn an_invalid_traceparent_is_left_out() {
        let traceparent = |text: &str| {
            let headers = HeaderMap::from_iter([("traceparent".parse().unwrap(), text.parse().unwrap())]);
            Invocation::of(&headers).traceparent.map(|parent| parent.to_string())
        };
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert_eq!(traceparent(good).as_deref(), Some(good));
        for bad in ["", "hello", &"0".repeat(5000)] {
            assert_eq!(traceparent(bad), None);
        }
    }

    #[test]
    fn an_http_request_without_a_content_length_has_no_body() {
        let body = json!({"Data": {"req": {
            "Url": "http://localhost/api/billers/1876/ciam?code=key", "Method": "GET", "Query": {}, "Headers": {},
            "Params": {"billerId": "1876"}, "Identities": []}}, "Metadata": {}});
        let trigger = Envelope::parse(body.to_string().as_bytes())
            .and_then(Envelope::http_trigger)
            .expect("parses");
        assert_eq!(trigger.param("billerId"), Some("1876"));
        assert_eq!(trigger.body, None);
    }
}
