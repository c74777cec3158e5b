//! Errors of the client. None contains a secret or personal data.

use std::{fmt, time::Duration};

use super::{Operation, Resource};

mod body;
mod class;
mod kind;
mod unknown_members;

pub(super) use body::Reason;
pub use class::Class;
pub(super) use class::Throttled;
pub use kind::{ErrorKind, Refusal};
pub(super) use unknown_members::unknown_members;

/// An operation that failed after all its attempts.
///
/// `Display` and `Debug` show only what the methods return: no body, no secret, no e-mail address and no user name.
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
    /// `uncertain`: an earlier attempt of the same call may have taken effect.
    pub(super) fn new(operation: Operation, kind: ErrorKind, attempts: u32, uncertain: bool) -> Self {
        let outcome_unknown = operation.mutates() && (uncertain || kind.may_have_had_an_effect());
        Self(Box::new(ErrorParts {
            operation,
            kind,
            attempts,
            outcome_unknown,
        }))
    }

    /// The client itself refused the request; nothing was sent.
    pub(super) fn guard(operation: Operation, reason: &'static str) -> Self {
        Self::new(operation, ErrorKind::Guard(reason), 0, false)
    }

    /// The operation that failed.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// Why the last attempt failed.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What the caller can do next.
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

    /// `Retry-After` of the last answer, or what is left of the pause.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.kind.retry_after()
    }

    /// 409: something else already has the id or the identifier, or the server refuses the change in this state.
    pub fn is_conflict(&self) -> bool {
        self.is_refused_with(409)
    }

    /// This request's data is refused, and no attempt of the call had or will have an effect.
    pub fn is_refusal(&self) -> bool {
        self.class() == Class::Permanent && !self.outcome_unknown()
    }

    /// 404: something that the request names does not exist, or this replica does not know it yet.
    pub fn is_not_found(&self) -> bool {
        self.is_refused_with(404)
    }

    /// The resource that a write needs, when the server did not find it (404). It may exist all the same, because replicas lag behind
    /// a creation: a caller that created it moments ago looks for it and tries again.
    pub fn absent_resource(&self) -> Option<Resource> {
        self.0.operation.needs().filter(|_| self.is_not_found())
    }

    /// The scope that the token lacks, if the call failed because of that.
    pub fn missing_scope(&self) -> Option<&'static str> {
        match self.0.kind {
            ErrorKind::MissingScope { scope, .. } => Some(scope),
            _ => None,
        }
    }

    /// The token endpoint's address does not exist (404). The tenant's id is a part of it.
    pub fn is_tenant_unknown(&self) -> bool {
        matches!(&self.0.kind, ErrorKind::NoToken(cause) if cause.status() == Some(404))
    }

    /// The token endpoint refused the request (4xx), other than for a pause or because it does not exist.
    pub fn is_token_refused(&self) -> bool {
        let ErrorKind::NoToken(cause) = &self.0.kind else {
            return false;
        };
        let ErrorKind::Refused(refusal) = cause.as_ref() else {
            return false;
        };
        let is_other = [404, 408, 429].contains(&refusal.status) || refusal.is_burst();
        (400..500).contains(&refusal.status) && !is_other
    }

    /// Members of the request that the server refused as unknown and that can be left out.
    pub(super) fn unknown_members(&self) -> &[String] {
        self.0.kind.refusal().map_or(&[], |refusal| &refusal.unknown_members)
    }

    /// The write may have taken effect: look at the resource before the next write (docs/reference/secureauth-api.md#rules-outcomes).
    /// True when any attempt of the call timed out, lost its connection, got a 5xx, or got a success that cannot be used.
    ///
    /// False for an import that was refused (400, 409, 422), although a refused import may not be atomic
    /// (docs/reference/secureauth-api.md#import-a-refused-chunk).
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The answer of an API, not of the token endpoint, had this status.
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
