//! Classifies failures by what the caller can do (docs/ARCHITECTURE.md#failures).

use std::time::Duration;

use super::ErrorKind;

/// What the caller can do next. [`ApiError::outcome_unknown`](super::ApiError::outcome_unknown) says whether it has to look at the
/// resource first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The same request can succeed later, when something else has changed. Try again, not before `after` if the server named a time.
    Retry {
        /// `Retry-After`.
        after: Option<Duration>,
    },
    /// The server asked for a pause that the call could not wait for. Nothing was sent during it. Try again when it is over.
    Paused {
        /// What is left of the pause.
        rest: Duration,
    },
    /// The server asked for no pause, but lets in few calls, and this one would have had to wait too long for its turn. It was not sent.
    NoTurn {
        /// Until its turn.
        rest: Duration,
    },
    /// The token endpoint refused the client's credentials. Read them again before the next try, because they may have been rotated.
    /// (When an API refuses a token, the client renews it within the call; if that does not help, the class is [`Class::Retry`].)
    Reauthenticate,
    /// Somebody else changed the resource (412). Read it again, then decide again.
    Stale,
    /// The server refused the data of the request (400, 404, 409, 413, 422) and would refuse it again.
    Permanent,
    /// The caller's guard did not allow the attempt, so it was not sent.
    NotStarted,
}

/// Which limit of the server a refused request met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Throttled {
    /// 429 of an API.
    TooMany,
    /// 403 `request_forbidden` although the scope is granted, or may be: the sign of a burst
    /// (docs/decisions.md#forbidden-may-be-a-limit).
    Forbidden,
    /// Either of them from the token endpoint.
    Token,
}

