//! What follows from a failure: wait, roll back, or end (design.md §3 "Failures and time"). Pure.

use std::time::Duration;

use super::journal_state::JournalState;
use crate::domain::reason::Reason;
use crate::domain::run::{Kind, RunState};
use crate::store::StoreError;
use ic_secureauth_api::{ApiError, Class};

/// Why a step could not be done.
#[derive(Debug)]
pub(super) enum StepError {
    /// The world must change, not the biller.
    Retry {
        /// What is waited for.
        reason: Reason,
        /// Not before.
        after: Option<Duration>,
    },
    /// Trying again cannot help.
    Permanent(Reason),
    /// Neither going on nor rolling back is safe.
    Stuck(Reason),
    /// Another worker has the run, or may have it soon.
    LeaseLost,
    /// The database failed.
    Store(StoreError),
}

impl StepError {
    /// SecureAuth does not show what it has to show, yet.
    pub(super) fn not_shown() -> Self {
        Self::Retry {
            reason: Reason::SecureauthUnavailable,
            after: None,
        }
    }
}

impl From<ApiError> for StepError {
    fn from(error: ApiError) -> Self {
        match error.class() {
            Class::Retry { after } => Self::Retry {
                reason: Reason::SecureauthUnavailable,
                after,
            },
            Class::Reauthenticate => Self::Retry {
                reason: Reason::CredentialsRefused,
                after: None,
            },
            Class::Stale => Self::Retry {
                reason: Reason::SecureauthUnavailable,
                after: None,
            },
            Class::Permanent => Self::Permanent(Reason::SecureauthRefused),
            Class::NotStarted => Self::LeaseLost,
        }
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LeaseLost(_) => Self::LeaseLost,
            error => Self::Store(error),
        }
    }
}

/// The schedules of `RUN_PAUSES` and `ROLLBACK_PAUSES`.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// Pauses of a run that goes forward; used up, it is rolled back.
    pub run: Vec<Duration>,
    /// Pauses of rolling back, and of recording what is already live; the last one repeats.
    pub rollback: Vec<Duration>,
    /// All of those pauses together; then the run is stuck.
    pub rollback_limit: Duration,
}

/// What follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Pause, then go on.
    Wait {
        after: Duration,
        state: RunState,
        reason: Reason,
        pauses_used: u32,
    },
    /// Remove what was created.
    RollBack(Reason),
    /// Nothing was created, so there is nothing to roll back.
    Fail(Reason),
    /// An operator's turn.
    Stuck(Reason),
}

/// `pauses_used` since the last progress; `rolling_back` is the run's phase.
pub(super) fn after_failure(
    kind: Kind,
    journal: &JournalState,
    rolling_back: bool,
    pauses_used: u32,
    failure: &Failure,
    schedules: &Schedules,
) -> Next {
    let used = usize::try_from(pauses_used).unwrap_or(usize::MAX);
    if rolling_back {
        return grown(schedules, used, RunState::RollingBack, failure, Reason::NotRolledBack);
    }
    if journal.point_of_no_return() {
        let unrecorded = match kind {
            Kind::Enable | Kind::Sync => Reason::ActivationNotRecorded,
            Kind::Disable => Reason::DeactivationNotRecorded,
        };
        return grown(schedules, used, RunState::Waiting, failure, unrecorded);
    }
    let give_up = |reason| {
        if journal.touched_secureauth() {
            Next::RollBack(reason)
        } else {
            Next::Fail(reason)
        }
    };
    match failure {
        Failure::Permanent(reason) => give_up(*reason),
        Failure::Stuck(reason) => Next::Stuck(*reason),
        Failure::Retry { reason, after } => match schedules.run.get(used) {
            Some(pause) => Next::Wait {
                after: (*pause).max(after.unwrap_or_default()),
                state: RunState::Waiting,
                reason: *reason,
                pauses_used: pauses_used.saturating_add(1),
            },
            None => give_up(*reason),
        },
    }
}

/// The switch was asked for and cannot be looked at: neither going on nor rolling back is right until it can.
pub(super) fn while_unseen(pauses_used: u32, schedules: &Schedules) -> Next {
    let used = usize::try_from(pauses_used).unwrap_or(usize::MAX);
    let unseen = Failure::Retry {
        reason: Reason::SecureauthUnavailable,
        after: None,
    };
    grown(schedules, used, RunState::Waiting, &unseen, Reason::NotRolledBack)
}

/// A failure that is neither the lease's nor the database's refusal to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    Retry { reason: Reason, after: Option<Duration> },
    Permanent(Reason),
    Stuck(Reason),
}

