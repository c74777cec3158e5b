//! Collects the reasons why the run would not succeed.

use super::super::failure::StepError;
use crate::domain::reason::Reason;
use crate::store::StoreError;

/// What would stop the run: each reason once, in the order of its discovery.
#[derive(Debug, Default)]
pub(super) struct Stops(pub(super) Vec<Reason>);

impl Stops {
    /// The value, or `None` after adding the failure's reason.
    ///
    /// # Errors
    /// The database failed: without it there is no preview.
    pub(super) fn keep<T>(&mut self, found: Result<T, StepError>) -> Result<Option<T>, StoreError> {
        let reason = match found.map_err(|error| error.parted().0) {
            Ok(found) => return Ok(Some(found)),
            Err(StepError::Store(error)) => return Err(error),
            Err(StepError::Retry { reason, .. } | StepError::Permanent(reason) | StepError::Stuck(reason)) => reason,
            // Only a lease guard causes this, and a preview has none.
            Err(StepError::Paused { .. } | StepError::LeaseLost | StepError::OfCall(_)) => {
                Reason::SecureauthUnavailable
            }
        };
        if !self.0.contains(&reason) {
            self.0.push(reason);
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
        self.0.iter().any(is_silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_found_twice_is_listed_once() {
        let mut stops = Stops::default();
        for reason in [Reason::InvalidUsers, Reason::ForeignMarker, Reason::InvalidUsers] {
            let kept = stops.keep::<()>(Err(StepError::Permanent(reason)));
            assert!(matches!(kept, Ok(None)));
        }
        assert_eq!(stops.0, [Reason::InvalidUsers, Reason::ForeignMarker]);
        assert!(!stops.silent());
    }

    #[test]
    fn without_the_database_there_is_no_preview() {
        let newer = StoreError::Newer { what: "a state".into() };
        assert!(Stops::default().keep::<()>(Err(StepError::Store(newer))).is_err());
    }
}
