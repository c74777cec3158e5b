//! Why an invocation failed.

use std::time::Duration;

use axum::http::StatusCode;

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the host is stopping")]
    HostStopped,
    #[error("Initialization timed out and host is shutting down")]
    InitializationTimeout,
    #[error("the request to the handler failed: {0}")]
    Connection(String),
    #[error("Response status code does not indicate success: {} ({}).", .0.as_u16(), .0.canonical_reason().unwrap_or_default())]
    Status(StatusCode),
    #[error("Invalid HttpResponseMessage: {0}")]
    InvalidResponse(String),
    #[error("Timeout value of {0:?} was exceeded by the function")]
    FunctionTimeout(Duration),
    #[error("output {binding}: {reason}")]
    Output { binding: String, reason: String },
    /// A mistake that strict mode reports. The real host would ignore it, or hang.
    #[error("strict mode: {0}")]
    Strict(String),
    #[error("{0}")]
    NotCallable(&'static str),
}
