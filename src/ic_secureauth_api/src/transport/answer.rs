//! Reads an answer to its end and decides by its status what it is.

use reqwest::{
    Response, StatusCode,
    header::{ETAG, HeaderMap},
};
use serde::de::DeserializeOwned;

use super::{
    super::{
        ApiError, CallContext, Deleted, ETag, ErrorKind, Operation, Versioned,
        concerns::{Asked, Concerns, Mismatch},
        error::{Reason, Refusal, unknown_members},
    },
    body::{Body, LARGEST, LARGEST_ERROR},
    log,
    retry_after::retry_after,
    unsettled::Unread,
};

/// A success, or a 404 where [`Operation::absence_is_an_answer`].
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) operation: Operation,
    pub(super) status: StatusCode,
    trace_id: Option<String>,
    pub(super) replayed: bool,
    attempts: u32,
    attempt: Unread,
    correlation_id: String,
    etag: Option<ETag>,
    body: Body,
}

impl Answer {
    /// Reads the whole answer; fails for an error status. `optional`: members of the request that can be left out.
    pub(crate) async fn read(operation: Operation, response: Response, optional: &[String]) -> Result<Self, ErrorKind> {
        let status = response.status();
        let headers = response.headers().clone();
        let trace_id = trace_id(&headers);
        let unusable = || ErrorKind::UnusableAnswer {
            status: status.as_u16(),
            trace_id: trace_id.clone(),
            mismatch: None,
        };
        let body = if status.is_success() {
            let read = Body::read(response, LARGEST)
                .await
                .map_err(|error| interruption(&error))?;
            read.ok_or_else(unusable)?
        } else {
            // The status is enough where the body of an error cannot be read.
            let read = Body::read(response, LARGEST_ERROR).await;
            let body = read.ok().flatten().unwrap_or_default();
            // A gateway answers 404 too, for a path that it does not know. That says nothing about the resource.
            if status == StatusCode::NOT_FOUND && !body.is_json_object() {
                return Err(unusable());
            }
            if status != StatusCode::NOT_FOUND || !operation.absence_is_an_answer() {
                let mut refusal = refusal(status, &headers, &body);
                if matches!(refusal.status, 400 | 422) {
                    refusal.unknown_members = unknown_members(body.bytes(), optional);
                }
                return Err(ErrorKind::Refused(refusal));
            }
            body
        };
        Ok(Self {
            operation,
            status,
            trace_id,
            replayed: headers.contains_key("x-idempotent-replayed"),
            attempts: 0,
            attempt: Unread::default(),
            correlation_id: String::new(),
            etag: headers.get(ETAG).map(ETag::from_header),
            body,
        })
    }

    /// Adds what an error of this answer has to tell.
    pub(super) fn after(self, attempts: u32, context: &CallContext, attempt: Unread) -> Self {
        Self {
            attempts,
            attempt,
            correlation_id: context.correlation_id.clone(),
            ..self
        }
    }

    /// Parses the body without comparing it with the request. `None` instead of the parser's error, which may quote the body.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.bytes()).ok()
    }

    /// The resource of a success. Fails when it is not the one that the request names.
    pub(crate) fn json<T: DeserializeOwned + Concerns>(&self, asked: &Asked<'_>) -> Result<Versioned<T>, ApiError> {
        let value: T = self.parse().ok_or_else(|| self.unusable())?;
        match value.concerns(asked) {
            Ok(()) => Ok(Versioned {
                value,
                etag: self.etag.clone(),
            }),
            Err(mismatch) => Err(self.not_usable(Some(mismatch))),
        }
    }

    /// The resource, or `None` when the answer was 404.
    pub(crate) fn json_if_present<T: DeserializeOwned + Concerns>(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Option<Versioned<T>>, ApiError> {
        if self.status == StatusCode::NOT_FOUND {
            Ok(None)
        } else {
            self.json(asked).map(Some)
        }
    }

    /// `x-trace-id`.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// Checks that the status is 204. Another success does not come from the API: the page of a gateway is often a 200.
    pub(crate) fn no_content(&self) -> Result<(), ApiError> {
        if self.status == StatusCode::NO_CONTENT {
            Ok(())
        } else {
            Err(self.unusable())
        }
    }

    /// The result of a DELETE: 204 or 404.
    pub(crate) fn deleted(&self) -> Result<Deleted, ApiError> {
        if self.status == StatusCode::NOT_FOUND {
            Ok(Deleted::WasAbsent)
        } else {
            self.no_content().map(|()| Deleted::Deleted)
        }
    }

    /// As [`deleted`](Self::deleted), for a part of a resource: with the resource's new tag.
    pub(crate) fn removed(&self) -> Result<Versioned<Deleted>, ApiError> {
        self.deleted().map(|value| Versioned {
            value,
            etag: self.etag.clone(),
        })
    }

    /// The error for a success that cannot be used. Logs it.
    pub(crate) fn unusable(&self) -> ApiError {
        self.not_usable(None)
    }

    fn not_usable(&self, mismatch: Option<Mismatch>) -> ApiError {
        let kind = self.unusable_kind(mismatch);
        self.attempt.is_unusable();
        log::failed(self.operation, self.attempts, &kind, &self.correlation_id);
        ApiError::new(self.operation, kind, self.attempts, false)
    }

    /// As [`unusable`](Self::unusable), for a caller that logs it itself.
    pub(crate) fn unusable_kind(&self, mismatch: Option<Mismatch>) -> ErrorKind {
        ErrorKind::UnusableAnswer {
            status: self.status.as_u16(),
            trace_id: self.trace_id.clone(),
            mismatch: mismatch.map(|Mismatch(member)| member),
        }
    }
}

/// Why a request, or the reading of its answer, ended early.
pub(crate) fn interruption(error: &reqwest::Error) -> ErrorKind {
    if error.is_builder() {
        ErrorKind::Guard("the request cannot be built")
    } else if error.is_connect() {
        ErrorKind::Connect {
            reason: format!("{}: {}", server(error), innermost(error)),
        }
    } else if error.is_timeout() {
        ErrorKind::Timeout
    } else {
        ErrorKind::Interrupted
    }
}

/// Host and port of the request.
fn server(error: &reqwest::Error) -> String {
    let Some(url) = error.url() else {
        return "the server".to_owned();
    };
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The last cause in the chain. Those above it repeat the URL or say only "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn refusal(status: StatusCode, headers: &HeaderMap, body: &Body) -> Refusal {
    let Reason { code, message } = Reason::of(body.bytes());
    Refusal {
        status: status.as_u16(),
        error_code: code,
        message,
        trace_id: trace_id(headers),
        retry_after: retry_after(headers),
        unknown_members: Vec::new(),
        caused_by_tenant_code: headers.get("x-external-error").is_some_and(|value| value != "false"),
    }
}

/// `x-trace-id`, if it has the form of an id.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("x-trace-id")?.to_str().ok()?;
    let is_id = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id.then(|| text.to_owned())
}
