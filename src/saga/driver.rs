//! Runs one time slice of a run: takes worker slot and lease, starts the heart-beat, reads the journal.

use std::sync::Arc;
use std::time::Duration;

use strum::Display;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info, info_span, warn};

use super::Saga;
use super::give_back::paused;
use super::heartbeat::{Beat, Heartbeat, Hold};
use super::journal_state::JournalState;
use super::kept_settings::KeptSettings;
use super::lease_guard::{Ends, LeaseGuard};
use super::run_context::RunContext;
use super::worker_slot::SlotUse;
use crate::domain::ids::OnboardingId;
use crate::domain::reason::Reason;
use crate::domain::run::RunState;
use crate::store::{LeaseOutcome, LeasedRun, Release, StoreError};
use ic_secureauth_api::{CallContext, CallGuard};

/// How often a delivery that waits for a worker slot looks for one.
const SLOT_LOOKS: u32 = 6;
/// How long calls in flight may take when the process is to end.
const CLOSING_PATIENCE: Duration = Duration::from_secs(12);
/// How much longer than its latest end, and its longest call, a time slice may take. The settings leave more than that
/// before the host kills the process.
const OVERTIME: Duration = Duration::from_secs(15);

/// The result of one time slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[strum(serialize_all = "snake_case")]
pub enum Advanced {
    /// The time slice is over and the run is not: its message has to be sent again.
    MoreToDo,
    /// The run ended in this state, or is stuck.
    #[strum(to_string = "{0}")]
    Ended(RunState),
    /// The run pauses; the timer sends its message when it is due.
    Waiting,
    /// Another worker has the run, or it is not due yet.
    NotNow,
    /// The run had ended in this state before.
    #[strum(to_string = "already_{0}")]
    EndedBefore(RunState),
    /// Every worker slot of the tenant stayed taken for `NO_SLOT_PAUSE`; the run is due again after another one.
    NoSlot,
    /// This worker lost the lease; another worker continues the run.
    LeaseLost,
    /// There is no such run.
    Unknown,
}

impl Saga {
    /// Runs one time slice of a run. A message that is delivered more than once does no harm.
    ///
    /// # Errors
    /// The database could not record the outcome, or a newer version wrote the run: deliver the message again.
    pub async fn advance(&self, id: OnboardingId) -> Result<Advanced, StoreError> {
        let Some(slot) = self.wait_for_slot().await? else {
            self.dependencies
                .store
                .postpone(id, self.dependencies.run.no_slot_pause)
                .await?;
            return Ok(Advanced::NoSlot);
        };
        let advanced = Box::pin(self.with_lease(id, slot.hold())).await;
        self.slot.leave(slot).await;
        match advanced {
            Err(StoreError::LeaseLost(_)) => Ok(Advanced::LeaseLost),
            advanced => advanced,
        }
    }

    /// Waits for a worker slot up to `NO_SLOT_PAUSE` (docs/decisions.md#waiting-for-a-worker-slot). A process without a slot has
    /// no other work, and while the delivery waits here, its message is not sent again.
    async fn wait_for_slot(&self) -> Result<Option<SlotUse>, StoreError> {
        let longest = self.dependencies.run.no_slot_pause;
        let end = Instant::now() + longest;
        loop {
            let slot = self.slot.enter().await?;
            if slot.is_some() || Instant::now() >= end || self.dependencies.closing.is_cancelled() {
                return Ok(slot);
            }
            tokio::time::sleep(longest / SLOT_LOOKS).await;
        }
    }

    async fn with_lease(&self, id: OnboardingId, slot: Arc<Hold>) -> Result<Advanced, StoreError> {
        let asked = Instant::now();
        let ttl = self.dependencies.run.lease;
        match self.dependencies.store.lease(id, self.worker, ttl).await? {
            LeaseOutcome::NotNow => Ok(Advanced::NotNow),
            LeaseOutcome::Finished(state) => Ok(Advanced::EndedBefore(state)),
            LeaseOutcome::Unknown => Ok(Advanced::Unknown),
            LeaseOutcome::Taken(leased) => {
                let run = &leased.run;
                let span = info_span!("run", onboarding_id = %run.id, biller_id = %run.biller_id);
                self.time_slice(*leased, asked, slot).instrument(span).await
            }
        }
    }

