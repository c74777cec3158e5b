//! An answer, read to its end and judged by its status.

use std::time::Duration;

use reqwest::{
    Response, StatusCode,
    header::{ETAG, HeaderMap},
};
use serde::de::DeserializeOwned;

use super::{
    super::{
        ApiError, Deleted, ETag, ErrorKind, Operation, Versioned,
        error::{Reason, Refusal},
    },
    retry_after::retry_after,
};

/// No answer of the APIs is larger: a page has 100 rows; a workspace dump may have pages of scripts and themes.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// More of an error body is not read.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// A success, or the 404 that some operations ask for.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) operation: Operation,
    pub(super) status: StatusCode,
    trace_id: Option<String>,
    pub(super) replayed: bool,
    attempts: u32,
    etag: Option<ETag>,
    body: Body,
}

/// Bytes that may hold a token or personal data: without a useful `Debug`.
struct Body(Vec<u8>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Answer {
    /// Reads the whole answer; fails for an error status.
    pub(crate) async fn read(operation: Operation, response: Response, cap: Duration) -> Result<Self, ErrorKind> {
        let status = response.status();
        let headers = response.headers().clone();
        let absent = status == StatusCode::NOT_FOUND && operation.absence_is_an_answer();
        if !status.is_success() && !absent {
            return Err(ErrorKind::Refused(refusal(status, &headers, response, cap).await));
        }
        let trace_id = trace_id(&headers);
        let body = match read_body(response, MAX_BODY_BYTES).await {
            Ok(Some(body)) => body,
            Ok(None) => {
                return Err(ErrorKind::UnusableAnswer {
                    status: status.as_u16(),
                    trace_id,
                });
            }
            Err(error) => return Err(interruption(&error)),
        };
        Ok(Self {
            operation,
            status,
            trace_id,
            replayed: headers.contains_key("x-idempotent-replayed"),
            attempts: 0,
            etag: headers.get(ETAG).map(ETag::from_header),
            body: Body(body),
        })
    }

    /// Notes which attempt it answers.
    pub(super) fn after(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// The resource of a success.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<Versioned<T>, ApiError> {
        match serde_json::from_slice(&self.body.0) {
            Ok(value) => Ok(Versioned {
                value,
                etag: self.etag.clone(),
            }),
            // The parser's message may quote the body.
            Err(_) => Err(self.unusable()),
        }
    }

    /// The resource, or `None` when the answer was 404.
    pub(crate) fn json_if_present<T: DeserializeOwned>(&self) -> Result<Option<Versioned<T>>, ApiError> {
        if self.status == StatusCode::NOT_FOUND {
            Ok(None)
        } else {
            self.json().map(Some)
        }
    }

    /// `x-trace-id`.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// What a delete found.
    pub(crate) fn deleted(&self) -> Deleted {
        if self.status == StatusCode::NOT_FOUND {
            Deleted::WasAbsent
        } else {
            Deleted::Deleted
        }
    }

    /// The answer was a success that cannot be used.
    pub(crate) fn unusable(&self) -> ApiError {
        let kind = ErrorKind::UnusableAnswer {
            status: self.status.as_u16(),
            trace_id: self.trace_id.clone(),
        };
        ApiError::new(self.operation, kind, self.attempts, false)
    }
}

/// A request that was sent, or a body that was being read, ended without an answer.
pub(crate) fn interruption(error: &reqwest::Error) -> ErrorKind {
    if error.is_builder() {
        ErrorKind::Guard("the request cannot be built")
    } else if error.is_connect() {
        ErrorKind::Connect {
            reason: innermost(error),
        }
    } else if error.is_timeout() {
        ErrorKind::Timeout
    } else {
        ErrorKind::Interrupted
    }
}

/// The last cause in the chain; the ones above it repeat the URL or say no more than "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

async fn refusal(status: StatusCode, headers: &HeaderMap, response: Response, cap: Duration) -> Refusal {
    // An error body that cannot be read says nothing; the status still does.
    let body = read_body(response, MAX_ERROR_BYTES)
        .await
        .ok()
        .flatten()
        .unwrap_or_default();
    let Reason { code, message } = Reason::of(&body);
    Refusal {
        status: status.as_u16(),
        error_code: code,
        message,
        trace_id: trace_id(headers),
        retry_after: retry_after(headers, cap),
        caused_by_tenant_code: headers.contains_key("x-external-error"),
    }
}

/// `None` when the body is larger than `limit`.
async fn read_body(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// `x-trace-id`, when it looks like an id.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("x-trace-id")?.to_str().ok()?;
    let is_id = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id.then(|| text.to_owned())
}
