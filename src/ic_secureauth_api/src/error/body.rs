//! Reads the three forms of an error body (docs/reference/secureauth-api.md#errors). HTML and empty bodies give an empty reason.
//!
//! * `Error{status_code, error, error_code, details}` of the APIs, where `details` may be anything
//! * `genericError{error, error_code: int, error_hint}` of the token endpoint
//! * `RFC6749Error{error, error_description, …}` of the token endpoint
//!
//! The server's texts may repeat what was sent, such as an e-mail address. Only codes and known texts leave this file.

use serde::Deserialize;
use serde_json::Value;

/// What may be shown of an error body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<&'static str>,
}

/// Values of `error` that are codes, not texts: those of the OAuth standards, and `request_forbidden`.
const OAUTH_CODES: [&str; 12] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "access_denied",
    "request_forbidden",
    "server_error",
    "temporarily_unavailable",
    "invalid_token",
    "insufficient_scope",
];

/// Values of `error` that contain no personal data.
const KNOWN_MESSAGES: [&str; 16] = [
    "Too many requests",
    "Bad request",
    "Unauthorized",
    "Forbidden",
    "Not found",
    "Method not allowed",
    "Conflict",
    "Precondition failed",
    "Payload too large",
    "Unprocessable entity",
    "Internal server error",
    "Bad gateway",
    "Service unavailable",
    "Gateway timeout",
    "Identifier is already used",
    "Invalid access token",
];

#[derive(Deserialize)]
struct Wire {
    error: Option<Value>,
    error_code: Option<Value>,
}

impl Reason {
    /// The reason in a body; an empty one when the body cannot be parsed.
    pub(crate) fn of(body: &[u8]) -> Self {
        let Ok(Wire { error, error_code }) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let error = error.as_ref().and_then(Value::as_str);
        let code = error_code
            .as_ref()
            .and_then(Value::as_str)
            .filter(|code| is_code(code))
            .map(str::to_owned);
        let oauth = || error.filter(|error| OAUTH_CODES.contains(error)).map(str::to_owned);
        let number = || error_code.as_ref().and_then(Value::as_i64).map(|code| code.to_string());
        Self {
            code: code.or_else(oauth).or_else(number),
            message: error.and_then(known_message),
        }
    }
}

fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-'))
}

fn known_message(text: &str) -> Option<&'static str> {
    KNOWN_MESSAGES
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &str) -> (Option<String>, Option<&'static str>) {
        let Reason { code, message } = Reason::of(body.as_bytes());
        (code, message)
    }

    #[test]
    fn all_three_shapes_are_read() {
        let api = r#"{"status_code":429,"error":"too many requests","error_code":"rate_limited","details":{"a":1}}"#;
        assert_eq!(reason(api), (Some("rate_limited".into()), Some("Too many requests")));
        let generic = r#"{"error":"something","error_code":17,"error_hint":"hint"}"#;
        assert_eq!(reason(generic), (Some("17".into()), None));
        let rfc = r#"{"error":"invalid_client","error_description":"of john@example.com","status_code":401}"#;
        assert_eq!(reason(rfc), (Some("invalid_client".into()), None));
    }

    #[test]
    fn details_may_be_text_or_missing() {
        assert_eq!(
            reason(r#"{"error":"Conflict","details":"john is taken"}"#),
            (None, Some("Conflict"))
        );
        assert_eq!(reason(r#"{"error_code":"conflict"}"#), (Some("conflict".into()), None));
    }

    #[test]
    fn html_and_empty_bodies_survive() {
        for body in ["", "<html>502</html>", "null", "[]", "\"text\"", "{\"error\":{}}"] {
            assert_eq!(reason(body), (None, None), "{body}");
        }
    }

    #[test]
    fn a_text_that_could_name_somebody_is_dropped() {
        assert_eq!(
            reason(r#"{"error":"user john exists","error_code":"john@example.com"}"#),
            (None, None)
        );
        assert_eq!(
            reason(&format!(r#"{{"error_code":"{}"}}"#, "a".repeat(65))),
            (None, None)
        );
    }
}