    async fn time_slice(&self, leased: LeasedRun, asked: Instant, slot: Arc<Hold>) -> Result<Advanced, StoreError> {
        let lease = leased.lease;
        if leased.took_over {
            return self.wait_out_previous_worker(&leased).await;
        }
        let (store, ttl) = (Arc::clone(&self.dependencies.store), self.dependencies.run.lease);
        let beat = Beat {
            ttl,
            every: self.dependencies.run.heartbeat,
        };
        let heart = Heartbeat::start(asked, beat, move || {
            let store = Arc::clone(&store);
            async move { store.renew(&lease, ttl).await.map(|()| true) }
        });
        let margin = self.dependencies.run.call_margin;
        let (now, times) = (Instant::now(), &self.dependencies.run);
        let time_slice_end = now + times.time_slice;
        let ends = Ends {
            usual: time_slice_end,
            latest: now + times.longest_slice.max(times.time_slice),
        };
        let closing = self.dependencies.closing.clone();
        let guard = Arc::new(LeaseGuard::new(heart.hold(), slot, margin, ends, leased.late, closing));
        let read = self.read_journal(leased.run.id).await;
        let (journal, kept) = match read {
            Ok(read) => read,
            Err(error) => {
                self.give_back(&lease, &leased.run, leased.late).await;
                return Err(error);
            }
        };
        let mut context = RunContext {
            saga: self,
            journal,
            kept,
            lease,
            api: self.dependencies.secureauth.call(CallContext {
                correlation_id: leased.run.id.to_string(),
                traceparent: leased.run.traceparent.clone(),
                guard: Some(Arc::clone(&guard) as Arc<dyn CallGuard>),
            }),
            time_slice_end,
            guard: Arc::clone(&guard),
            share: self.shares.enter(),
            organization_seen: None,
            run: leased.run,
        };
        // On the heap: a run is large.
        let work = Box::pin(context.work());
        let latest = ends.latest + self.longest_call() + OVERTIME;
        let worked = within_patience(work, latest, &self.dependencies.closing).await;
        let advanced = match worked {
            Some(advanced) => advanced,
            None => Ok(context.cut_off().await),
        };
        drop(heart);
        info!(calls = guard.calls(), "the time slice made its calls");
        advanced
    }

    async fn read_journal(&self, id: OnboardingId) -> Result<(JournalState, KeptSettings), StoreError> {
        let journal = self.dependencies.store.journal(id).await?;
        let journal = JournalState::of(journal.into_iter().map(|recorded| recorded.entry));
        let kept = KeptSettings::of(journal.kept.as_ref(), &self.dependencies)?;
        Ok((journal, kept))
    }

    /// The previous worker lost its lease but may still have calls in flight. They end within the longest deadline.
    async fn wait_out_previous_worker(&self, leased: &LeasedRun) -> Result<Advanced, StoreError> {
        warn!(
            take_overs = leased.run.take_overs,
            "the previous worker's lease expired; the run waits until its calls have ended"
        );
        let release = Release::Wait {
            after: self.longest_call(),
            state: paused(leased.run.state),
            waiting_for: Reason::PreviousWorker,
            error: None,
            pauses_used: leased.run.pauses_used,
            late: Some(self.longest_call()),
        };
        self.release(&leased.lease, release).await?;
        Ok(Advanced::Waiting)
    }
}

/// Whatever a time slice hangs on: it ends before the host kills the process, and soon when the process is to end. `None`: the work was
/// cut off.
async fn within_patience<T>(work: impl Future<Output = T>, latest: Instant, closing: &CancellationToken) -> Option<T> {
    let closed = async {
        closing.cancelled().await;
        tokio::time::sleep(CLOSING_PATIENCE).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = closed => None,
        () = tokio::time::sleep_until(latest) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LATEST: Duration = Duration::from_mins(8);

    /// What came of the work, and when.
    async fn ended<T>(work: impl Future<Output = T>, closing: &CancellationToken) -> (Option<T>, Duration) {
        let begun = Instant::now();
        let done = within_patience(work, begun + LATEST, closing).await;
        (done, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn work_whose_answer_never_comes_is_cut_off_at_the_latest_end_without_any_signal() {
        let closing = CancellationToken::new();
        let (done, after) = ended(pending::<()>(), &closing).await;
        assert_eq!(done, None);
        assert!((LATEST..LATEST + Duration::from_secs(1)).contains(&after), "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_before_that_is_not_cut_off() {
        let closing = CancellationToken::new();
        let work = async {
            tokio::time::sleep(LATEST / 2).await;
            "done"
        };
        assert_eq!(ended(work, &closing).await.0, Some("done"));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_when_the_process_is_to_end_is_cut_off_soon() {
        let closing = CancellationToken::new();
        closing.cancel();
        let (done, after) = ended(pending::<()>(), &closing).await;
        assert_eq!(done, None);
        assert!(after < CLOSING_PATIENCE + Duration::from_secs(1), "{after:?}");
    }
}
