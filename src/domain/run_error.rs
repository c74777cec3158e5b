//! What a run failed with, for operators: never personal data, never a secret.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::reason::Reason;

/// One failure of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunError {
    /// The worker's time.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The text of a [`Reason`].
    pub reason: String,
    /// What is known of the call that failed, or what was found.
    #[serde(flatten)]
    pub details: ErrorDetails,
}

/// What is known of a failed call to SecureAuth or of a statement that the database refused, or what the run found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorDetails {
    /// The operation by the name that log lines have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// SecureAuth's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The scope that the token lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// `x-trace-id`: SecureAuth's support asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The failure as a sentence; an unreachable server is named in it with its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl RunError {
    /// A failure at this time.
    pub fn new(reason: Reason, details: ErrorDetails, at: OffsetDateTime) -> Self {
        Self {
            at,
            reason: reason.to_string(),
            details,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_error_is_read_as_it_was_written_and_with_members_of_a_newer_version() {
        let details = ErrorDetails {
            operation: Some("create_pool".into()),
            status: Some(422),
            ..ErrorDetails::default()
        };
        let error = RunError::new(Reason::SecureauthRefused, details, datetime!(2026-11-27 10:00 UTC));
        let mut json = serde_json::json!(error);
        let text =
            r#"{"at":"2026-11-27T10:00:00Z","operation":"create_pool","reason":"secureauth_refused","status":422}"#;
        assert_eq!(json, serde_json::from_str::<serde_json::Value>(text).unwrap());
        json["newer"] = 1.into();
        assert_eq!(serde_json::from_value::<RunError>(json).unwrap(), error);
    }
}
