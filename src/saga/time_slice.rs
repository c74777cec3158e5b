//! One time slice of a run: does steps until the run ends, pauses or the time is over, and acts on failures.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::driver::Advanced;
use super::failure::{Failure, Next, Waiting, after_failure, while_unseen};
use super::journal_state::Verified;
use super::run_context::RunContext;
use super::step_error::{StepError, StepErrorKind};
use super::{rollback, steps};
use crate::domain::operation::names;
use crate::domain::reason::Reason;
use crate::domain::run::RunState;
use crate::domain::run_error::{ErrorDetails, RunError};
use crate::store::{Batch, Ending, Release, StoreError};
use crate::telemetry::chain;

impl RunContext<'_> {
    /// Does steps until the run ends, pauses, or the time slice is over.
    pub(super) async fn work(&mut self) -> Result<Advanced, StoreError> {
        if self.run.take_overs >= self.times().max_take_overs {
            return self.give_up_on_take_overs().await;
        }
        if let Err(error) = self.keep_settings().await {
            return self.failed(error).await;
        }
        loop {
            match self.next().await {
                Ok(Some(ending)) => match self.end(&ending, None).await {
                    Ok(advanced) => return Ok(advanced),
                    Err(error) => return self.failed(StepError::from(error)).await,
                },
                // Verified users are not verified again before the organization goes live.
                Ok(None) if self.time_slice_is_over() && self.journal.sync.verified != Verified::InThisTimeSlice => {
                    return self.go_on_later().await;
                }
                Ok(None) => {}
                Err(Pause::Failed(error)) => return self.failed(error).await,
                Err(Pause::Recheck) => {
                    let after = self.times().recheck_after.max(self.guard.late().unwrap_or_default());
                    let waiting = Waiting {
                        after,
                        state: RunState::RollingBack,
                        reason: Reason::Recheck,
                        pauses_used: 0,
                    };
                    return self.wait(waiting, None).await;
                }
            }
        }
    }

    /// Every worker so far ended at the same place and did not release its lease. A run that goes forward is rolled back,
    /// because a rollback need not come to that place. Any other run is stuck, so that it does not end the workers of all
    /// other runs.
    async fn give_up_on_take_overs(&mut self) -> Result<Advanced, StoreError> {
        let take_overs = self.run.take_overs;
        error!(take_overs, "every worker of the run ended without releasing it");
        let is_undecided = self.journal.point_of_no_return() || self.journal.flag_is_unconfirmed();
        if self.is_rolling_back() || is_undecided {
            return self.end(&Ending::Stuck(Reason::WorkerLost), None).await;
        }
        self.failed(StepError::permanent(Reason::WorkerLost)).await
    }

    fn is_rolling_back(&self) -> bool {
        self.run.state == RunState::RollingBack || self.journal.rollback.is_some()
    }

    /// Does the next step; `Some` when the run can end.
    async fn next(&mut self) -> Result<Option<Ending>, Pause> {
        if self.is_rolling_back() {
            return rollback::next(self).await;
        }
        let Some(step) = self.journal.next_step(self.run.kind) else {
            return Ok(None);
        };
        // A step that is done again, as the verification in each time slice, is no progress.
        if self.run.step < Some(step) {
            self.run.step = Some(step);
            // Reaching a new step is progress, so the pauses start anew.
            let batch = Batch {
                step: Some(step),
                is_progress: true,
                ..Batch::default()
            };
            self.write(batch).await.map_err(StepError::from)?;
            debug!(%step, "step begins");
        }
        Ok(steps::run(self, step).await?)
    }

    async fn end(&mut self, ending: &Ending, error: Option<&RunError>) -> Result<Advanced, StoreError> {
        let has_ended = !matches!(ending, Ending::Stuck(_));
        if has_ended && (self.journal.pool_users.complete || self.run.listing.is_some()) {
            self.store().forget_pool_users(&self.lease).await?;
        }
        self.store().finish(&self.lease, ending, error).await?;
        let state = match ending {
            Ending::Failed(reason) => {
                warn!(
                    %reason,
                    "the run failed; nothing it created is left in SecureAuth"
                );
                RunState::Failed
            }
            Ending::Stuck(reason) => {
                let left = self.journal.leftovers();
                let commands = names(reason.commands());
                error!(
                    %reason,
                    left,
                    commands,
                    "the run is stuck until an operator acts"
                );
                RunState::Stuck
            }
            Ending::Activated { .. } | Ending::Synced { .. } | Ending::Deactivated => {
                let progress = self.run.progress;
                info!(
                    users = progress.users_total,
                    imported = progress.imported,
                    changed = progress.changed,
                    deactivated = progress.deactivated,
                    reactivated = progress.reactivated,
                    linked = progress.linked,
                    already_present = progress.already_present,
                    skipped = progress.skipped,
                    failed = progress.failed,
                    "the run succeeded"
                );
                RunState::Succeeded
            }
        };
        Ok(Advanced::Ended(state))
    }

    async fn go_on_later(&mut self) -> Result<Advanced, StoreError> {
        let release = Release::Continue {
            resend: self.times().resend_first,
            late: self.guard.late(),
        };
        self.saga.release(&self.lease, release).await?;
        Ok(Advanced::MoreToDo)
    }

    async fn failed(&mut self, error: StepError) -> Result<Advanced, StoreError> {
        let StepError { kind, details } = error;
        if kind.only_takes_longer(self.guard.has_progress()) {
            return self.go_on_later().await;
        }
        let mut details = details.map(|details| *details).unwrap_or_default();
        let asked = kind.asked_for();
        let failure = match kind {
            StepErrorKind::LeaseLost => return Ok(self.lease_lost().await),
            StepErrorKind::Store(error @ StoreError::Newer { .. }) => {
                self.saga.give_back(&self.lease, &self.run, self.guard.late()).await;
                return Err(error);
            }
            StepErrorKind::Store(error) => {
                error!(error = %chain(&error), "the database failed");
                // A call that failed before the database did is not the cause.
                details = ErrorDetails {
                    cause: Some(chain(&error).to_string()),
                    ..ErrorDetails::default()
                };
                Failure::Retry {
                    reason: Reason::DatabaseUnavailable,
                    after: None,
                }
            }
            StepErrorKind::Retry { reason, after } => {
                if matches!(reason, Reason::CredentialsRefused | Reason::TenantUnknown) {
                    self.saga.stale.store(true, Ordering::Relaxed);
                }
                Failure::Retry { reason, after }
            }
            StepErrorKind::Paused { rest } | StepErrorKind::NoTurn { rest } => Failure::Paused {
                rest,
                has_progress: self.guard.has_progress(),
            },
            StepErrorKind::Permanent(reason) => Failure::Permanent(reason),
            StepErrorKind::Stuck(reason) => Failure::Stuck(reason),
        };
        let now = self.dependencies().clock.now();
        let error = Box::new(RunError::new(failure.reason(), details, now));
        let next = match self.what_follows(&failure) {
            Next::RollBack(_) if self.journal.flag_is_unconfirmed() => match self.shows_the_flag().await {
                Ok(false) => self.what_follows(&failure),
                Ok(true) => {
                    info!("SecureAuth shows the new `deactivated` flag, so there is no rollback");
                    self.journal.flag_confirmed = true;
                    self.what_follows(&failure)
                }
                Err(error) if matches!(error.kind, StepErrorKind::LeaseLost) => return Ok(self.lease_lost().await),
                Err(unseen) => {
                    warn!("cannot read the organization's `deactivated` flag; rollback postponed");
                    while_unseen(self.run.pauses_used, unseen.kind.asked_for(), &self.saga.schedules)
                }
            },
            next => next,
        };
        match next {
            Next::Wait(waiting) => self.wait(waiting, Some(error)).await,
            Next::Fail(reason) => self.end(&Ending::Failed(reason), Some(&error)).await,
            Next::Stuck(reason) => self.end(&Ending::Stuck(reason), Some(&error)).await,
            Next::RollBack(reason) => self.begin_rollback(reason, asked, error).await,
        }
    }

    fn what_follows(&self, failure: &Failure) -> Next {
        after_failure(
            self.run.kind,
            &self.journal,
            self.is_rolling_back(),
            self.run.pauses_used,
            failure,
            &self.saga.schedules,
        )
    }

    async fn wait(&mut self, waiting: Waiting, error: Option<Box<RunError>>) -> Result<Advanced, StoreError> {
        let Waiting {
            after,
            state,
            reason,
            pauses_used,
        } = waiting;
        warn!(waiting_for = %reason, ?after, pauses_used, "the run pauses");
        let release = Release::Wait {
            after,
            state,
            waiting_for: reason,
            error,
            pauses_used,
            late: self.guard.late(),
        };
        self.saga.release(&self.lease, release).await?;
        Ok(Advanced::Waiting)
    }

    /// Starts the rollback once calls without an answer have ended, and once the wait is over that SecureAuth `asked` for; at once when
    /// every call was answered and it asked for none. After crashes it waits until the host has forgotten them
    /// (docs/decisions.md#take-overs-are-counted).
    async fn begin_rollback(
        &mut self,
        reason: Reason,
        asked: Duration,
        error: Box<RunError>,
    ) -> Result<Advanced, StoreError> {
        warn!(%reason, "rollback begins");
        rollback::start(self, reason, Some(error)).await?;
        let late = self.guard.late();
        let (asked, pauses_used) = self.saga.schedules.before_rollback(asked);
        let (waiting_for, shortest) = match reason {
            Reason::WorkerLost => (reason, self.times().crash_pause),
            _ if asked.is_zero() => (Reason::PreviousWorker, Duration::ZERO),
            _ => (Reason::SecureauthUnavailable, asked),
        };
        let after = late.unwrap_or_default().max(shortest);
        let release = Release::Wait {
            after,
            state: RunState::RollingBack,
            waiting_for,
            error: None,
            pauses_used,
            late,
        };
        self.saga.release(&self.lease, release).await?;
        Ok(if after.is_zero() {
            Advanced::MoreToDo
        } else {
            Advanced::Waiting
        })
    }

    /// This worker may not call SecureAuth any more. Unless another one has the lease already, it gives the lease back.
    async fn lease_lost(&self) -> Advanced {
        if self.guard.lease_is_taken() {
            warn!("lost the lease; another worker continues the run");
        } else if self.guard.is_closing() {
            info!("the process is to end; the run is given back");
            self.saga.give_back(&self.lease, &self.run, self.guard.late()).await;
        } else {
            warn!("the lease or the worker slot could not be renewed in time; the run is given back");
            self.saga.give_back(&self.lease, &self.run, self.guard.late()).await;
        }
        Advanced::LeaseLost
    }

    /// The time slice was cut off. If the process is to end, the run is given back: calls that were in flight may still take
    /// effect. Otherwise the lease expires and counts as a take-over, so that a run that hangs each time ends.
    pub(super) async fn cut_off(&self) -> Advanced {
        if self.guard.is_closing() {
            warn!("the process is to end, and calls of the run are in flight; the run is given back");
            let late = self.saga.longest_call() + self.times().call_margin;
            let late = self.guard.late().unwrap_or_default().max(late);
            self.saga.give_back(&self.lease, &self.run, Some(late)).await;
        } else {
            error!("the time slice does not end by itself; it is cut off before the host kills the process");
        }
        Advanced::LeaseLost
    }
}

/// Why the time slice ends before the run does.
#[derive(Debug)]
pub(super) enum Pause {
    /// A step failed.
    Failed(StepError),
    /// Everything is rolled back; the recheck follows after `RECHECK_AFTER`.
    Recheck,
}

impl<E: Into<StepError>> From<E> for Pause {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
