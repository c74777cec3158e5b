//! What happened to one attempt.

use std::{fmt, time::Duration};

/// What happened to one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server answered with an error status.
    Refused(Refusal),
    /// No complete answer within the deadline.
    Timeout,
    /// No connection: nothing was sent.
    Connect {
        /// The innermost cause (name resolution, TCP or TLS); there is nothing of the request in it.
        reason: String,
    },
    /// The connection was lost after something had been sent.
    Interrupted,
    /// A success whose body is not what the spec promises or is about something else, or a 404 that does not come from the API.
    UnusableAnswer {
        /// HTTP status.
        status: u16,
        /// `x-trace-id`.
        trace_id: Option<String>,
        /// The member that shows something else than was asked for; `None` when the body cannot be read.
        mismatch: Option<&'static str>,
    },
    /// There is no token to call with.
    NoToken(Box<ErrorKind>),
    /// The token's list of scopes lacks one that is needed.
    MissingScope {
        /// The scope that is missing.
        scope: &'static str,
        /// The 403 of the API; `None` when the token was given up before anything was called with it.
        refusal: Option<Refusal>,
    },
    /// The caller's guard was closed.
    NotStarted,
    /// A guard of this client refused to send the request (section 5.4).
    Guard(&'static str),
}

/// An answer with an error status, reduced to what may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `error_code` of the body (or `error` of an OAuth body) when it has the form of a code.
    pub error_code: Option<String>,
    /// `error` of the body when it is one of the texts known to name nobody.
    pub message: Option<&'static str>,
    /// `x-trace-id`.
    pub trace_id: Option<String>,
    /// `Retry-After`, capped.
    pub retry_after: Option<Duration>,
    /// `x-external-error` (other than `false`): the tenant's own scripts failed.
    pub caused_by_tenant_code: bool,
}

impl ErrorKind {
    /// The error answer behind it, at an API or at the token endpoint.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::MissingScope { refusal, .. } => refusal.as_ref(),
            Self::NoToken(cause) => cause.refusal(),
            _ => None,
        }
    }

    /// A 403 is about a scope only where the token lacks the one that the operation needs: the code alone does not tell a burst,
    /// or rights that have not spread yet, from a right that is missing.
    pub(crate) fn explained_by(self, missing_scope: Option<&'static str>) -> Self {
        match (self, missing_scope) {
            (Self::Refused(refusal), Some(scope)) if refusal.status == 403 => Self::MissingScope {
                scope,
                refusal: Some(refusal),
            },
            (kind, _) => kind,
        }
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::UnusableAnswer { status, .. } => Some(*status),
            Self::NoToken(cause) => cause.status(),
            _ => self.refusal().map(|refusal| refusal.status),
        }
    }

    pub(crate) fn trace_id(&self) -> Option<&str> {
        match self {
            Self::UnusableAnswer { trace_id, .. } => trace_id.as_deref(),
            Self::NoToken(cause) => cause.trace_id(),
            _ => self.refusal().and_then(|refusal| refusal.trace_id.as_deref()),
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "answered {refusal}"),
            Self::Timeout => f.write_str("no answer within the deadline"),
            Self::Connect { reason } => write!(f, "no connection: {reason}"),
            Self::Interrupted => f.write_str("connection lost during the request"),
            Self::UnusableAnswer {
                status,
                mismatch: Some(member),
                ..
            } => write!(
                f,
                "answered {status} about something else: {member} is not what was asked for"
            ),
            Self::UnusableAnswer { status, .. } => write!(f, "answered {status} with an unusable body"),
            Self::NoToken(cause) => write!(f, "no token: {cause}"),
            Self::MissingScope { scope, refusal: None } => write!(f, "the token lacks the scope {scope}"),
            Self::MissingScope {
                scope,
                refusal: Some(refusal),
            } => write!(f, "answered {refusal}: the token lacks the scope {scope}"),
            Self::NotStarted => f.write_str("not started: the caller's guard does not allow the call"),
            Self::Guard(reason) => write!(f, "not sent: {reason}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = &self.error_code {
            write!(f, " {code}")?;
        }
        if let Some(message) = self.message {
            write!(f, " ({message})")?;
        }
        Ok(())
    }
}
