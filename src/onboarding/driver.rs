//! Takes a run on by one slice: worker slot, lease, heart-beat, journal.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::{Instrument, info_span, warn};

use super::Onboarding;
use super::facts::Facts;
use super::gate::Gate;
use super::heartbeat::{Beat, Heartbeat, Hold};
use super::run_context::RunContext;
use crate::domain::ids::OnboardingId;
use crate::domain::reason::Reason;
use crate::domain::run::RunState;
use crate::store::{Lease, LeaseOutcome, LeasedRun, Release, StoreError};
use crate::telemetry::chain;
use ic_secureauth_api::CallContext;

/// What a slice came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// The slice is over; the run's message is to be sent again.
    MoreToDo,
    /// It ended in this state.
    Ended(RunState),
    /// It waits; the timer sends its message.
    Waiting,
    /// Another worker has it, or it is not due.
    NotNow,
    /// It had ended before.
    EndedBefore(RunState),
    /// Every worker slot of the tenant is taken; it is due again soon.
    NoSlot,
    /// The lease was lost on the way; another worker goes on.
    LeaseLost,
    /// There is no such run.
    Unknown,
}

impl Onboarding {
    /// Takes a run on by one slice. Any number of deliveries of its message are harmless.
    ///
    /// # Errors
    /// The database could not record the outcome, or the run needs a newer version: deliver the message again.
    pub async fn advance(&self, id: OnboardingId) -> Result<Advanced, StoreError> {
        let Some(slot) = self.slot.enter().await? else {
            self.parts.store.postpone(id, self.parts.run.no_slot_pause).await?;
            return Ok(Advanced::NoSlot);
        };
        let advanced = self.with_lease(id, slot.hold()).await;
        self.slot.leave(slot).await;
        match advanced {
            Err(StoreError::LeaseLost(_)) => Ok(Advanced::LeaseLost),
            advanced => advanced,
        }
    }

    async fn with_lease(&self, id: OnboardingId, slot: Arc<Hold>) -> Result<Advanced, StoreError> {
        let asked = Instant::now();
        let ttl = self.parts.run.lease;
        match self.parts.store.lease(id, self.worker, ttl).await? {
            LeaseOutcome::NotNow => Ok(Advanced::NotNow),
            LeaseOutcome::Finished(state) => Ok(Advanced::EndedBefore(state)),
            LeaseOutcome::Unknown => Ok(Advanced::Unknown),
            LeaseOutcome::Taken(leased) => {
                let run = &leased.run;
                let span = info_span!("run", onboarding_id = %run.id, biller_id = %run.biller_id);
                self.slice(*leased, asked, slot).instrument(span).await
            }
        }
    }

    async fn slice(&self, leased: LeasedRun, asked: Instant, slot: Arc<Hold>) -> Result<Advanced, StoreError> {
        let lease = leased.lease;
        if leased.took_over {
            return self.wait_out_previous_worker(&leased).await;
        }
        let (store, ttl) = (Arc::clone(&self.parts.store), self.parts.run.lease);
        let beat = Beat {
            ttl,
            every: self.parts.run.heartbeat,
        };
        let heart = Heartbeat::start(asked, beat, move || {
            let store = Arc::clone(&store);
            async move { store.renew(&lease, ttl).await.map(|()| true) }
        });
        let gate = Gate {
            lease: heart.hold(),
            slot,
            margin: self.parts.run.call_margin,
        };
        let journal = match self.parts.store.journal(leased.run.id).await {
            Ok(journal) => journal,
            Err(error) => {
                self.give_back(&lease).await;
                return Err(error);
            }
        };
        let mut context = RunContext {
            onboarding: self,
            facts: Facts::of(journal.into_iter().map(|recorded| recorded.entry)),
            lease,
            api: self.parts.secureauth.call(CallContext {
                correlation_id: leased.run.id.to_string(),
                traceparent: leased.run.traceparent.clone(),
                gate: Some(Arc::new(gate)),
            }),
            slice_end: Instant::now() + self.parts.run.slice,
            payload_schema: None,
            run: leased.run,
        };
        let advanced = context.work().await;
        drop(heart);
        advanced
    }

    /// A worker that lost its lease may still have calls in flight; they end within the longest deadline.
    async fn wait_out_previous_worker(&self, leased: &LeasedRun) -> Result<Advanced, StoreError> {
        let state = match leased.run.state {
            RunState::TakingBack => RunState::TakingBack,
            _ => RunState::Waiting,
        };
        warn!("the worker before did not give its lease up; its calls are waited out");
        let release = Release::Wait {
            after: self.longest_call(),
            state,
            waiting_for: Reason::PreviousWorker,
            reason: None,
            pauses_used: leased.run.pauses_used,
        };
        self.parts.store.release(&leased.lease, &release).await?;
        Ok(Advanced::Waiting)
    }

    /// Gives the lease up for whoever can go on; one that cannot be given up expires.
    pub(super) async fn give_back(&self, lease: &Lease) {
        let release = Release::Continue {
            resend: self.parts.run.resend_first,
        };
        if let Err(error) = self.parts.store.release(lease, &release).await {
            warn!(error = %chain(&error), "a lease is left to expire");
        }
    }
}
