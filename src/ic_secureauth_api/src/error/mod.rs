//! What can go wrong, without a secret or a personal datum in it.

use std::{fmt, time::Duration};

use super::{Operation, Resource};

mod body;
mod class;
mod kind;

pub(super) use body::Reason;
pub use class::Class;
pub use kind::{ErrorKind, Refusal};

/// An operation that did not succeed, after all attempts it was given.
///
/// Neither `Display` nor `Debug` holds a body, a secret, an e-mail address or a user name: only what this type's methods return.
#[derive(Clone)]
pub struct ApiError(Box<ErrorParts>);

#[derive(Clone)]
struct ErrorParts {
    operation: Operation,
    kind: ErrorKind,
    attempts: u32,
    outcome_unknown: bool,
}

impl ApiError {
    /// `uncertain` says that an earlier attempt of the same call may already have had its effect.
    pub(super) fn new(operation: Operation, kind: ErrorKind, attempts: u32, uncertain: bool) -> Self {
        let outcome_unknown = operation.mutates() && (uncertain || kind.may_have_had_an_effect());
        Self(Box::new(ErrorParts {
            operation,
            kind,
            attempts,
            outcome_unknown,
        }))
    }

    /// A guard of this client refused the request; nothing was sent.
    pub(super) fn guard(operation: Operation, reason: &'static str) -> Self {
        Self::new(operation, ErrorKind::Guard(reason), 0, false)
    }

    /// What was called.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// What happened to the last attempt.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What the caller may do next.
    pub fn class(&self) -> Class {
        self.0.kind.class()
    }

    /// HTTP status of the last answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.kind.status()
    }

    /// The server's `error_code`, if it had the form of one (`[a-z0-9_.-]{1,64}`).
    pub fn error_code(&self) -> Option<&str> {
        self.0.kind.refusal().and_then(|refusal| refusal.error_code.as_deref())
    }

    /// `x-trace-id` of the last answer: what SecureAuth's support asks for.
    pub fn trace_id(&self) -> Option<&str> {
        self.0.kind.trace_id()
    }

    /// Requests that were sent for this call.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the server asked to be left alone, capped.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.kind.retry_after()
    }

    /// The resource, its id or an identifier is taken (409).
    pub fn is_conflict(&self) -> bool {
        self.is_refused_with(409)
    }

    /// Something the request names is not there (404).
    pub fn is_not_found(&self) -> bool {
        self.is_refused_with(404)
    }

    /// The resource that a write needs and that was not found (404). Replicas lag behind a creation, so it may stand all the same:
    /// whoever knows that it was created moments ago looks for it and writes again before giving up.
    pub fn absent_resource(&self) -> Option<Resource> {
        self.0.operation.needs().filter(|_| self.is_not_found())
    }

    /// The scope that the token lacks, when that is why the call failed.
    pub fn missing_scope(&self) -> Option<&'static str> {
        match self.0.kind {
            ErrorKind::MissingScope { scope, .. } => Some(scope),
            _ => None,
        }
    }

    /// Something may have been changed although no confirmation came: look before the next write (section 5.5). True when any
    /// attempt of a mutating call ended with a time-out, a lost connection, a 5xx or an unreadable success.
    ///
    /// An import that was refused (400, 409, 422) is not reported here, although section 2.3 does not promise that it is atomic.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The API itself, not the token endpoint, answered with this error status.
    fn is_refused_with(&self, status: u16) -> bool {
        matches!(&self.0.kind, ErrorKind::Refused(refusal) if refusal.status == status)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorParts {
            operation,
            kind,
            attempts,
            outcome_unknown,
        } = self.0.as_ref();
        write!(f, "SecureAuth {operation}: {kind} (attempts: {attempts}")?;
        if let Some(trace_id) = kind.trace_id() {
            write!(f, ", x-trace-id: {trace_id}")?;
        }
        f.write_str(if *outcome_unknown { ", outcome unknown)" } else { ")" })
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("operation", &self.0.operation)
            .field("kind", &self.0.kind)
            .field("class", &self.class())
            .field("attempts", &self.0.attempts)
            .field("outcome_unknown", &self.0.outcome_unknown)
            .finish()
    }
}

impl std::error::Error for ApiError {}
