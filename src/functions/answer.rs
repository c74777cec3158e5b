//! A function's answer to the host: `200` with a non-empty JSON envelope, or a bare `500` for a failed invocation.
//!
//! An empty 2xx would hang the invocation until the host kills the process, so every success goes through [`Answer`]
//! (docs/reference/functions-host.md#answer, docs/decisions.md#answers-in-the-envelope).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::queue_message::QueueMessage;

/// The name of the HTTP output binding in every `function.json` that has one.
const HTTP_OUTPUT: &str = "res";
/// The name of the output binding for the ends of runs in `function-migrate-users/function.json`.
const ENDED_OUTPUT: &str = "onboardingEnded";
/// The name of the queue output binding in the `function.json` of all functions that send work on.
const QUEUE_OUTPUT: &str = "migrateUsers";

/// A successful invocation's outputs.
#[derive(Debug, Default)]
pub(super) struct Answer {
    http: Option<HttpAnswer>,
    messages: Vec<QueueMessage>,
    ended: Option<String>,
    log: Option<String>,
}

/// The answer that the host passes on to the HTTP caller.
#[derive(Debug)]
pub(super) struct HttpAnswer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Value,
}

impl HttpAnswer {
    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8",
            headers: Vec::new(),
            body,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn retry_after(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.header("retry-after", seconds.to_string()),
            None => self,
        }
    }

    /// The body is a string, because the host re-serializes other values
    /// (docs/reference/functions-host.md#http-output).
    fn binding(self) -> Value {
        let mut headers = Map::new();
        headers.insert("content-type".into(), self.content_type.into());
        headers.insert("cache-control".into(), "no-store".into());
        for (name, value) in self.headers {
            headers.insert(name.into(), value.into());
        }
        json!({
            "statusCode": self.status.as_u16(),
            "headers": headers,
            "body": self.body.to_string(),
        })
    }
}

impl Answer {
    pub(super) fn http(answer: HttpAnswer) -> Self {
        Self {
            http: Some(answer),
            ..Self::default()
        }
    }

    pub(super) fn messages(messages: Vec<QueueMessage>) -> Self {
        Self {
            messages,
            ..Self::default()
        }
    }

    pub(super) fn with_message(mut self, message: QueueMessage) -> Self {
        self.messages.push(message);
        self
    }

    /// Tells of the end of a run.
    pub(super) fn with_ended(mut self, message: String) -> Self {
        self.ended = Some(message);
        self
    }

    /// Adds a line to the host's log of this invocation (docs/reference/functions-host.md#envelope).
    pub(super) fn log(mut self, line: impl Into<String>) -> Self {
        self.log = Some(line.into());
        self
    }

    fn envelope(self) -> Value {
        let mut outputs = Map::new();
        if let Some(http) = self.http {
            outputs.insert(HTTP_OUTPUT.into(), http.binding());
        }
        if !self.messages.is_empty() {
            // The host would decode a bare string that looks like base64
            // (docs/reference/functions-host.md#queue-output).
            let texts: Vec<Value> = self.messages.iter().map(|message| message.to_text().into()).collect();
            outputs.insert(QUEUE_OUTPUT.into(), texts.into());
        }
        if let Some(ended) = self.ended {
            outputs.insert(ENDED_OUTPUT.into(), json!([ended]));
        }
        let logs: Vec<String> = self.log.into_iter().collect();
        json!({ "Outputs": outputs, "Logs": logs, "ReturnValue": null })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        Json(self.envelope()).into_response()
    }
}

/// The invocation failed, so the host delivers a queue message again. The host drops the body: the caller logs the
/// reason.
pub(super) fn failed_invocation() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::OnboardingId;

    #[test]
    fn an_answer_without_outputs_is_still_an_object() {
        assert_eq!(
            Answer::default().envelope(),
            json!({"Outputs": {}, "Logs": [], "ReturnValue": null})
        );
    }

    #[test]
    fn the_http_body_is_a_string_and_messages_are_an_array_of_strings() {
        let id = OnboardingId(Uuid::nil());
        let envelope = Answer::http(HttpAnswer::json(StatusCode::ACCEPTED, json!({"a": 1})))
            .with_message(QueueMessage::new(id, None))
            .envelope();
        assert_eq!(envelope["Outputs"]["res"]["body"], "{\"a\":1}");
        assert_eq!(envelope["Outputs"]["res"]["statusCode"], 202);
        assert!(envelope["Outputs"]["migrateUsers"][0].is_string());
    }
}
