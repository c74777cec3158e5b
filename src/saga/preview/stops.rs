//! Why the run would not succeed.

use super::super::failure::StepError;
use crate::domain::reason::Reason;
use crate::store::StoreError;

/// What stops the run, each reason once, in the order in which it was noticed.
#[derive(Debug, Default)]
pub(super) struct Stops(pub(super) Vec<Reason>);

impl Stops {
    /// What was found, or `None` with the reason noted.
    ///
    /// # Errors
    /// The database's: without it there is no plan.
    pub(super) fn keep<T>(&mut self, found: Result<T, StepError>) -> Result<Option<T>, StoreError> {
        let reason = match found {
            Ok(found) => return Ok(Some(found)),
            Err(StepError::Store(error)) => return Err(error),
            Err(StepError::Retry { reason, .. } | StepError::Permanent(reason) | StepError::Stuck(reason)) => reason,
            // Only a guard keeps a call from starting, and a plan has none.
            Err(StepError::LeaseLost) => Reason::SecureauthUnavailable,
        };
        if !self.0.contains(&reason) {
            self.0.push(reason);
        }
        Ok(None)
    }

    /// SecureAuth does not answer: asking on would only take longer.
    pub(super) fn silent(&self) -> bool {
        let silent = |reason: &Reason| matches!(reason, Reason::SecureauthUnavailable | Reason::CredentialsRefused);
        self.0.iter().any(silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_noticed_twice_is_told_once() {
        let mut stops = Stops::default();
        for reason in [Reason::InvalidUsers, Reason::ForeignMarker, Reason::InvalidUsers] {
            let kept = stops.keep::<()>(Err(StepError::Permanent(reason)));
            assert!(matches!(kept, Ok(None)));
        }
        assert_eq!(stops.0, [Reason::InvalidUsers, Reason::ForeignMarker]);
        assert!(!stops.silent());
    }

    #[test]
    fn without_the_database_there_is_no_plan() {
        let newer = StoreError::Newer { what: "a state".into() };
        assert!(Stops::default().keep::<()>(Err(StepError::Store(newer))).is_err());
    }
}
