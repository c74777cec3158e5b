//! Decides what follows from a failure: wait, roll back, or end. Does no I/O (docs/ARCHITECTURE.md#failures).

use std::time::Duration;

use super::journal_state::JournalState;
use crate::domain::reason::Reason;
use crate::domain::run::{Kind, RunState};

/// The pauses of `RUN_PAUSES`, `ROLLBACK_PAUSES` and `ROLLBACK_TIME_LIMIT`.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// Pauses before the point of no return; when they are used up, the run is rolled back.
    pub run: Vec<Duration>,
    /// Pauses of a rollback, and of recording after the point of no return; the last one repeats.
    pub rollback: Vec<Duration>,
    /// Limit for the sum of the rollback pauses; beyond it the run is stuck.
    pub rollback_limit: Duration,
}

/// What follows from a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Pause, then continue.
    Wait(Waiting),
    /// Roll back what this run created or changed.
    RollBack(Reason),
    /// End the run: nothing was touched in SecureAuth, so there is nothing to roll back.
    Fail(Reason),
    /// Stop and wait for an operator.
    Stuck(Reason),
}

/// A pause of the run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) after: Duration,
    pub(super) state: RunState,
    /// What the run waits for.
    pub(super) reason: Reason,
    pub(super) pauses_used: u32,
}

/// `pauses_used` counts since the last progress.
pub(super) fn after_failure(
    kind: Kind,
    journal: &JournalState,
    rolling_back: bool,
    pauses_used: u32,
    failure: &Failure,
    schedules: &Schedules,
) -> Next {
    if let Failure::Paused {
        rest,
        has_progress: true,
    } = failure
    {
        let going_back = rolling_back.then_some(RunState::RollingBack);
        return Next::Wait(Waiting {
            after: *rest,
            state: going_back.unwrap_or(RunState::Waiting),
            reason: failure.reason(),
            pauses_used,
        });
    }
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
        Failure::Retry { .. } | Failure::Paused { .. } => match schedules.run.get(used) {
            Some(pause) => Next::Wait(Waiting {
                after: (*pause).max(failure.after()),
                state: RunState::Waiting,
                reason: failure.reason(),
                pauses_used: pauses_used.saturating_add(1),
            }),
            None => give_up(failure.reason()),
        },
    }
}

/// The `deactivated` flag was set without an answer and cannot be read: the run may neither continue nor roll back
/// until it can be read. `asked`: how long SecureAuth asks to wait.
pub(super) fn while_unseen(pauses_used: u32, asked: Duration, schedules: &Schedules) -> Next {
    let used = usize::try_from(pauses_used).unwrap_or(usize::MAX);
    let unseen = Failure::Retry {
        reason: Reason::SecureauthUnavailable,
        after: Some(asked),
    };
    grown(schedules, used, RunState::Waiting, &unseen, Reason::NotRolledBack)
}

/// A [`StepErrorKind`](super::step_error::StepErrorKind), except a lost lease and rows of a newer version, which end the time slice
/// at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    Retry {
        reason: Reason,
        after: Option<Duration>,
    },
    /// `has_progress`: before that, the time slice recorded progress. So the server is there, only slow, and no run makes progress
    /// without end.
    Paused {
        rest: Duration,
        has_progress: bool,
    },
    Permanent(Reason),
    Stuck(Reason),
}

impl Failure {
    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::Retry { reason, .. } | Self::Permanent(reason) | Self::Stuck(reason) => *reason,
            Self::Paused { .. } => Reason::SecureauthUnavailable,
        }
    }

    /// The shortest pause.
    fn after(&self) -> Duration {
        match self {
            Self::Paused { rest, .. } => *rest,
            Self::Retry { after, .. } => after.unwrap_or_default(),
            Self::Permanent(_) | Self::Stuck(_) => Duration::ZERO,
        }
    }
}

/// The pauses of a rollback, and after the point of no return. Their sum stays within the limit, however long SecureAuth asks to wait.
fn grown(schedules: &Schedules, used: usize, state: RunState, failure: &Failure, in_the_end: Reason) -> Next {
    if let Failure::Stuck(reason) = failure {
        return Next::Stuck(*reason);
    }
    let Some(next) = schedules.rollback_pause(used) else {
        return Next::Stuck(in_the_end);
    };
    // Ends after at most the list's length plus limit ÷ last pause rounds.
    let mut left = schedules.rollback_limit;
    for index in 0..used {
        left = left.saturating_sub(schedules.rollback_pause(index).unwrap_or_default());
        if left < next {
            break;
        }
    }
    if left < next {
        return Next::Stuck(in_the_end);
    }
    let after = next.max(failure.after().min(left));
    Next::Wait(Waiting {
        after,
        state,
        reason: failure.reason(),
        pauses_used: u32::try_from(schedules.used_after(used, after)).unwrap_or(u32::MAX),
    })
}

