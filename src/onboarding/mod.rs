//! The saga: accepts events, drives runs through their steps, and takes back what a run created when it cannot finish.
//!
//! The invariant (design.md §1): every run ends Succeeded, Failed with everything taken back, or Stuck and reported.
//! [`driver`] gets slot and lease, [`slice`] does the next steps, [`steps`] holds one file per step with its `undo` beside it,
//! [`taking_back`] orders the undoing, [`facts`] is the journal folded, [`failure`] says what follows from a failure.

mod driver;
mod facts;
mod failure;
mod gate;
mod heartbeat;
mod look;
mod naming;
mod ownership;
pub mod plan;
mod run_context;
mod slice;
mod steps;
mod taking_back;
mod worker_slot;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use driver::Advanced;
pub use failure::Schedules;

use crate::domain::ids::{BillerId, EventId, OnboardingId, RequestedBy, WorkerId};
use crate::domain::wish::{Source, Wish};
use crate::settings::{Onboarding as OnboardingSettings, Run as RunSettings};
use crate::store::{Acceptance, BillerView, DueRun, Resend, Store, StoreError};
use crate::world::{Clock, IdSource};
use ic_secureauth_api::SecureAuth;

/// Most due runs one timer claims (design.md §3).
const DUE_RUNS: u32 = 500;
/// Most issues `GET` shows.
const ISSUES_SHOWN: u32 = 100;

/// What the saga works with.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// SecureAuth.
    pub secureauth: SecureAuth,
    /// The tenant's id: part of every derived id.
    pub tenant_id: String,
    /// The schema every user's payload follows (K1).
    pub payload_schema_id: String,
    /// Calls in flight of this process.
    pub max_in_flight: usize,
    /// Attempts of one call (R1).
    pub attempts: u32,
    /// Worker slots of the tenant.
    pub workers: u32,
    /// What is sent.
    pub settings: OnboardingSettings,
    /// When and how long.
    pub run: RunSettings,
    /// The wall clock, for ids and markers.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<IdSource>,
}

/// The saga.
#[derive(Debug)]
pub struct Onboarding {
    parts: Parts,
    worker: WorkerId,
    slot: worker_slot::WorkerSlot,
    schedules: Schedules,
    stale: AtomicBool,
}

/// One event, parsed.
#[derive(Debug)]
pub struct Event {
    /// The biller it is about.
    pub biller_id: BillerId,
    /// Toggle Yes, or checkbox set.
    pub enable: bool,
    /// Who sent it.
    pub source: Source,
    /// The person behind it.
    pub requested_by: RequestedBy,
    /// The caller's id of the event.
    pub event_id: Option<EventId>,
    /// Tells a repeated event from a reused id.
    pub fingerprint: String,
    /// The trace it came with (W3C).
    pub traceparent: Option<String>,
}

impl Onboarding {
    /// A worker of its own: leases and slots it takes carry a new id.
    pub fn new(parts: Parts) -> Self {
        let worker = WorkerId(parts.ids.uuid());
        let beat = heartbeat::Beat {
            ttl: parts.run.lease,
            every: parts.run.heartbeat,
        };
        let slot = worker_slot::WorkerSlot::new(Arc::clone(&parts.store), worker, parts.workers, beat);
        let schedules = Schedules {
            run: parts.run.pauses.clone(),
            rollback: parts.run.rollback_pauses.clone(),
            rollback_limit: parts.run.rollback_time_limit,
        };
        Self {
            parts,
            worker,
            slot,
            schedules,
            stale: AtomicBool::new(false),
        }
    }

    /// SecureAuth refused the credentials: whoever made this saga reads them again and makes another one. Runs under way
    /// wait and are taken on by that one.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Records an event with what follows from it.
    ///
    /// # Errors
    /// The database's; nothing is recorded then.
    pub async fn accept(&self, event: Event) -> Result<Acceptance, StoreError> {
        let id = self.parts.ids.uuid_at(self.parts.clock.now());
        let wish = Wish {
            biller_id: event.biller_id,
            enable: event.enable,
            source: event.source,
            requested_by: event.requested_by,
            event_id: event.event_id,
            fingerprint: event.fingerprint,
            onboarding_id: OnboardingId(id),
            traceparent: event.traceparent,
        };
        self.parts.store.accept(&wish, self.resend()).await
    }

    /// What `GET` shows; `None` when there is no such biller.
    ///
    /// # Errors
    /// The database's.
    pub async fn view(&self, biller: &BillerId) -> Result<Option<BillerView>, StoreError> {
        self.parts.store.biller(biller, ISSUES_SHOWN).await
    }

    /// The runs whose message is to be sent (again), each claimed once.
    ///
    /// # Errors
    /// The database's; nothing is claimed then.
    pub async fn claim_due(&self) -> Result<Vec<DueRun>, StoreError> {
        self.parts.store.claim_due(DUE_RUNS, self.resend()).await
    }

    fn resend(&self) -> Resend {
        Resend {
            first: self.parts.run.resend_first,
            longest: self.parts.run.resend_longest,
        }
    }

    /// The longest time a call that was started may still have an effect.
    fn longest_call(&self) -> Duration {
        self.parts.secureauth.longest_deadline()
    }
}
