//! The methods of [`Store`]. Each names its action, for errors, and calls the file that does the work.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::error::store_error;
use super::{SqlServerStore, accept, batch, billers, due, ending, migrate, runs, slots, users};
use crate::domain::ids::{BillerId, OnboardingId, WorkerId};
use crate::domain::journal::Recorded;
use crate::domain::operation::Operation;
use crate::domain::run::Run;
use crate::domain::toggle_event::ToggleEvent;
use crate::domain::user::UserRow;
use crate::store::{
    Acceptance, Batch, BillerView, DueRun, Ending, Lease, LeaseOutcome, LedgerRow, Operated, PoolUser, Release, Resend,
    Store, StoreError,
};

#[async_trait]
impl Store for SqlServerStore {
    async fn schema_version(&self) -> Result<Option<u32>, StoreError> {
        self.repeating("read the schema version", || migrate::version(&self.pool))
            .await
    }

    async fn accept(&self, event: &ToggleEvent, resend: Resend) -> Result<Acceptance, StoreError> {
        self.repeating("accept an event", || accept::accept(&self.pool, event, resend))
            .await
    }

    async fn biller(&self, id: &BillerId, max_issues: u32) -> Result<Option<BillerView>, StoreError> {
        self.repeating("read a biller", || billers::view(&self.pool, id, max_issues))
            .await
    }

    async fn run(&self, id: OnboardingId) -> Result<Option<Run>, StoreError> {
        self.repeating("read a run", || runs::read(&self.pool, id)).await
    }

    async fn lease(&self, id: OnboardingId, worker: WorkerId, ttl: Duration) -> Result<LeaseOutcome, StoreError> {
        self.repeating("lease a run", || runs::lease(&self.pool, id, worker, ttl))
            .await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError> {
        self.repeating("renew a lease", || runs::renew(&self.pool, lease, ttl))
            .await
    }

    async fn write(&self, lease: &Lease, batch: &Batch) -> Result<(), StoreError> {
        self.repeating("record a run's work", || batch::write(&self.pool, lease, batch))
            .await
    }

    async fn release(&self, lease: &Lease, release: &Release) -> Result<(), StoreError> {
        self.repeating("release a run", || runs::release(&self.pool, lease, release))
            .await
    }

    async fn finish(&self, lease: &Lease, ending: &Ending) -> Result<(), StoreError> {
        self.repeating("end a run", || ending::finish(&self.pool, lease, ending))
            .await
    }

    async fn journal(&self, id: OnboardingId) -> Result<Vec<Recorded>, StoreError> {
        self.repeating("read a journal", || batch::journal(&self.pool, id))
            .await
    }

    async fn claim_due(&self, limit: u32, resend: Resend) -> Result<Vec<DueRun>, StoreError> {
        self.repeating("claim due runs", || due::claim(&self.pool, limit, resend))
            .await
    }

    async fn claim_stuck(&self, limit: u32, every: Duration) -> Result<Vec<OnboardingId>, StoreError> {
        self.repeating("claim stuck runs", || due::claim_stuck(&self.pool, limit, every))
            .await
    }

    async fn unfinished(&self, stuck_only: bool, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.repeating("list runs", || runs::unfinished(&self.pool, stuck_only, limit))
            .await
    }

    async fn postpone(&self, id: OnboardingId, after: Duration) -> Result<(), StoreError> {
        self.repeating("postpone a run", || due::postpone(&self.pool, id, after))
            .await
    }

    async fn operate(&self, id: OnboardingId, operation: Operation, by: &str) -> Result<Operated, StoreError> {
        self.repeating("carry out an operator's command", || {
            ending::operate(&self.pool, id, operation, by)
        })
        .await
    }

    /// Not repeated after a failure, because the caller has some of the rows already.
    async fn each_user(&self, biller: &BillerId, row: &mut (dyn FnMut(UserRow) + Send)) -> Result<(), StoreError> {
        users::each(&self.pool, biller, row)
            .await
            .map_err(|fault| store_error("read all users", fault))
    }

    async fn users_page(&self, biller: &BillerId, after: Option<Uuid>, limit: u32) -> Result<Vec<UserRow>, StoreError> {
        self.repeating("read a page of users", || users::page(&self.pool, biller, after, limit))
            .await
    }

    async fn users_with_issues(&self, id: OnboardingId) -> Result<HashSet<Uuid>, StoreError> {
        self.repeating("read the users with issues", || users::with_issues(&self.pool, id))
            .await
    }

    async fn ledger_page(
        &self,
        id: OnboardingId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        self.repeating("read a page of the ledger", || {
            users::ledger_page(&self.pool, id, after, limit)
        })
        .await
    }

    async fn earlier_ledger(
        &self,
        biller: &BillerId,
        pool_id: &str,
        user_guids: &[Uuid],
    ) -> Result<HashMap<Uuid, LedgerRow>, StoreError> {
        self.repeating("read earlier runs' ledgers", || {
            users::earlier_ledger(&self.pool, biller, pool_id, user_guids)
        })
        .await
    }

    async fn pool_users_before(&self, id: OnboardingId, users: &[PoolUser]) -> Result<HashSet<Uuid>, StoreError> {
        self.repeating("look up users of a pool", || {
            users::pool_users_before(&self.pool, id, users)
        })
        .await
    }

    async fn take_slot(&self, worker: WorkerId, slots: u32, ttl: Duration) -> Result<Option<u32>, StoreError> {
        self.repeating("take a worker slot", || slots::take(&self.pool, worker, slots, ttl))
            .await
    }

    async fn renew_slot(&self, worker: WorkerId, slot: u32, ttl: Duration) -> Result<bool, StoreError> {
        self.repeating("renew a worker slot", || slots::renew(&self.pool, worker, slot, ttl))
            .await
    }

    async fn free_slot(&self, worker: WorkerId, slot: u32) -> Result<(), StoreError> {
        self.repeating("free a worker slot", || slots::free(&self.pool, worker, slot))
            .await
    }
}
