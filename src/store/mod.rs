//! What the saga needs of a database.
//!
//! All truth about billers and runs is behind [`Store`]; queue messages only say "look at this run". Two adapters, one
//! conformance suite (`tests/integration/store/`): SQLite is the embedded default, SQL Server is production.
//!
//! Methods take durations, never "now": the database's clock decides leases and due times, so that instances whose clocks
//! differ agree (SQLite: the injected clock). Every write under a lease is fenced by the lease's version.

mod accepting;
mod batch;
mod error;
mod fault;
mod lease;
mod row;
mod schema;
pub mod sql_server;
pub mod sqlite;
mod transition;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use batch::{Batch, LedgerRow, LedgerState, PoolUser};
pub use error::StoreError;
pub use lease::{Ending, Lease, LeaseOutcome, LeasedRun, Operated, Operation, Release, Resend};

use crate::domain::biller::BillerCiam;
use crate::domain::ids::{BillerId, OnboardingId, WorkerId};
use crate::domain::issue::Issue;
use crate::domain::journal::Recorded;
use crate::domain::run::Run;
use crate::domain::toggle_event::{Decision, ToggleEvent};
use crate::domain::user::UserRow;

/// The range of schema versions this build works with (`ciam.SchemaVersion`).
pub const SCHEMA_VERSIONS: std::ops::RangeInclusive<u32> = 1..=1;

/// What an event led to, as committed.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The decision of [`crate::domain::toggle_event::decide`].
    pub decision: Decision,
    /// The biller's CIAM record.
    pub biller: BillerCiam,
    /// The run the decision names, started or found.
    pub run: Option<Run>,
}

/// What `GET` shows of a biller.
#[derive(Debug, Clone)]
pub struct BillerView {
    /// Its CIAM record; untouched if there is none.
    pub biller: BillerCiam,
    /// Its name as the CRM has it now; never blank.
    pub name: Option<String>,
    /// Its latest run.
    pub run: Option<Run>,
    /// The first issues of that run, in a stable order.
    pub issues: Vec<Issue>,
}

/// A run whose message is to be sent (again).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRun {
    /// The run.
    pub id: OnboardingId,
    /// The trace of the event that asked for it.
    pub traceparent: Option<String>,
}

/// A database, as far as the saga is concerned. Every error says retry or permanent, see [`StoreError`].
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// The version of the schema found, `None` where there is none.
    async fn schema_version(&self) -> Result<Option<u32>, StoreError>;

    // --- events -------------------------------------------------------------------------------------------------

    /// Decides about an event and records it with what follows from it, in one transaction under the biller's lock:
    /// the event row (if it has an id and is not refused) and, for [`Decision::Start`], the queued run, due for the timer
    /// after `resend.first`. Concurrent events of one biller are decided one after the other.
    async fn accept(&self, event: &ToggleEvent, resend: Resend) -> Result<Acceptance, StoreError>;

    /// The biller as `GET` shows it with at most `max_issues` issues; `None` when it is not in `ciam.Biller`.
    async fn biller(&self, id: &BillerId, max_issues: u32) -> Result<Option<BillerView>, StoreError>;

    // --- runs ---------------------------------------------------------------------------------------------------

    /// A run by its id; also tells whose marker a resource carries.
    async fn run(&self, id: OnboardingId) -> Result<Option<Run>, StoreError>;

    /// Takes the lease of an open run that is due (`next_attempt_at` reached) and not leased: state `queued`/`waiting`
    /// becomes `running`, `started_at` is set once, the version grows, the run is due for the timer when the lease ends.
    async fn lease(&self, id: OnboardingId, worker: WorkerId, ttl: Duration) -> Result<LeaseOutcome, StoreError>;

    /// Extends a lease; [`StoreError::LeaseLost`] when another worker has taken it.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError>;

    /// Writes all of a batch or nothing.
    async fn write(&self, lease: &Lease, batch: &Batch) -> Result<(), StoreError>;

    /// Gives the lease up with the run still open.
    async fn release(&self, lease: &Lease, release: &Release) -> Result<(), StoreError>;

    /// Ends the run in one transaction, calling `ciam.RecordCiamStatus` where the biller becomes Active or Inactive (D1).
    /// A procedure that raises is [`StoreError::Refused`] and nothing is written.
    async fn finish(&self, lease: &Lease, ending: &Ending) -> Result<(), StoreError>;

    /// The whole journal of a run, oldest first. An entry this build does not know is [`StoreError::Newer`].
    async fn journal(&self, id: OnboardingId) -> Result<Vec<Recorded>, StoreError>;

    /// Claims at most `limit` open runs that are due and not leased: moves `DueAt` on (`resend.first`, doubled each time,
    /// at most `resend.longest`) in one atomic statement, so that each is claimed once however many timers fire.
    async fn claim_due(&self, limit: u32, resend: Resend) -> Result<Vec<DueRun>, StoreError>;

    /// Makes an open, unleased run due for the timer after `after`: no worker slot was free, and the run says that it
    /// waits for one unless it waits for something else.
    async fn postpone(&self, id: OnboardingId, after: Duration) -> Result<(), StoreError>;

    /// An operator's command on a run, with an audit entry in its journal.
    async fn operate(&self, id: OnboardingId, operation: Operation, by: &str) -> Result<Operated, StoreError>;

    // --- users --------------------------------------------------------------------------------------------------

    /// Every row of the biller in `ciam.BillerUser`, in one streaming read, NULL and repeated keys included.
    async fn each_user(&self, biller: &BillerId, row: &mut (dyn FnMut(UserRow) + Send)) -> Result<(), StoreError>;

    /// The next rows by GUID in the database's own order, `after` exclusive; rows without a GUID do not appear.
    /// A GUID's rows are never split over two pages.
    async fn users_page(&self, biller: &BillerId, after: Option<Uuid>, limit: u32) -> Result<Vec<UserRow>, StoreError>;

    /// The GUIDs with an issue in this run.
    async fn users_with_issues(&self, id: OnboardingId) -> Result<HashSet<Uuid>, StoreError>;

    /// The run's ledger by user GUID in the database's own order, `after` exclusive.
    async fn ledger_page(
        &self,
        id: OnboardingId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError>;

    /// The newest ledger row of each of these users from succeeded runs of the biller on this pool.
    async fn earlier_ledger(
        &self,
        biller: &BillerId,
        pool_id: &str,
        user_guids: &[Uuid],
    ) -> Result<HashMap<Uuid, LedgerRow>, StoreError>;

    /// Which of these ids and identifiers the pool held before the run's import (`PoolUserBefore`).
    async fn pool_users_before(&self, id: OnboardingId, users: &[PoolUser]) -> Result<HashSet<Uuid>, StoreError>;

    // --- worker slots -------------------------------------------------------------------------------------------

    /// Takes one of `slots` rows of `ciam.WorkerSlot`, free or expired, or the one the worker already has.
    async fn take_slot(&self, worker: WorkerId, slots: u32, ttl: Duration) -> Result<Option<u32>, StoreError>;

    /// Extends a slot; `false` when another worker has it.
    async fn renew_slot(&self, worker: WorkerId, slot: u32, ttl: Duration) -> Result<bool, StoreError>;

    /// Gives a slot back.
    async fn free_slot(&self, worker: WorkerId, slot: u32) -> Result<(), StoreError>;
}
