//! Refusals as RFC 9457 problem documents. `detail` tells the caller what to do; it never repeats a value the caller
//! sent.

use axum::http::StatusCode;
use serde_json::{Value, json};
use strum::{Display, IntoStaticStr};

use super::answer::HttpAnswer;

/// What a refusal is called: its member `code`, and the end of its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[strum(serialize_all = "snake_case")]
pub(super) enum Code {
    BadRequest,
    BillerNotFound,
    MethodNotAllowed,
    OppositeOperationRunning,
    RollingBack,
    Stuck,
    EventIdReused,
    BillerWithoutName,
    BillerNameInvalid,
    LengthRequired,
    BodyTooLarge,
    UnsupportedMediaType,
    Configuration,
    VaultUnavailable,
    DatabaseUnavailable,
    Schema,
    Deadline,
}

/// One refusal: status, code, detail, and further members and headers.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    code: Code,
    detail: String,
    members: Vec<(&'static str, Value)>,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: Code, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            members: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub(super) fn bad_request(member: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadRequest, detail).with("member", member)
    }

    /// The biller is not in `ciam.Biller`.
    pub(super) fn biller_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            Code::BillerNotFound,
            "there is no biller with this id",
        )
    }

    /// A 503: database, vault or settings cannot be used. The caller may send the same request again.
    pub(super) fn unavailable(code: Code, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(10)
    }

    pub(super) fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", seconds.to_string()).with("retryable", true)
    }

    /// The problem's `code`, for logs.
    pub(super) fn code(&self) -> Code {
        self.code
    }
}

impl From<Problem> for HttpAnswer {
    fn from(problem: Problem) -> Self {
        let mut body = json!({
            "type": format!("urn:biller-onboarding:{}", problem.code),
            "title": problem.status.canonical_reason().unwrap_or_default(),
            "status": problem.status.as_u16(),
            "code": <&str>::from(problem.code),
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
        answer.headers = problem.headers;
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::VariantNames;

    use super::*;

    #[test]
    fn every_code_is_documented_and_no_other() {
        let document = include_str!("../../docs/openapi.yaml");
        let codes = document
            .lines()
            .filter_map(|line| line.trim().strip_prefix("code: { const: ")?.strip_suffix(" }"));
        let (documented, known): (BTreeSet<_>, BTreeSet<_>) =
            (codes.collect(), Code::VARIANTS.iter().copied().collect());
        assert_eq!(documented, known);
    }
}
