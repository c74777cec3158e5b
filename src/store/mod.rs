//! What the saga needs of a database.
//!
//! Everything known about billers and runs is behind [`Store`]; a queue message only names a run
//! (docs/decisions.md#sql-holds-the-truth). There are two adapters, SQL Server for production and SQLite for `make run` and
//! the tests, and one conformance suite for both (`tests/integration/store/`).
//!
//! Methods take durations, never "now": the database's clock decides leases and due times, so that instances whose clocks
//! differ agree (SQLite: the injected clock). Every write under a lease names the lease's version, so that a worker that
//! lost its lease changes nothing.

mod accepting;
mod account;
mod batch;
mod check;
mod error;
mod fault;
mod lease;
mod purge;
mod row;
mod schema;
pub mod sql_server;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod transition;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use account::{
    Account, AccountChanges, AccountOrigin, Cursor, GuidRange, HashedValue, NewPool, PoolNo, PoolOrigin, PoolRecord,
    PoolUser, ValueHash,
};
pub use batch::Batch;
pub use check::{Finding, Verdict};
pub use error::StoreError;
pub use lease::{Ending, Lease, LeaseOutcome, LeasedRun, Operated, Release, Resend};
pub use purge::Purged;
pub use schema::SchemaVersion;

use crate::domain::biller::{BillerCiam, LeaversAllowed};
use crate::domain::ids::{BillerId, OnboardingId, WorkerId};
use crate::domain::issue::{Code, Issue};
use crate::domain::journal::Recorded;
use crate::domain::operation::Operation;
use crate::domain::run::Run;
use crate::domain::run_error::RunError;
use crate::domain::toggle_event::{Decision, ToggleEvent};
use crate::domain::user::UserRow;

/// The schema versions that this program works with (`ciam.SchemaVersion`).
pub const SCHEMA_VERSIONS: std::ops::RangeInclusive<u32> = 1..=1;

/// What an event led to, as committed.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The decision of [`crate::domain::toggle_event::decide`].
    pub decision: Decision,
    /// The biller's CIAM record.
    pub biller: BillerCiam,
    /// The run that the decision names, started now or earlier.
    pub run: Option<Run>,
}

/// What `GET` shows of a biller.
#[derive(Debug, Clone)]
pub struct BillerView {
    /// The biller's CIAM record; [`BillerCiam::untouched`] if there is none.
    pub biller: BillerCiam,
    /// The name that the CRM has now, or what is wrong with it: `missing`, `unreadable` or `hidden_character`.
    pub name: Result<String, Code>,
    /// The biller's latest run.
    pub run: Option<Run>,
    /// The first issues of that run, in a stable order.
    pub issues: Vec<Issue>,
}

/// A run whose message is to be sent, for the first time or again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRun {
    /// What the message names.
    pub id: OnboardingId,
    /// The trace of the event that started the run.
    pub traceparent: Option<String>,
}

