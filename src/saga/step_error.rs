//! Why a step failed, and what is known of the call that failed or of what was found.

use std::time::Duration;

use crate::domain::reason::Reason;
use crate::domain::run_error::ErrorDetails;
use crate::store::StoreError;
use ic_secureauth_api::{ApiError, Class};

/// Why a step failed.
#[derive(Debug)]
pub(super) struct StepError {
    pub(super) kind: StepErrorKind,
    /// What operators are told of the call that failed, or of what was found.
    pub(super) details: Option<Box<ErrorDetails>>,
}

/// What the failure means for the run.
#[derive(Debug)]
pub(super) enum StepErrorKind {
    /// The same request may succeed later.
    Retry {
        /// What the run waits for.
        reason: Reason,
        /// The shortest pause, if SecureAuth asked for one.
        after: Option<Duration>,
    },
    /// SecureAuth asked for a pause that lasts longer than the time slice.
    Paused {
        /// What is left of it.
        rest: Duration,
    },
    /// SecureAuth lets in few calls, and the turn of this one comes after the end of the time slice.
    NoTurn {
        /// Until its turn.
        rest: Duration,
    },
    /// The same request would fail again.
    Permanent(Reason),
    /// Neither going on nor rolling back is safe.
    Stuck(Reason),
    /// Another worker has the run, or may take it soon.
    LeaseLost,
    /// The database failed.
    Store(StoreError),
}

impl StepError {
    pub(super) fn permanent(reason: Reason) -> Self {
        StepErrorKind::Permanent(reason).into()
    }

    pub(super) fn stuck(reason: Reason) -> Self {
        StepErrorKind::Stuck(reason).into()
    }

    /// `after`: the shortest pause.
    pub(super) fn retry(reason: Reason, after: Option<Duration>) -> Self {
        StepErrorKind::Retry { reason, after }.into()
    }

    /// SecureAuth does not show yet what the run expects there.
    pub(super) fn not_shown() -> Self {
        Self::retry(Reason::SecureauthUnavailable, None)
    }

    /// Adds what operators are told of the failed call.
    pub(super) fn with(self, details: ErrorDetails) -> Self {
        Self {
            details: Some(Box::new(details)),
            ..self
        }
    }

    /// Adds why, for operators.
    pub(super) fn because(self, cause: impl Into<String>) -> Self {
        self.with(ErrorDetails {
            cause: Some(cause.into()),
            ..ErrorDetails::default()
        })
    }

    /// The same request would fail again.
    pub(super) fn is_permanent(&self) -> bool {
        matches!(self.kind, StepErrorKind::Permanent(_))
    }
}

impl StepErrorKind {
    /// No failure: the next time slice goes on, as fast as SecureAuth lets it. `has_progress`: this one recorded some. Without, the
    /// next one would get no further.
    pub(super) fn only_takes_longer(&self, has_progress: bool) -> bool {
        has_progress && matches!(self, Self::NoTurn { .. })
    }

    /// How long SecureAuth asks to wait.
    pub(super) fn asked_for(&self) -> Duration {
        match self {
            Self::Retry { after, .. } => after.unwrap_or_default(),
            Self::Paused { rest } | Self::NoTurn { rest } => *rest,
            Self::Permanent(_) | Self::Stuck(_) | Self::LeaseLost | Self::Store(_) => Duration::ZERO,
        }
    }
}

impl From<StepErrorKind> for StepError {
    fn from(kind: StepErrorKind) -> Self {
        Self { kind, details: None }
    }
}

/// A refusal after an attempt that may have had an effect proves nothing: the step has to look.
impl From<ApiError> for StepError {
    fn from(error: ApiError) -> Self {
        let unavailable = Reason::SecureauthUnavailable;
        let follows = match error.class() {
            Class::Permanent if error.outcome_unknown() => Self::not_shown(),
            Class::Retry { after } => Self::retry(why_unavailable(&error), after),
            Class::Paused { rest } => StepErrorKind::Paused { rest }.into(),
            Class::NoTurn { rest } => StepErrorKind::NoTurn { rest }.into(),
            Class::Reauthenticate => Self::retry(Reason::CredentialsRefused, None),
            Class::Stale => Self::retry(unavailable, None),
            Class::Permanent => Self::permanent(Reason::SecureauthRefused),
            Class::NotStarted => StepErrorKind::LeaseLost.into(),
        };
        follows.with(details_of(&error))
    }
}

/// What operators are told of a failed call.
pub(super) fn details_of(call: &ApiError) -> ErrorDetails {
    ErrorDetails {
        operation: Some(call.operation().to_string()),
        status: call.status(),
        code: call.error_code().map(str::to_owned),
        scope: call.missing_scope().map(str::to_owned),
        trace_id: call.trace_id().map(str::to_owned),
        cause: Some(call.kind().to_string()),
    }
}

/// What has to change before the same call can succeed.
fn why_unavailable(error: &ApiError) -> Reason {
    if error.missing_scope().is_some() {
        Reason::ScopeMissing
    } else if error.is_tenant_unknown() {
        Reason::TenantUnknown
    } else if error.is_token_refused() {
        Reason::CredentialsRefused
    } else {
        Reason::SecureauthUnavailable
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LeaseLost(_) => StepErrorKind::LeaseLost,
            error => StepErrorKind::Store(error),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_means_the_same_whatever_is_known_of_the_call() {
        let details = ErrorDetails {
            status: Some(422),
            ..ErrorDetails::default()
        };
        let refused = StepError::permanent(Reason::SecureauthRefused).with(details.clone());
        assert!(refused.is_permanent());
        assert_eq!(refused.details.as_deref(), Some(&details));
        let paused = StepError::from(StepErrorKind::Paused { rest: Duration::ZERO });
        assert_eq!(paused.with(details.clone()).details.as_deref(), Some(&details));
    }

    #[test]
    fn a_turn_that_comes_late_is_a_failure_only_of_a_time_slice_without_progress() {
        let rest = Duration::from_secs(1);
        assert!(StepErrorKind::NoTurn { rest }.only_takes_longer(true));
        assert!(!StepErrorKind::NoTurn { rest }.only_takes_longer(false));
        assert!(!StepErrorKind::Paused { rest }.only_takes_longer(true));
    }
}
