//! What the host sends: three JSON parses deep for queue messages, one for HTTP bodies (reference 2.2–2.4).

use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::telemetry::TraceParent;

/// The name of the HTTP trigger's binding in `function-onboard-biller/function.json`.
const HTTP_TRIGGER: &str = "req";
/// The name of the queue trigger's binding in `function-migrate-users/function.json`.
const QUEUE_TRIGGER: &str = "message";

/// The body of an invocation. `Metadata` is not read: a message's own members overwrite it (reference 2.4).
#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "Data")]
    data: Map<String, Value>,
}

/// The HTTP request as the host describes it. Not printable: it holds keys and personal data.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HttpTrigger {
    pub(super) method: String,
    #[serde(default)]
    params: Map<String, Value>,
    /// Absent when the client sent no `Content-Length` (host#7930).
    #[serde(default)]
    pub(super) body: Option<String>,
}

impl HttpTrigger {
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

    /// The message's text. Current hosts encode it twice, old ones once, and a JSON object may come as one: all are accepted.
    pub(super) fn queue_text(mut self) -> Option<String> {
        Some(match self.data.remove(QUEUE_TRIGGER)? {
            Value::String(text) => serde_json::from_str::<String>(&text).unwrap_or(text),
            other => other.to_string(),
        })
    }
}

/// What the host's headers say about an invocation.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    /// `X-Azure-Functions-InvocationId`, empty if the host sent none.
    pub(super) id: String,
    /// `traceparent`, if it is one.
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

    /// The trace id of the `traceparent`.
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
    fn a_traceparent_that_is_none_is_left_out() {
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
