//! The saga: accepts events, drives runs through their steps, and rolls back what a run created when it cannot finish.
//!
//! The invariant (design.md §1): every run ends Succeeded, Failed with everything rolled back, or Stuck and reported.
//! [`driver`] gets slot and lease, [`time_slice`] does the next steps, [`steps`] holds one file per step with its `undo` beside it,
//! [`rollback`] orders the undoing, [`journal_state`] is the journal folded, [`failure`] says what follows from a failure.

mod driver;
mod failure;
mod heartbeat;
mod journal_state;
mod lease_guard;
mod look;
mod naming;
mod ownership;
pub mod preview;
mod rollback;
mod run_context;
mod steps;
mod time_slice;
mod worker_slot;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use driver::Advanced;
pub use failure::Schedules;

use crate::clock::{Clock, IdSource};
use crate::domain::ids::{BillerId, OnboardingId, WorkerId};
use crate::domain::toggle_event::ToggleEvent;
use crate::settings::{OnboardingSettings, RunSettings};
use crate::store::{Acceptance, BillerView, DueRun, Resend, Store, StoreError};
use ic_secureauth_api::SecureAuth;

/// Most due runs one timer claims (design.md §3).
const DUE_RUNS: u32 = 500;
/// Most issues `GET` shows.
const ISSUES_SHOWN: u32 = 100;

/// What the saga works with.
#[derive(Debug)]
pub struct Dependencies {
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
pub struct Saga {
    dependencies: Dependencies,
    worker: WorkerId,
    slot: worker_slot::WorkerSlot,
    schedules: Schedules,
    stale: AtomicBool,
}

impl Saga {
    /// A worker of its own: leases and slots it takes carry a new id.
    pub fn new(dependencies: Dependencies) -> Self {
        let worker = WorkerId(dependencies.ids.uuid());
        let beat = heartbeat::Beat {
            ttl: dependencies.run.lease,
            every: dependencies.run.heartbeat,
        };
        let slot = worker_slot::WorkerSlot::new(Arc::clone(&dependencies.store), worker, dependencies.workers, beat);
        let schedules = Schedules {
            run: dependencies.run.pauses.clone(),
            rollback: dependencies.run.rollback_pauses.clone(),
            rollback_limit: dependencies.run.rollback_time_limit,
        };
        Self {
            dependencies,
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

    /// An id for the run that an event may start.
    pub fn new_run_id(&self) -> OnboardingId {
        OnboardingId(self.dependencies.ids.uuid_at(self.dependencies.clock.now()))
    }

    /// Records an event with what follows from it.
    ///
    /// # Errors
    /// The database's; nothing is recorded then.
    pub async fn accept(&self, event: &ToggleEvent) -> Result<Acceptance, StoreError> {
        self.dependencies.store.accept(event, self.resend()).await
    }

    /// What `GET` shows; `None` when there is no such biller.
    ///
    /// # Errors
    /// The database's.
    pub async fn view(&self, biller: &BillerId) -> Result<Option<BillerView>, StoreError> {
        self.dependencies.store.biller(biller, ISSUES_SHOWN).await
    }

    /// The runs whose message is to be sent (again), each claimed once.
    ///
    /// # Errors
    /// The database's; nothing is claimed then.
    pub async fn claim_due(&self) -> Result<Vec<DueRun>, StoreError> {
        self.dependencies.store.claim_due(DUE_RUNS, self.resend()).await
    }

    fn resend(&self) -> Resend {
        Resend {
            first: self.dependencies.run.resend_first,
            longest: self.dependencies.run.resend_longest,
        }
    }

    /// The longest time a call that was started may still have an effect.
    fn longest_call(&self) -> Duration {
        self.dependencies.secureauth.longest_deadline()
    }
}
