//! The saga: accepts toggle events, drives runs through their steps, and rolls a run back when it cannot finish.
//!
//! Every run ends succeeded, failed and rolled back, or stuck and reported (docs/ARCHITECTURE.md#invariant). `driver`
//! takes worker slot and lease, `time_slice` does the next steps, `steps` holds one file per step and its rollback,
//! `rollback` orders the rollback, `journal_state` folds the journal, `failure` decides what follows from a
//! failure.

mod driver;
mod failure;
mod first_sign_in;
mod give_back;
mod heartbeat;
mod journal_state;
mod kept_settings;
mod lease_guard;
mod leftovers;
mod look;
mod naming;
mod ownership;
pub mod preview;
mod rollback;
mod run_context;
mod shares;
mod step_error;
mod steps;
mod stuck_runs;
mod time_slice;
mod worker_slot;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use driver::Advanced;
pub use failure::Schedules;
pub use first_sign_in::SignInOfRun;
pub use leftovers::{commands_of, leftovers};

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, IdSource};
use crate::domain::ids::{BillerId, OnboardingId, WorkerId};
use crate::domain::run::Run;
use crate::domain::toggle_event::ToggleEvent;
pub use crate::settings::FirstSignIn;
use crate::settings::{OnboardingSettings, RunSettings};
use crate::store::{Acceptance, BillerView, DueRun, Resend, SchemaVersion, Store, StoreError};
use crate::telemetry::TraceParent;
use ic_secureauth_api::{ApiError, CallContext, SecureAuth};

/// Most due runs that one timer claims (docs/ARCHITECTURE.md#flow).
const DUE_RUNS: u32 = 500;
/// Most data errors in the answer to `GET`.
const ISSUES_SHOWN: u32 = 100;

/// What the saga works with; the caller builds all of it.
#[derive(Debug)]
pub struct Dependencies {
    /// The only place where runs are kept.
    pub store: Arc<dyn Store>,
    /// The client; every run gets its own calls from it.
    pub secureauth: SecureAuth,
    /// SecureAuth's tenant; part of every derived id.
    pub tenant_id: String,
    /// The payload schema of new pools (docs/requirements.md#k1).
    pub payload_schema_id: String,
    /// Most calls in flight of this process.
    pub max_in_flight: usize,
    /// Attempts of one call (docs/requirements.md#r1).
    pub attempts: u32,
    /// Worker slots of the tenant, shared by all processes.
    pub workers: u32,
    /// What is sent to SecureAuth, and which data errors a run accepts.
    pub settings: OnboardingSettings,
    /// Pauses, deadlines and lease times.
    pub run: RunSettings,
    /// The wall clock, for run ids, markers and the times of failures only.
    pub clock: Arc<dyn Clock>,
    /// Makes run ids and this worker's id.
    pub ids: Arc<IdSource>,
    /// Cancelled when the process is to end: runs are given back (docs/decisions.md#ending-on-a-signal).
    pub closing: CancellationToken,
}

/// One worker's saga: its leases and its worker slot carry one worker id.
#[derive(Debug)]
pub struct Saga {
    dependencies: Dependencies,
    worker: WorkerId,
    slot: worker_slot::WorkerSlot,
    shares: shares::Shares,
    schedules: Schedules,
    stale: AtomicBool,
    schemas: steps::Schemas,
}

impl Saga {
    /// A new worker with a new worker id.
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
        let shares = shares::Shares::of(dependencies.max_in_flight);
        Self {
            dependencies,
            worker,
            slot,
            shares,
            schedules,
            stale: AtomicBool::new(false),
            schemas: steps::Schemas::default(),
        }
    }

    /// SecureAuth refused the credentials: the caller has to read them again and build another saga. Runs under way
    /// pause, and the new saga continues them.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// An id for the run that a toggle event may start; ids sort by time.
    pub fn new_run_id(&self) -> OnboardingId {
        OnboardingId(self.dependencies.ids.uuid_at(self.now()))
    }

    /// A trace for the run of a toggle event that came without one.
    pub fn new_trace(&self) -> TraceParent {
        let ids = &self.dependencies.ids;
        TraceParent::root(ids.uuid().into(), ids.uuid().into())
    }

    /// A run as the database has it; `None`: there is no such run.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, id: OnboardingId) -> Result<Option<Run>, StoreError> {
        self.dependencies.store.run(id).await
    }

    /// The wall clock's time.
    pub fn now(&self) -> OffsetDateTime {
        self.dependencies.clock.now()
    }

    /// Stores a toggle event together with the run it starts or joins, in one transaction.
    ///
    /// # Errors
    /// The database failed. Whether the event is stored is then unknown; the caller may send it again.
    pub async fn accept(&self, event: &ToggleEvent) -> Result<Acceptance, StoreError> {
        self.dependencies.store.accept(event, self.resend()).await
    }

    /// What `GET` shows: biller, latest run and its first data errors. `None`: the biller is not in `ciam.Biller`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn view(&self, biller: &BillerId) -> Result<Option<BillerView>, StoreError> {
        self.dependencies.store.biller(biller, ISSUES_SHOWN).await
    }

    /// What a stuck run may have left in SecureAuth.
    pub async fn left_by(&self, run: OnboardingId) -> String {
        match self.dependencies.store.journal(run).await {
            Ok(journal) => leftovers(journal.into_iter().map(|recorded| recorded.entry)),
            Err(_) => "unknown: the journal cannot be read".to_owned(),
        }
    }

    /// Whether the database answers now, with a schema that this program works with.
    ///
    /// # Errors
    /// The database failed.
    pub async fn schema_fits(&self) -> Result<bool, StoreError> {
        match self.dependencies.store.schema_version().await {
            Ok(found) => Ok(found.is_some_and(SchemaVersion::fits)),
            Err(StoreError::OlderSchema { .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Whether SecureAuth grants a token with the scopes that every run needs; one in memory counts.
    ///
    /// # Errors
    /// It does not, or does not answer.
    pub async fn token_is_granted(&self) -> Result<(), ApiError> {
        let api = self.dependencies.secureauth.call(CallContext::default());
        api.granted_scopes().await.map(drop)
    }

    /// Claims the runs whose message has to be sent (again). No other timer gets the same runs.
    ///
    /// # Errors
    /// The database failed. Runs that it claimed nevertheless are due again later.
    pub async fn claim_due(&self) -> Result<Vec<DueRun>, StoreError> {
        self.dependencies.store.claim_due(DUE_RUNS, self.resend()).await
    }

    fn resend(&self) -> Resend {
        Resend {
            first: self.dependencies.run.resend_first,
            longest: self.dependencies.run.resend_longest,
        }
    }

    /// How long a call that was started may still have an effect.
    fn longest_call(&self) -> Duration {
        self.dependencies.secureauth.longest_deadline()
    }
}