impl Failure {
    fn reason(&self) -> Reason {
        match self {
            Self::Retry { reason, .. } | Self::Permanent(reason) | Self::Stuck(reason) => *reason,
        }
    }
}

fn grown(schedules: &Schedules, used: usize, state: RunState, failure: &Failure, in_the_end: Reason) -> Next {
    if let Failure::Stuck(reason) = failure {
        return Next::Stuck(*reason);
    }
    let pause = |index: usize| {
        let last = schedules.rollback.len().saturating_sub(1);
        schedules.rollback.get(index.min(last)).copied()
    };
    let Some(next) = pause(used) else {
        return Next::Stuck(in_the_end);
    };
    // The sum stops growing in the list's length of steps plus limit ÷ last pause.
    let mut spent = Duration::ZERO;
    for index in 0..=used {
        spent += pause(index).unwrap_or_default();
        if spent > schedules.rollback_limit {
            return Next::Stuck(in_the_end);
        }
    }
    Next::Wait {
        after: next,
        state,
        reason: failure.reason(),
        pauses_used: u32::try_from(used).unwrap_or(u32::MAX).saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::journal::Entry;

    const SECOND: Duration = Duration::from_secs(1);
    const DOWN: Failure = Failure::Retry {
        reason: Reason::SecureauthUnavailable,
        after: None,
    };
    const REFUSED: Failure = Failure::Permanent(Reason::SecureauthRefused);

    fn schedules() -> Schedules {
        Schedules {
            run: vec![SECOND, 2 * SECOND],
            rollback: vec![SECOND, 4 * SECOND],
            rollback_limit: 10 * SECOND,
        }
    }

    fn journal(entries: Vec<Entry>) -> JournalState {
        JournalState::of(entries)
    }

    fn created() -> JournalState {
        journal(vec![Entry::CreateOrganization {
            organization_id: "1876".into(),
            key: "k".into(),
        }])
    }

    fn live() -> JournalState {
        journal(vec![Entry::Activated])
    }

    fn next(journal: &JournalState, rolling_back: bool, used: u32, failure: Failure) -> Next {
        after_failure(Kind::Enable, journal, rolling_back, used, &failure, &schedules())
    }

    #[test]
    fn pauses_follow_the_list_and_then_the_run_is_given_up() {
        let Next::Wait { after, pauses_used, .. } = next(&created(), false, 1, DOWN) else {
            panic!("waits")
        };
        assert_eq!((after, pauses_used), (2 * SECOND, 2));
        assert_eq!(
            next(&created(), false, 2, DOWN),
            Next::RollBack(Reason::SecureauthUnavailable)
        );
        assert_eq!(
            next(&JournalState::default(), false, 2, DOWN),
            Next::Fail(Reason::SecureauthUnavailable)
        );
    }

    #[test]
    fn secureauth_may_ask_for_a_longer_pause_than_the_list() {
        let slow_down = Failure::Retry {
            reason: Reason::SecureauthUnavailable,
            after: Some(60 * SECOND),
        };
        assert!(matches!(
            next(&created(), false, 0, slow_down),
            Next::Wait { after, .. } if after == 60 * SECOND
        ));
    }

    #[test]
    fn a_permanent_refusal_is_rolled_back_at_once_if_anything_was_created() {
        let reason = Reason::SecureauthRefused;
        assert_eq!(next(&created(), false, 0, REFUSED), Next::RollBack(reason));
        assert_eq!(next(&JournalState::default(), false, 0, REFUSED), Next::Fail(reason));
    }

    #[test]
    fn after_the_point_of_no_return_nothing_is_rolled_back_and_in_the_end_an_operator_is_asked() {
        for failure in [DOWN, REFUSED] {
            assert!(matches!(
                next(&live(), false, 0, failure),
                Next::Wait {
                    state: RunState::Waiting,
                    ..
                }
            ));
            assert_eq!(
                next(&live(), false, 9, failure),
                Next::Stuck(Reason::ActivationNotRecorded)
            );
        }
    }

    #[test]
    fn rolling_back_repeats_its_last_pause_up_to_the_limit_and_is_then_stuck() {
        let waits = |used| match next(&created(), true, used, DOWN) {
            Next::Wait {
                after,
                state: RunState::RollingBack,
                ..
            } => Some(after),
            _ => None,
        };
        assert_eq!(waits(0), Some(SECOND));
        assert_eq!(waits(2), Some(4 * SECOND));
        assert_eq!(next(&created(), true, 3, DOWN), Next::Stuck(Reason::NotRolledBack));
    }
}
