//! Refusals as RFC 9457 problem documents. `detail` is for the caller; it never carries a value the caller sent.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::answer::HttpAnswer;

/// A refusal.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    members: Vec<(&'static str, Value)>,
    retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            members: Vec::new(),
            retry_after: None,
        }
    }

    pub(super) fn bad_request(member: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail).with("member", member)
    }

    /// Database, vault or settings are not there; nothing was stored.
    pub(super) fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(10)
    }

    pub(super) fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self.with("retryable", true)
    }

    /// The word that says what it is, for logs.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }
}

impl From<Problem> for HttpAnswer {
    fn from(problem: Problem) -> Self {
        let mut body = json!({
            "type": format!("urn:biller-onboarding:{}", problem.code),
            "title": problem.status.canonical_reason().unwrap_or_default(),
            "status": problem.status.as_u16(),
            "code": problem.code,
            "detail": problem.detail,
        });
        if let Some(object) = body.as_object_mut() {
            object.extend(
                problem
                    .members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        let mut answer = HttpAnswer::json(problem.status, body);
        answer.content_type = "application/problem+json; charset=utf-8";
        match problem.retry_after {
            Some(seconds) => answer.header("retry-after", seconds.to_string()),
            None => answer,
        }
    }
}
