//! The methods of [`Store`]. Each names its action, for errors, and calls the file that does the work.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    SqlServerStore, accept, accounts, batch, billers, due, ending, identity_pools, migrate, runs, slots, users,
};
use crate::domain::biller::LeaversAllowed;
use crate::domain::ids::{BillerId, OnboardingId, WorkerId};
use crate::domain::issue::Issue;
use crate::domain::journal::Recorded;
use crate::domain::operation::Operation;
use crate::domain::run::Run;
use crate::domain::run_error::RunError;
use crate::domain::toggle_event::ToggleEvent;
use crate::domain::user::UserRow;
use crate::store::{
    Acceptance, Account, Batch, BillerView, DueRun, Ending, GuidRange, HashedValue, Lease, LeaseOutcome, Operated,
    PoolNo, PoolRecord, PoolUser, Purged, Release, Resend, SchemaVersion, Store, StoreError, ValueHash,
};

#[async_trait]
impl Store for SqlServerStore {
    async fn schema_version(&self) -> Result<Option<SchemaVersion>, StoreError> {
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

    async fn allow_leavers(&self, biller: &BillerId, allowed: &LeaversAllowed) -> Result<bool, StoreError> {
        self.repeating("allow leavers", || billers::allow_leavers(&self.pool, biller, allowed))
            .await
    }

    async fn issues(&self, id: OnboardingId, after: i64, limit: u32) -> Result<Vec<(i64, Issue)>, StoreError> {
        self.repeating("read issues", || billers::issues(&self.pool, id, after, limit))
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

    async fn finish(&self, lease: &Lease, ending: &Ending, error: Option<&RunError>) -> Result<(), StoreError> {
        self.repeating("end a run", || ending::finish(&self.pool, lease, ending, error))
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

    async fn others_wait(&self, id: OnboardingId) -> Result<bool, StoreError> {
        self.repeating("look for queued runs", || due::others_wait(&self.pool, id))
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

    async fn users_page(&self, biller: &BillerId, range: GuidRange, limit: u32) -> Result<Vec<UserRow>, StoreError> {
        self.repeating("read a page of users", || users::page(&self.pool, biller, range, limit))
            .await
    }

    async fn users_by_guid(&self, biller: &BillerId, guids: &[Uuid]) -> Result<Vec<UserRow>, StoreError> {
        self.repeating("read users by GUID", || users::with_guids(&self.pool, biller, guids))
            .await
    }

    async fn users_without_guid(&self, biller: &BillerId) -> Result<u64, StoreError> {
        self.repeating("count the users without a GUID", || {
            users::without_guid(&self.pool, biller)
        })
        .await
    }

    async fn users_with_issues(&self, id: OnboardingId, range: GuidRange) -> Result<HashSet<Uuid>, StoreError> {
        self.repeating("read the users with issues", || {
            users::with_issues(&self.pool, id, range)
        })
        .await
    }

    async fn pool(&self, biller: &BillerId, pool_id: &str) -> Result<Option<PoolRecord>, StoreError> {
        self.repeating("read a pool", || identity_pools::pool(&self.pool, biller, pool_id))
            .await
    }

    async fn found_pool(&self, biller: &BillerId) -> Result<Option<String>, StoreError> {
        self.repeating("read a found pool", || identity_pools::found_pool(&self.pool, biller))
            .await
    }

    async fn accounts_page(&self, pool: PoolNo, range: GuidRange, limit: u32) -> Result<Vec<Account>, StoreError> {
        self.repeating("read a page of accounts", || {
            accounts::page(&self.pool, pool, None, range, limit)
        })
        .await
    }

    async fn created_accounts_page(
        &self,
        pool: PoolNo,
        run: OnboardingId,
        range: GuidRange,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        self.repeating("read a page of a run's accounts", || {
            accounts::page(&self.pool, pool, Some(run), range, limit)
        })
        .await
    }

    async fn count_accounts(&self, pool: PoolNo) -> Result<u64, StoreError> {
        self.repeating("count accounts", || accounts::count(&self.pool, pool, None))
            .await
    }

    async fn count_created(&self, pool: PoolNo, run: OnboardingId) -> Result<u64, StoreError> {
        self.repeating("count a run's accounts", || {
            accounts::count(&self.pool, pool, Some(run))
        })
        .await
    }

    async fn accounts_by(
        &self,
        value: HashedValue,
        hashes: &[ValueHash],
        pool: PoolNo,
    ) -> Result<Vec<Account>, StoreError> {
        self.repeating("look up accounts by a hash", || {
            accounts::by_hash(&self.pool, value, hashes, pool)
        })
        .await
    }

    async fn accounts_by_user_id(&self, ids: &[String], pool: PoolNo) -> Result<Vec<Account>, StoreError> {
        self.repeating("look up accounts by user id", || {
            accounts::by_user_id(&self.pool, ids, pool)
        })
        .await
    }

    async fn open_range(&self, pool: PoolNo) -> Result<Option<GuidRange>, StoreError> {
        self.repeating("look for open accounts", || accounts::open_range(&self.pool, pool))
            .await
    }

    async fn pool_users_before(
        &self,
        id: OnboardingId,
        users: &[PoolUser],
    ) -> Result<HashMap<String, String>, StoreError> {
        self.repeating("look up users of a pool", || {
            accounts::pool_users_before(&self.pool, id, users)
        })
        .await
    }

    async fn forget_pool_users(&self, lease: &Lease) -> Result<(), StoreError> {
        while self
            .repeating("delete noted users of a pool", || {
                accounts::forget_pool_users(&self.pool, lease)
            })
            .await?
        {}
        Ok(())
    }

    async fn purge(&self, older_than: Duration) -> Result<Purged, StoreError> {
        self.purge_all(older_than).await
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
