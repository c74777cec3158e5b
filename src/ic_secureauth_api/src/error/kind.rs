//! Why one attempt failed.

use std::{fmt, time::Duration};

/// Why one attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server answered with an error status.
    Refused(Refusal),
    /// No complete answer within the deadline.
    Timeout,
    /// No connection: nothing was sent.
    Connect {
        /// The server's host and port, and the innermost cause: name resolution, TCP or TLS. It repeats nothing of the request.
        reason: String,
    },
    /// The connection was lost after the request, or a part of it, was sent.
    Interrupted,
    /// A success whose body cannot be parsed or is about another resource, or a 404 without a JSON object as body.
    UnusableAnswer {
        /// HTTP status.
        status: u16,
        /// `x-trace-id`.
        trace_id: Option<String>,
        /// The member that names another resource than the request; `None` when the body cannot be parsed.
        mismatch: Option<&'static str>,
    },
    /// The client got no token; the box holds why.
    NoToken(Box<ErrorKind>),
    /// The token's list of scopes lacks one that is needed.
    MissingScope {
        /// For example `identity`.
        scope: &'static str,
        /// The 403 of the API, or the refusal of the token endpoint; `None` when the token was not used, because it lacks a scope that
        /// every client needs.
        refusal: Option<Refusal>,
    },
    /// The server asked for a pause that lasts longer than the call can wait ([`CallGuard::patience`](crate::CallGuard::patience)).
    Paused {
        /// What is left of it.
        rest: Duration,
        /// The answer that asked for it, to this call or to another one.
        refusal: Option<Refusal>,
    },
    /// Calls start at a learned rate, and this one's turn comes later than it can wait.
    NoTurn {
        /// Until its turn.
        rest: Duration,
        /// The last answer that asked for a pause, to this call or to another one.
        refusal: Option<Refusal>,
    },
    /// The caller's guard did not allow the attempt.
    NotStarted,
    /// The client itself refused to send the request (docs/reference/secureauth-api.md#rules-guards).
    Guard(&'static str),
}

/// An answer with an error status, without what may be secret or personal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `error_code` of the body (or `error` of an OAuth body) when it has the form of a code.
    pub error_code: Option<String>,
    /// `error` of the body when it is a known text without personal data.
    pub message: Option<&'static str>,
    /// `x-trace-id`.
    pub trace_id: Option<String>,
    /// `Retry-After`, at most a day.
    pub retry_after: Option<Duration>,
    /// Members of the request that a 400 or 422 calls unknown; only of those that the client can leave out.
    pub unknown_members: Vec<String>,
    /// `x-external-error` (other than `false`): the tenant's own scripts failed.
    pub caused_by_tenant_code: bool,
}

impl Refusal {
    pub(crate) fn is_burst(&self) -> bool {
        self.status == 403 && self.error_code.as_deref() == Some("request_forbidden")
    }
}

impl ErrorKind {
    /// The error answer that caused it, of an API or of the token endpoint.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::MissingScope { refusal, .. } | Self::Paused { refusal, .. } | Self::NoTurn { refusal, .. } => {
                refusal.as_ref()
            }
            Self::NoToken(cause) => cause.refusal(),
            _ => None,
        }
    }

    /// Turns a 403 into [`Self::MissingScope`] when the token lacks the scope of the operation. The error code alone does not tell: a
    /// burst, or rights that have not spread yet, have the same one.
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
        match self {
            Self::Paused { rest, .. } | Self::NoTurn { rest, .. } => Some(*rest),
            _ => self.refusal().and_then(|refusal| refusal.retry_after),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "answered {refusal}"),
            Self::Timeout => f.write_str("no answer within the deadline"),
            Self::Connect { reason } => write!(f, "no connection to {reason}"),
            Self::Interrupted => f.write_str("connection lost during the request"),
            Self::UnusableAnswer {
                status,
                mismatch: Some(member),
                ..
            } => write!(
                f,
                "answered {status} about another resource: {member} is not the one requested"
            ),
            Self::UnusableAnswer { status, .. } => write!(f, "answered {status} with an unusable body"),
            Self::NoToken(cause) => write!(f, "no token: {cause}"),
            Self::MissingScope { scope, refusal: None } => write!(f, "the token lacks the scope {scope}"),
            Self::MissingScope {
                scope,
                refusal: Some(refusal),
            } => write!(f, "answered {refusal}: the token lacks the scope {scope}"),
            Self::Paused { rest, refusal } => {
                f.write_str("SecureAuth ")?;
                if let Some(refusal) = refusal {
                    write!(f, "answered {refusal} to this or another call and ")?;
                }
                write!(f, "asked for a pause, which lasts another {}", whole_seconds(*rest))
            }
            Self::NoTurn { rest, .. } => {
                let rest = whole_seconds(*rest);
                write!(f, "not sent in time: its turn is in {rest} at the earliest")
            }
            Self::NotStarted => f.write_str("not started: the caller's guard does not allow the call"),
            Self::Guard(reason) => write!(f, "not sent: {reason}"),
        }
    }
}

/// Rounded up.
fn whole_seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64().ceil())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_wait_is_told_in_seconds_rounded_up_and_with_the_answer_that_asked_for_it() {
        let rest = Duration::from_millis(24_001);
        let refusal = Some(Refusal {
            status: 429,
            ..Refusal::default()
        });
        assert_eq!(
            ErrorKind::Paused { rest, refusal }.to_string(),
            "SecureAuth answered 429 to this or another call and asked for a pause, which lasts another 25 s"
        );
        let (rest, refusal) = (Duration::ZERO, None);
        assert_eq!(
            ErrorKind::NoTurn { rest, refusal }.to_string(),
            "not sent in time: its turn is in 0 s at the earliest"
        );
    }
}
