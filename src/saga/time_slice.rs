//! One time slice of a run: the next steps until it ends or the time slice does, and what follows from a failure.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::driver::Advanced;
use super::failure::{Failure, Next, StepError, after_failure, while_unseen};
use super::run_context::RunContext;
use super::{rollback, steps};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run::RunState;
use crate::store::{Batch, Ending, Release, StoreError};
use crate::telemetry::chain;

impl RunContext<'_> {
    /// Does steps until the run ends, pauses, or the time slice is over.
    pub(super) async fn work(&mut self) -> Result<Advanced, StoreError> {
        loop {
            match self.next().await {
                Ok(Some(ending)) => match self.end(&ending).await {
                    Ok(advanced) => return Ok(advanced),
                    Err(error) => return self.failed(StepError::from(error)).await,
                },
                Ok(None) if self.time_slice_is_over() => return self.go_on_later().await,
                Ok(None) => {}
                Err(Pause::Failed(error)) => return self.failed(error).await,
                Err(Pause::Recheck) => {
                    let after = self.times().recheck_after;
                    return self.wait(after, RunState::RollingBack, Reason::Recheck, 0).await;
                }
            }
        }
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
        if self.run.step != Some(step) {
            self.run.step = Some(step);
            // A step that was not reached before is progress.
            let batch = Batch {
                step: Some(step),
                resets_pauses: true,
                ..Batch::default()
            };
            self.write(batch).await.map_err(StepError::from)?;
            debug!(%step, "step begins");
        }
        Ok(steps::run(self, step).await?)
    }

    async fn end(&mut self, ending: &Ending) -> Result<Advanced, StoreError> {
        self.store().finish(&self.lease, ending).await?;
        let state = match ending {
            Ending::Failed(reason) => {
                warn!(
                    %reason,
                    "the run failed; nothing of it is left in SecureAuth"
                );
                RunState::Failed
            }
            Ending::Stuck(reason) => {
                let left = self.leftovers();
                error!(
                    %reason,
                    left, "the run is stuck; an operator has to take it on"
                );
                RunState::Stuck
            }
            Ending::Activated { .. } | Ending::Synced { .. } | Ending::Deactivated => {
                let progress = self.run.progress;
                info!(
                    users = progress.users_total,
                    imported = progress.imported,
                    already_present = progress.already_present,
                    skipped = progress.skipped,
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
        };
        self.store().release(&self.lease, &release).await?;
        Ok(Advanced::MoreToDo)
    }

    async fn failed(&mut self, error: StepError) -> Result<Advanced, StoreError> {
        let failure = match error {
            StepError::LeaseLost => {
                warn!("the lease is lost; another worker goes on");
                return Ok(Advanced::LeaseLost);
            }
            StepError::Store(error @ StoreError::Newer { .. }) => {
                self.saga.give_back(&self.lease).await;
                return Err(error);
            }
            StepError::Store(error) => {
                error!(error = %chain(&error), "the database failed");
                Failure::Retry {
                    reason: Reason::DatabaseUnavailable,
                    after: None,
                }
            }
            StepError::Retry { reason, after } => {
                if reason == Reason::CredentialsRefused {
                    self.saga.stale.store(true, Ordering::Relaxed);
                }
                Failure::Retry { reason, after }
            }
            StepError::Permanent(reason) => Failure::Permanent(reason),
            StepError::Stuck(reason) => Failure::Stuck(reason),
        };
        let next = match self.what_follows(&failure) {
            Next::RollBack(_) if self.journal.switch_is_open() => match self.shows_the_switch().await {
                Ok(false) => self.what_follows(&failure),
                Ok(true) => {
                    info!("the switch shows although its answer did not confirm it: nothing is rolled back");
                    self.journal.switched = true;
                    self.what_follows(&failure)
                }
                Err(StepError::LeaseLost) => return Ok(Advanced::LeaseLost),
                Err(_) => {
                    warn!("nothing is rolled back before it is seen what the switch shows, and it cannot be seen");
                    while_unseen(self.run.pauses_used, &self.saga.schedules)
                }
            },
            next => next,
        };
        match next {
            Next::Wait {
                after,
                state,
                reason,
                pauses_used,
            } => self.wait(after, state, reason, pauses_used).await,
            Next::Fail(reason) => self.end(&Ending::Failed(reason)).await,
            Next::Stuck(reason) => self.end(&Ending::Stuck(reason)).await,
            Next::RollBack(reason) => self.begin_rollback(reason).await,
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

    async fn wait(
        &mut self,
        after: Duration,
        state: RunState,
        reason: Reason,
        pauses_used: u32,
    ) -> Result<Advanced, StoreError> {
        warn!(waiting_for = %reason, ?after, pauses_used, "the run pauses");
        let release = Release::Wait {
            after,
            state,
            waiting_for: reason,
            reason: None,
            pauses_used,
        };
        self.store().release(&self.lease, &release).await?;
        Ok(Advanced::Waiting)
    }

    /// Calls of this run that were given up may still arrive; they are waited out before the first undo.
    async fn begin_rollback(&mut self, reason: Reason) -> Result<Advanced, StoreError> {
        warn!(%reason, "what the run created is rolled back");
        self.note(Entry::RollbackStarted {
            reason: reason.to_string(),
        })
        .await?;
        let release = Release::Wait {
            after: self.saga.longest_call(),
            state: RunState::RollingBack,
            waiting_for: Reason::PreviousWorker,
            reason: Some(reason),
            pauses_used: 0,
        };
        self.store().release(&self.lease, &release).await?;
        Ok(Advanced::Waiting)
    }
}

/// Why a run does not go on right now.
#[derive(Debug)]
pub(super) enum Pause {
    /// A step failed.
    Failed(StepError),
    /// Everything is undone; it is looked for once more after a while.
    Recheck,
}

impl<E: Into<StepError>> From<E> for Pause {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