impl ErrorKind {
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::NotStarted => Class::NotStarted,
            Self::Paused { rest, .. } => Class::Paused { rest: *rest },
            Self::NoTurn { rest, .. } => Class::NoTurn { rest: *rest },
            Self::Guard(_) => Class::Permanent,
            Self::Refused(refusal) => match refusal.status {
                400 | 404 | 409 | 413 | 422 => Class::Permanent,
                412 => Class::Stale,
                _ => Class::Retry {
                    after: refusal.retry_after,
                },
            },
            Self::NoToken(cause) if cause.refuses_credentials() => Class::Reauthenticate,
            Self::NoToken(_)
            | Self::MissingScope { .. }
            | Self::Timeout
            | Self::Connect { .. }
            | Self::Interrupted
            | Self::UnusableAnswer { .. } => Class::Retry {
                after: self.retry_after(),
            },
        }
    }

    /// Why the server asks for a wait, if it does. The attempt had no effect and counts as none.
    pub(crate) fn throttled(&self) -> Option<Throttled> {
        match self {
            Self::Refused(refusal) if refusal.status == 429 => Some(Throttled::TooMany),
            Self::Refused(refusal) if refusal.is_burst() => Some(Throttled::Forbidden),
            Self::NoToken(cause) => cause.throttled().map(|_| Throttled::Token),
            _ => None,
        }
    }

    /// Whether an API refused the request itself: a limit would have refused it before.
    pub(crate) fn passed_the_limits(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status < 500) && self.throttled().is_none()
    }

    /// Whether the client tries again within the same call, because the cause may be gone in seconds.
    pub(crate) fn is_worth_repeating(&self) -> bool {
        match self {
            // `x-external-error`: the tenant's own code failed and would fail again.
            Self::Refused(refusal) => match refusal.status {
                408 => true,
                status => status >= 500 && !refusal.caused_by_tenant_code,
            },
            Self::Timeout | Self::Connect { .. } | Self::Interrupted => true,
            Self::NoToken(cause) => cause.is_worth_repeating(),
            Self::UnusableAnswer { .. }
            | Self::MissingScope { .. }
            | Self::Paused { .. }
            | Self::NoTurn { .. }
            | Self::NotStarted
            | Self::Guard(_) => false,
        }
    }

    /// Whether the server may have carried the request out.
    pub(crate) fn may_have_had_an_effect(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status == 408 || refusal.status >= 500,
            Self::Timeout | Self::Interrupted | Self::UnusableAnswer { .. } => true,
            Self::Connect { .. }
            | Self::NoToken(_)
            | Self::MissingScope { .. }
            | Self::Paused { .. }
            | Self::NoTurn { .. }
            | Self::NotStarted
            | Self::Guard(_) => false,
        }
    }

    /// The API refused the token. Every 401 counts, because gateways and older servers send it without a code, as a page, or with a
    /// `WWW-Authenticate` header only. A renewal that does not help costs one request.
    pub(crate) fn rejects_the_token(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 401)
    }

    /// The token endpoint does not grant a scope that was asked for.
    pub(crate) fn refuses_the_scope(&self) -> bool {
        self.refusal()
            .is_some_and(|refusal| refusal.error_code.as_deref() == Some("invalid_scope"))
    }

    fn refuses_credentials(&self) -> bool {
        matches!(self, Self::Refused(refusal)
            if refusal.status == 401 || matches!(refusal.error_code.as_deref(), Some("invalid_client" | "unauthorized_client")))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Refusal, *};

    fn refused(status: u16) -> ErrorKind {
        ErrorKind::Refused(Refusal {
            status,
            ..Refusal::default()
        })
    }

    #[test]
    fn only_refusals_of_this_requests_data_are_permanent() {
        for status in [400, 404, 409, 413, 422] {
            assert_eq!(refused(status).class(), Class::Permanent, "{status}");
            assert!(!refused(status).is_worth_repeating(), "{status}");
        }
        for status in [301, 401, 402, 403, 405, 408, 429, 500, 502, 503, 504] {
            assert_eq!(refused(status).class(), Class::Retry { after: None }, "{status}");
        }
        assert_eq!(refused(412).class(), Class::Stale);
    }

    #[test]
    fn what_a_person_has_to_change_is_not_repeated_within_the_call() {
        for status in [301, 401, 403, 405, 412] {
            assert!(!refused(status).is_worth_repeating(), "{status}");
        }
        for status in [408, 500, 502, 503, 504] {
            assert!(refused(status).is_worth_repeating(), "{status}");
        }
    }

    #[test]
    fn a_429_and_a_403_of_a_burst_ask_for_a_wait() {
        let burst = ErrorKind::Refused(Refusal {
            status: 403,
            error_code: Some("request_forbidden".into()),
            ..Refusal::default()
        });
        assert_eq!(refused(429).throttled(), Some(Throttled::TooMany));
        assert_eq!(burst.throttled(), Some(Throttled::Forbidden));
        let no_token = ErrorKind::NoToken(Box::new(refused(429)));
        assert_eq!(no_token.throttled(), Some(Throttled::Token));
        assert_eq!(burst.explained_by(Some("identity")).throttled(), None);
        for status in [401, 403, 408, 503] {
            assert_eq!(refused(status).throttled(), None, "{status}");
        }
    }

    #[test]
    fn a_5xx_of_the_tenants_own_code_is_left_to_the_run() {
        let kind = ErrorKind::Refused(Refusal {
            status: 500,
            caused_by_tenant_code: true,
            ..Refusal::default()
        });
        assert!(!kind.is_worth_repeating());
        assert_eq!(kind.class(), Class::Retry { after: None });
        assert!(kind.may_have_had_an_effect());
    }

    #[test]
    fn only_an_answer_or_a_failed_connection_proves_that_nothing_happened() {
        for kind in [refused(500), refused(408), ErrorKind::Timeout, ErrorKind::Interrupted] {
            assert!(kind.may_have_had_an_effect(), "{kind:?}");
        }
        for kind in [
            refused(422),
            refused(429),
            ErrorKind::Connect { reason: String::new() },
            ErrorKind::NotStarted,
        ] {
            assert!(!kind.may_have_had_an_effect(), "{kind:?}");
        }
    }

    #[test]
    fn refused_credentials_are_told_apart_from_a_rejected_token() {
        let no_token = ErrorKind::NoToken(Box::new(refused(401)));
        assert_eq!(no_token.class(), Class::Reauthenticate);
        assert_eq!(
            ErrorKind::NoToken(Box::new(refused(503))).class(),
            Class::Retry { after: None }
        );
        assert!(refused(401).rejects_the_token());
        assert!(!no_token.rejects_the_token() && !refused(403).rejects_the_token());
    }
}