impl Schedules {
    /// The last one repeats.
    fn rollback_pause(&self, index: usize) -> Option<Duration> {
        self.rollback.get(index).or(self.rollback.last()).copied()
    }

    /// The wait before a rollback that SecureAuth asks for, and how many pauses of the rollback it uses up.
    pub(super) fn before_rollback(&self, asked: Duration) -> (Duration, u32) {
        let wait = asked.min(self.rollback_limit);
        let used = if wait.is_zero() { 0 } else { self.used_after(0, wait) };
        (wait, u32::try_from(used).unwrap_or(u32::MAX))
    }

    /// A wait that is longer than the next pause uses up as many pauses as it takes to be as long.
    fn used_after(&self, used: usize, wait: Duration) -> usize {
        let mut rest = wait;
        let mut index = used;
        while let Some(pause) = self.rollback.get(index).filter(|_| !rest.is_zero()) {
            rest = rest.saturating_sub(*pause);
            index += 1;
        }
        let last = self.rollback.last().map_or(1, |last| last.as_nanos().max(1));
        let more = rest.as_nanos().div_ceil(last);
        index
            .saturating_add(usize::try_from(more).unwrap_or(usize::MAX))
            .max(used.saturating_add(1))
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

    /// How long the run waits, and how many pauses it has used then.
    fn waits(journal: &JournalState, rolling_back: bool, used: u32, failure: Failure) -> Option<(Duration, u32)> {
        match next(journal, rolling_back, used, failure) {
            Next::Wait(Waiting {
                after,
                state,
                pauses_used,
                ..
            }) if rolling_back == (state == RunState::RollingBack) => Some((after, pauses_used)),
            _ => None,
        }
    }

    fn next(journal: &JournalState, rolling_back: bool, used: u32, failure: Failure) -> Next {
        after_failure(Kind::Enable, journal, rolling_back, used, &failure, &schedules())
    }

    #[test]
    fn pauses_follow_the_list_and_then_the_run_is_given_up() {
        assert_eq!(waits(&created(), false, 1, DOWN), Some((2 * SECOND, 2)));
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
        assert_eq!(waits(&created(), false, 0, slow_down), Some((60 * SECOND, 1)));
    }

    #[test]
    fn a_pause_of_secureauth_uses_up_a_pause_of_the_run_unless_the_time_slice_made_progress() {
        let paused = |has_progress| Failure::Paused {
            rest: 4 * SECOND,
            has_progress,
        };
        for (rolling_back, journal) in [(false, created()), (false, live()), (true, created())] {
            for (has_progress, used_then) in [(true, 1), (false, 2)] {
                let waits = waits(&journal, rolling_back, 1, paused(has_progress));
                assert_eq!(waits, Some((4 * SECOND, used_then)));
            }
        }
        assert!(matches!(next(&created(), false, 2, paused(true)), Next::Wait(_)));
        assert!(matches!(next(&created(), false, 2, paused(false)), Next::RollBack(_)));
    }

    #[test]
    fn a_permanent_refusal_is_rolled_back_at_once_if_anything_was_created() {
        let reason = Reason::SecureauthRefused;
        assert_eq!(next(&created(), false, 0, REFUSED), Next::RollBack(reason));
        assert_eq!(next(&JournalState::default(), false, 0, REFUSED), Next::Fail(reason));
    }

    #[test]
    fn after_the_point_of_no_return_the_run_waits_and_is_then_stuck_but_never_rolled_back() {
        for failure in [DOWN, REFUSED] {
            assert!(matches!(
                next(&live(), false, 0, failure),
                Next::Wait(Waiting {
                    state: RunState::Waiting,
                    ..
                })
            ));
            assert_eq!(
                next(&live(), false, 9, failure),
                Next::Stuck(Reason::ActivationNotRecorded)
            );
        }
    }

    #[test]
    fn a_rollback_repeats_its_last_pause_up_to_the_limit_and_is_then_stuck() {
        let waits = |used| waits(&created(), true, used, DOWN);
        assert_eq!(waits(0), Some((SECOND, 1)));
        assert_eq!(waits(2), Some((4 * SECOND, 3)));
        assert_eq!(next(&created(), true, 3, DOWN), Next::Stuck(Reason::NotRolledBack));
    }

    #[test]
    fn waits_that_secureauth_asks_for_count_towards_the_limit_of_a_rollback_and_end_with_it() {
        let asked = |seconds: u32| Failure::Retry {
            reason: Reason::SecureauthUnavailable,
            after: Some(seconds * SECOND),
        };
        let waits = |used, seconds| waits(&created(), true, used, asked(seconds));
        assert_eq!(waits(0, 6), Some((6 * SECOND, 3)), "1 and 4 seconds are less");
        assert_eq!(waits(1, 3600), Some((9 * SECOND, 4)), "a second of ten is over");
        assert_eq!(next(&created(), true, 4, asked(1)), Next::Stuck(Reason::NotRolledBack));
        assert_eq!(waits(0, 3600), Some((10 * SECOND, 4)));
    }
}
