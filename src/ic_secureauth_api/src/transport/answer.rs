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
    body::{Body, LARGEST, LARGEST_ERROR},
    retry_after::retry_after,
};

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

impl Answer {
    /// Reads the whole answer; fails for an error status.
    pub(crate) async fn read(operation: Operation, response: Response, cap: Duration) -> Result<Self, ErrorKind> {
        let status = response.status();
        let headers = response.headers().clone();
        let trace_id = trace_id(&headers);
        let unusable = || ErrorKind::UnusableAnswer {
            status: status.as_u16(),
            trace_id: trace_id.clone(),
        };
        let body = if status.is_success() {
            let read = Body::read(response, LARGEST)
                .await
                .map_err(|error| interruption(&error))?;
            read.ok_or_else(unusable)?
        } else {
            // An error body that cannot be read says nothing; the status still does.
            let read = Body::read(response, LARGEST_ERROR).await;
            let body = read.ok().flatten().unwrap_or_default();
            // A gateway that does not know the path answers 404 as well, and that says nothing about the resource.
            if status == StatusCode::NOT_FOUND && !body.is_json_object() {
                return Err(unusable());
            }
            if status != StatusCode::NOT_FOUND || !operation.absence_is_an_answer() {
                return Err(ErrorKind::Refused(refusal(status, &headers, &body, cap)));
            }
            body
        };
        Ok(Self {
            operation,
            status,
            trace_id,
            replayed: headers.contains_key("x-idempotent-replayed"),
            attempts: 0,
            etag: headers.get(ETAG).map(ETag::from_header),
            body,
        })
    }

    /// Notes which attempt it answers.
    pub(super) fn after(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// The resource of a success.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<Versioned<T>, ApiError> {
        match serde_json::from_slice(self.body.bytes()) {
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

    /// The success of an operation that answers 204. Another success is no answer of the API: a gateway's page is often a 200.
    pub(crate) fn no_content(&self) -> Result<(), ApiError> {
        if self.status == StatusCode::NO_CONTENT {
            Ok(())
        } else {
            Err(self.unusable())
        }
    }

    /// What a delete found.
    pub(crate) fn deleted(&self) -> Result<Deleted, ApiError> {
        if self.status == StatusCode::NOT_FOUND {
            Ok(Deleted::WasAbsent)
        } else {
            self.no_content().map(|()| Deleted::Deleted)
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

fn refusal(status: StatusCode, headers: &HeaderMap, body: &Body, cap: Duration) -> Refusal {
    let Reason { code, message } = Reason::of(body.bytes());
    Refusal {
        status: status.as_u16(),
        error_code: code,
        message,
        trace_id: trace_id(headers),
        retry_after: retry_after(headers, cap),
        caused_by_tenant_code: headers.get("x-external-error").is_some_and(|value| value != "false"),
    }
}

/// `x-trace-id`, when it looks like an id.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("x-trace-id")?.to_str().ok()?;
    let is_id = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id.then(|| text.to_owned())
}