/// The operations of the database that the saga uses. Every error says whether to retry, see [`StoreError`].
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// The version of the schema; `None` if there is no schema.
    async fn schema_version(&self) -> Result<Option<SchemaVersion>, StoreError>;

    // --- events -------------------------------------------------------------------------------------------------

    /// Decides about an event and records the result, in one transaction under the biller's lock: the event (if it has
    /// an id and is not refused), and for [`Decision::Start`] a queued run, whose message the timer sends after
    /// `resend.first`. Concurrent events of one biller are decided one after the other.
    async fn accept(&self, event: &ToggleEvent, resend: Resend) -> Result<Acceptance, StoreError>;

    /// The biller as `GET` shows it with at most `max_issues` issues; `None` when it is not in `ciam.Biller`.
    async fn biller(&self, id: &BillerId, max_issues: u32) -> Result<Option<BillerView>, StoreError>;

    /// Keeps what an operator's command `allow-leavers` allows the biller's next run; `false`: the biller never had a run.
    async fn allow_leavers(&self, biller: &BillerId, allowed: &LeaversAllowed) -> Result<bool, StoreError>;

    // --- runs ---------------------------------------------------------------------------------------------------

    /// The run's first `limit` issues after the one with the number `after`, in a stable order, each with its number.
    async fn issues(&self, id: OnboardingId, after: i64, limit: u32) -> Result<Vec<(i64, Issue)>, StoreError>;

    /// A run by its id; also used to find out whose marker a resource carries.
    async fn run(&self, id: OnboardingId) -> Result<Option<Run>, StoreError>;

    /// Takes the lease of an open run that is due (`next_attempt_at` reached) and not leased. `queued` and `waiting`
    /// become `running`, `started_at` is set once, the version grows, and the timer sends the run's message when the
    /// lease ends. If the previous worker let its lease expire, that is counted in `take_overs`.
    async fn lease(&self, id: OnboardingId, worker: WorkerId, ttl: Duration) -> Result<LeaseOutcome, StoreError>;

    /// Extends a lease by `ttl` from now; [`StoreError::LeaseLost`] when another worker has taken it.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError>;

    /// Writes all of a batch or nothing; nothing if the lease is lost.
    async fn write(&self, lease: &Lease, batch: &Batch) -> Result<(), StoreError>;

    /// Releases the lease of a run that is still open.
    async fn release(&self, lease: &Lease, release: &Release) -> Result<(), StoreError>;

    /// Ends the run in one transaction, which calls `ciam.RecordCiamStatus` if the biller becomes Active or Inactive
    /// (docs/requirements.md#d1). If the procedure raises an error, that is [`StoreError::Refused`] and nothing is written.
    ///
    /// `error`: the failure that ends the run. It becomes the last error, and unless the run rolls back its first cause.
    async fn finish(&self, lease: &Lease, ending: &Ending, error: Option<&RunError>) -> Result<(), StoreError>;

    /// The whole journal of a run, oldest entry first. An entry that this version does not know is [`StoreError::Newer`].
    async fn journal(&self, id: OnboardingId) -> Result<Vec<Recorded>, StoreError>;

    /// Claims at most `limit` open runs that are due and not leased: one atomic statement moves their `DueAt` on, by
    /// `resend.first`, doubled each time, at most `resend.longest`. So each run is claimed once, however many timers fire.
    async fn claim_due(&self, limit: u32, resend: Resend) -> Result<Vec<DueRun>, StoreError>;

    /// Claims at most `limit` stuck runs that are due to be reported, and makes them due again after `every`. A run is due
    /// from the moment it gets stuck until an operator acts.
    async fn claim_stuck(&self, limit: u32, every: Duration) -> Result<Vec<OnboardingId>, StoreError>;

    /// The oldest `limit` runs that have not ended, or only the stuck ones of them, in the order in which they were
    /// accepted.
    async fn unfinished(&self, stuck_only: bool, limit: u32) -> Result<Vec<Run>, StoreError>;

    /// Whether another run is queued and no worker has had it yet.
    async fn others_wait(&self, id: OnboardingId) -> Result<bool, StoreError>;

    /// No worker slot was free: the timer sends the run's message after `after`. The run waits for a worker slot now,
    /// unless it waits for something else. Changes only a run that is open and not leased.
    async fn postpone(&self, id: OnboardingId, after: Duration) -> Result<(), StoreError>;

    /// An operator's command on a run, with an audit entry in its journal.
    async fn operate(&self, id: OnboardingId, operation: Operation, by: &str) -> Result<Operated, StoreError>;

    // --- users --------------------------------------------------------------------------------------------------

    /// The first `limit` rows of the biller in `ciam.BillerUser` with a GUID in the range, by GUID in the database's own
    /// order. All rows with one GUID are on the same page, which can make a page longer.
    async fn users_page(&self, biller: &BillerId, range: GuidRange, limit: u32) -> Result<Vec<UserRow>, StoreError>;

    /// The biller's rows with one of these GUIDs, in no order.
    async fn users_by_guid(&self, biller: &BillerId, guids: &[Uuid]) -> Result<Vec<UserRow>, StoreError>;

    /// How many rows of the biller in `ciam.BillerUser` have no GUID.
    async fn users_without_guid(&self, biller: &BillerId) -> Result<u64, StoreError>;

    /// The GUIDs in the range with an issue in this run.
    async fn users_with_issues(&self, id: OnboardingId, range: GuidRange) -> Result<HashSet<Uuid>, StoreError>;

    // --- accounts -----------------------------------------------------------------------------------------------

    /// The pool of the biller with this id; of several rows the newest.
    async fn pool(&self, biller: &BillerId, pool_id: &str) -> Result<Option<PoolRecord>, StoreError>;

    /// The id of the newest pool that runs of the biller found; `None`: they found none.
    async fn found_pool(&self, biller: &BillerId) -> Result<Option<String>, StoreError>;

    /// The pool's first `limit` accounts with a GUID in the range, by GUID in the database's own order.
    async fn accounts_page(&self, pool: PoolNo, range: GuidRange, limit: u32) -> Result<Vec<Account>, StoreError>;

    /// As [`Self::accounts_page`], only accounts that this run created.
    async fn created_accounts_page(
        &self,
        pool: PoolNo,
        run: OnboardingId,
        range: GuidRange,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError>;

    /// How many accounts the pool has.
    async fn count_accounts(&self, pool: PoolNo) -> Result<u64, StoreError>;

    /// How many of the pool's accounts this run created.
    async fn count_created(&self, pool: PoolNo, run: OnboardingId) -> Result<u64, StoreError>;

    /// The accounts of the pool whose user name, or e-mail address, has one of these hashes.
    async fn accounts_by(
        &self,
        value: HashedValue,
        hashes: &[ValueHash],
        pool: PoolNo,
    ) -> Result<Vec<Account>, StoreError>;

    /// The accounts of the pool that keep one of these ids of SecureAuth. An account whose user has the derived id keeps none.
    async fn accounts_by_user_id(&self, ids: &[String], pool: PoolNo) -> Result<Vec<Account>, StoreError>;

    /// The range that begins before the pool's first open account and ends with the last one; `None`: none is open.
    async fn open_range(&self, pool: PoolNo) -> Result<Option<GuidRange>, StoreError>;

    /// Which of these ids and identifiers the pool held before the run's import (`PoolUserBefore`): the id of the holder in
    /// SecureAuth by the id that was asked for. A holder with the same id comes before one with the same identifier.
    async fn pool_users_before(
        &self,
        id: OnboardingId,
        users: &[PoolUser],
    ) -> Result<HashMap<String, String>, StoreError>;

    /// Deletes the run's rows of `PoolUserBefore`.
    async fn forget_pool_users(&self, lease: &Lease) -> Result<(), StoreError>;

    // --- retention ----------------------------------------------------------------------------------------------

    /// Deletes journals, issues and noted pool users of runs that ended longer ago than `older_than`, blanks who asked for them
    /// and for events of that age, and deletes the accounts of pools that no run can use again. Rows of runs, events, pools and
    /// billers stay, and the accounts of pools in use. Works in transactions of a bounded size; after an error it can be called
    /// again.
    async fn purge(&self, older_than: Duration) -> Result<Purged, StoreError>;

    // --- worker slots -------------------------------------------------------------------------------------------

    /// Takes one of `slots` rows of `ciam.WorkerSlot`: the one that the worker has already, or one that is free or expired.
    /// `None` if other workers have them all.
    async fn take_slot(&self, worker: WorkerId, slots: u32, ttl: Duration) -> Result<Option<u32>, StoreError>;

    /// Extends a slot by `ttl` from now; `false` when another worker has it.
    async fn renew_slot(&self, worker: WorkerId, slot: u32, ttl: Duration) -> Result<bool, StoreError>;

    /// Releases a slot; does nothing when another worker has it.
    async fn free_slot(&self, worker: WorkerId, slot: u32) -> Result<(), StoreError>;
}
