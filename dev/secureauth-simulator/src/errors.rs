//! Error answers: `Error{status_code, error, error_code, details}` of the APIs (row 9), and the form of
//! RFC 6749 of the token endpoint (row 2).

use serde_json::{Value, json};

use crate::switches::choices::ErrorDetails;
use crate::switches::values::Refusal;

/// A refused request.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    /// HTTP status.
    pub(crate) status: u16,
    /// `error_code`, or `error` in the OAuth form.
    pub(crate) code: &'static str,
    /// `error`, or `error_description` in the OAuth form. Never quotes a value of the request.
    pub(crate) message: String,
    /// `details` of this error; `None`: as the switch says.
    pub(crate) details: Option<Value>,
    /// `retry-after`.
    pub(crate) retry_after: Option<String>,
    pub(crate) oauth: bool,
}

impl ApiError {
    /// A refusal in the common form; `error_code` follows from the status.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code_of(status),
            message: message.into(),
            details: None,
            retry_after: None,
            oauth: false,
        }
    }

    /// A refusal in the token endpoint's form.
    pub(crate) fn oauth(status: u16, code: &'static str, description: &str) -> Self {
        Self {
            code,
            oauth: true,
            ..Self::new(status, description)
        }
    }

    /// A refusal whose status a switch decides.
    pub(crate) fn refusal(refusal: Refusal, message: impl Into<String>) -> Self {
        Self::new(refusal.status(), message)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, format!("{what} not found"))
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, message)
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, message)
    }

    /// Row 5: a token that is expired, revoked or unknown.
    pub(crate) fn invalid_access_token() -> Self {
        Self {
            code: "invalid_access_token",
            ..Self::new(401, "The access token is not valid")
        }
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// The JSON body. `turn` selects the form of `details` where they vary (row 9).
    pub(crate) fn body(&self, form: ErrorDetails, turn: u64) -> Value {
        if self.oauth {
            return json!({ "error": self.code, "error_description": self.message });
        }
        let mut body = json!({
            "status_code": self.status,
            "error": self.message,
            "error_code": self.code,
        });
        let details = self.details.clone().or_else(|| self.formed_details(form, turn));
        if let (Some(details), Some(members)) = (details, body.as_object_mut()) {
            members.insert("details".to_owned(), details);
        }
        body
    }

    fn formed_details(&self, form: ErrorDetails, turn: u64) -> Option<Value> {
        let text = || Value::String(format!("refused with status {}", self.status));
        let object = || json!({ "reason": self.code });
        match form {
            ErrorDetails::Text => Some(text()),
            ErrorDetails::Object => Some(object()),
            ErrorDetails::Absent => None,
            ErrorDetails::Varied => match turn % 3 {
                0 => Some(text()),
                1 => Some(object()),
                _ => None,
            },
        }
    }
}

/// The `error_code` that goes with a status.
pub(crate) fn code_of(status: u16) -> &'static str {
    match status {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        412 => "precondition_failed",
        413 => "payload_too_large",
        422 => "unprocessable_entity",
        429 => "too_many_requests",
        502 => "bad_gateway",
        503 => "service_unavailable",
        504 => "gateway_timeout",
        500.. => "internal_server_error",
        _ => "client_error",
    }
}
