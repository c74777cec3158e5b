//! Collects the reasons why the run would not succeed.

use super::super::step_error::{StepError, StepErrorKind};
use crate::domain::reason::Reason;
use crate::domain::run_error::ErrorDetails;
use crate::store::StoreError;

/// What would stop the run: each reason and cause once, in the order of its discovery.
#[derive(Debug, Default)]
pub(super) struct Stops {
    pub(super) reasons: Vec<Reason>,
    /// What was found, or what came of which call.
    pub(super) causes: Vec<ErrorDetails>,
}

impl Stops {
    /// The value, or `None` after adding the failure's reason.
    ///
    /// # Errors
    /// The database failed: without it there is no preview.
    pub(super) fn keep<T>(&mut self, found: Result<T, StepError>) -> Result<Option<T>, StoreError> {
        let StepError { kind, details } = match found {
            Ok(found) => return Ok(Some(found)),
            Err(error) => error,
        };
        let reason = match kind {
            StepErrorKind::Store(error) => return Err(error),
            StepErrorKind::Retry { reason, .. } | StepErrorKind::Permanent(reason) | StepErrorKind::Stuck(reason) => {
                reason
            }
            // The call was not sent.
            StepErrorKind::Paused { .. } | StepErrorKind::NoTurn { .. } | StepErrorKind::LeaseLost => {
                Reason::SecureauthUnavailable
            }
        };
        let details = details.map(|details| *details);
        self.causes
            .extend(details.filter(|details| !self.causes.contains(details)));
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
        Ok(None)
    }

    /// SecureAuth does not answer, so further calls would only take time.
    pub(super) fn silent(&self) -> bool {
        use Reason::{CredentialsRefused, ScopeMissing, SecureauthUnavailable, TenantUnknown};
        let is_silent = |reason: &Reason| {
            matches!(
                reason,
                SecureauthUnavailable | ScopeMissing | TenantUnknown | CredentialsRefused
            )
        };
        self.reasons.iter().any(is_silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_found_twice_is_listed_once() {
        let mut stops = Stops::default();
        for reason in [Reason::InvalidUsers, Reason::ForeignMarker, Reason::InvalidUsers] {
            let kept = stops.keep::<()>(Err(StepError::permanent(reason)));
            assert!(matches!(kept, Ok(None)));
        }
        assert_eq!(stops.reasons, [Reason::InvalidUsers, Reason::ForeignMarker]);
        assert!(!stops.silent());
    }

    #[test]
    fn without_the_database_there_is_no_preview() {
        let newer = StoreError::Newer { what: "a state".into() };
        assert!(
            Stops::default()
                .keep::<()>(Err(StepErrorKind::Store(newer).into()))
                .is_err()
        );
    }
}
