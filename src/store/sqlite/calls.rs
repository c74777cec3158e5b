//! The methods of [`Store`]. Each names its action, for errors, and calls the file that does the work.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{SqliteStore, accept, accounts, batch, billers, due, ending, identity_pools, migrate, runs, slots, users};
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

/// Rows that one transaction deletes.
const ROWS_DELETED: u32 = 1_000;

#[async_trait]
impl Store for SqliteStore {
    async fn schema_version(&self) -> Result<Option<SchemaVersion>, StoreError> {
        self.read("read the schema version", |transaction, _| {
            migrate::version(transaction)
        })
        .await
    }

    async fn accept(&self, event: &ToggleEvent, resend: Resend) -> Result<Acceptance, StoreError> {
        let event = event.clone();
        self.write("accept an event", move |transaction, now| {
            accept::accept(transaction, now, &event, resend)
        })
        .await
    }

    async fn biller(&self, id: &BillerId, max_issues: u32) -> Result<Option<BillerView>, StoreError> {
        let id = id.clone();
        self.read("read a biller", move |transaction, now| {
            billers::view(transaction, now, &id, max_issues)
        })
        .await
    }

    async fn allow_leavers(&self, biller: &BillerId, allowed: &LeaversAllowed) -> Result<bool, StoreError> {
        let (biller, allowed) = (biller.clone(), allowed.clone());
        self.write("allow leavers", move |transaction, now| {
            billers::allow_leavers(transaction, now, &biller, &allowed)
        })
        .await
    }

    async fn issues(&self, id: OnboardingId, after: i64, limit: u32) -> Result<Vec<(i64, Issue)>, StoreError> {
        self.read("read issues", move |transaction, _| {
            billers::issues(transaction, id, after, limit)
        })
        .await
    }

    async fn run(&self, id: OnboardingId) -> Result<Option<Run>, StoreError> {
        self.read("read a run", move |transaction, now| {
            Ok(runs::run(transaction, now, id)?.map(|(run, _)| run))
        })
        .await
    }

    async fn lease(&self, id: OnboardingId, worker: WorkerId, ttl: Duration) -> Result<LeaseOutcome, StoreError> {
        self.write("lease a run", move |transaction, now| {
            runs::lease(transaction, now, id, worker, ttl)
        })
        .await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError> {
        let lease = *lease;
        self.write("renew a lease", move |transaction, now| {
            runs::renew(transaction, now, &lease, ttl)
        })
        .await
    }

    async fn write(&self, lease: &Lease, batch: &Batch) -> Result<(), StoreError> {
        let (lease, batch) = (*lease, batch.clone());
        self.write("record a run's work", move |transaction, now| {
            batch::write(transaction, now, &lease, &batch)
        })
        .await
    }

    async fn release(&self, lease: &Lease, release: &Release) -> Result<(), StoreError> {
        let (lease, release) = (*lease, release.clone());
        self.write("release a run", move |transaction, now| {
            runs::release(transaction, now, &lease, &release)
        })
        .await
    }

    async fn finish(&self, lease: &Lease, ending: &Ending, error: Option<&RunError>) -> Result<(), StoreError> {
        let (lease, ending, error) = (*lease, ending.clone(), error.cloned());
        self.write("end a run", move |transaction, now| {
            ending::finish(transaction, now, &lease, &ending, error.as_ref())
        })
        .await
    }

    async fn journal(&self, id: OnboardingId) -> Result<Vec<Recorded>, StoreError> {
        self.read("read a journal", move |transaction, _| batch::journal(transaction, id))
            .await
    }

    async fn claim_due(&self, limit: u32, resend: Resend) -> Result<Vec<DueRun>, StoreError> {
        self.write("claim due runs", move |transaction, now| {
            due::claim(transaction, now, limit, resend)
        })
        .await
    }

    async fn claim_stuck(&self, limit: u32, every: Duration) -> Result<Vec<OnboardingId>, StoreError> {
        self.write("claim stuck runs", move |transaction, now| {
            due::claim_stuck(transaction, now, limit, every)
        })
        .await
    }

    async fn unfinished(&self, stuck_only: bool, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.read("list runs", move |transaction, now| {
            runs::unfinished(transaction, now, stuck_only, limit)
        })
        .await
    }

    async fn others_wait(&self, id: OnboardingId) -> Result<bool, StoreError> {
        self.read("look for queued runs", move |transaction, _| {
            due::others_wait(transaction, id)
        })
        .await
    }

    async fn postpone(&self, id: OnboardingId, after: Duration) -> Result<(), StoreError> {
        self.write("postpone a run", move |transaction, now| {
            due::postpone(transaction, now, id, after)
        })
        .await
    }

    async fn operate(&self, id: OnboardingId, operation: Operation, by: &str) -> Result<Operated, StoreError> {
        let by = by.to_owned();
        self.write("carry out an operator's command", move |transaction, now| {
            ending::operate(transaction, now, id, operation, &by)
        })
        .await
    }

    async fn users_page(&self, biller: &BillerId, range: GuidRange, limit: u32) -> Result<Vec<UserRow>, StoreError> {
        let biller = biller.clone();
        self.read("read a page of users", move |transaction, _| {
            users::page(transaction, &biller, range, limit)
        })
        .await
    }

    async fn users_by_guid(&self, biller: &BillerId, guids: &[Uuid]) -> Result<Vec<UserRow>, StoreError> {
        let (biller, guids) = (biller.clone(), guids.to_vec());
        self.read("read users by GUID", move |transaction, _| {
            users::with_guids(transaction, &biller, &guids)
        })
        .await
    }

    async fn users_without_guid(&self, biller: &BillerId) -> Result<u64, StoreError> {
        let biller = biller.clone();
        self.read("count the users without a GUID", move |transaction, _| {
            users::without_guid(transaction, &biller)
        })
        .await
    }

    async fn users_with_issues(&self, id: OnboardingId, range: GuidRange) -> Result<HashSet<Uuid>, StoreError> {
        self.read("read the users with issues", move |transaction, _| {
            users::with_issues(transaction, id, range)
        })
        .await
    }

    async fn pool(&self, biller: &BillerId, pool_id: &str) -> Result<Option<PoolRecord>, StoreError> {
        let (biller, pool_id) = (biller.clone(), pool_id.to_owned());
        self.read("read a pool", move |transaction, _| {
            identity_pools::pool(transaction, &biller, &pool_id)
        })
        .await
    }

    async fn found_pool(&self, biller: &BillerId) -> Result<Option<String>, StoreError> {
        let biller = biller.clone();
        self.read("read a found pool", move |transaction, _| {
            identity_pools::found_pool(transaction, &biller)
        })
        .await
    }

    async fn accounts_page(&self, pool: PoolNo, range: GuidRange, limit: u32) -> Result<Vec<Account>, StoreError> {
        self.read("read a page of accounts", move |transaction, _| {
            accounts::page(transaction, pool, None, range, limit)
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
        self.read("read a page of a run's accounts", move |transaction, _| {
            accounts::page(transaction, pool, Some(run), range, limit)
        })
        .await
    }

    async fn count_accounts(&self, pool: PoolNo) -> Result<u64, StoreError> {
        self.read("count accounts", move |transaction, _| {
            accounts::count(transaction, pool, None)
        })
        .await
    }

    async fn count_created(&self, pool: PoolNo, run: OnboardingId) -> Result<u64, StoreError> {
        self.read("count a run's accounts", move |transaction, _| {
            accounts::count(transaction, pool, Some(run))
        })
        .await
    }

    async fn accounts_by(
        &self,
        value: HashedValue,
        hashes: &[ValueHash],
        pool: PoolNo,
    ) -> Result<Vec<Account>, StoreError> {
        let hashes = hashes.to_vec();
        self.read("look up accounts by a hash", move |transaction, _| {
            accounts::by_hash(transaction, value, &hashes, pool)
        })
        .await
    }

    async fn accounts_by_user_id(&self, ids: &[String], pool: PoolNo) -> Result<Vec<Account>, StoreError> {
        let ids = ids.to_vec();
        self.read("look up accounts by user id", move |transaction, _| {
            accounts::by_user_id(transaction, &ids, pool)
        })
        .await
    }

    async fn open_range(&self, pool: PoolNo) -> Result<Option<GuidRange>, StoreError> {
        self.read("look for open accounts", move |transaction, _| {
            accounts::open_range(transaction, pool)
        })
        .await
    }

    async fn pool_users_before(
        &self,
        id: OnboardingId,
        users: &[PoolUser],
    ) -> Result<HashMap<String, String>, StoreError> {
        let users = users.to_vec();
        self.read("look up users of a pool", move |transaction, _| {
            accounts::pool_users_before(transaction, id, &users)
        })
        .await
    }

    async fn forget_pool_users(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = *lease;
        while self
            .write("delete noted users of a pool", move |transaction, now| {
                accounts::forget_pool_users(transaction, now, &lease, ROWS_DELETED)
            })
            .await?
        {}
        Ok(())
    }

    async fn purge(&self, older_than: Duration) -> Result<Purged, StoreError> {
        self.purge_all(older_than).await
    }

    async fn take_slot(&self, worker: WorkerId, slots: u32, ttl: Duration) -> Result<Option<u32>, StoreError> {
        self.write("take a worker slot", move |transaction, now| {
            slots::take(transaction, now, worker, slots, ttl)
        })
        .await
    }

    async fn renew_slot(&self, worker: WorkerId, slot: u32, ttl: Duration) -> Result<bool, StoreError> {
        self.write("renew a worker slot", move |transaction, now| {
            slots::renew(transaction, now, worker, slot, ttl)
        })
        .await
    }

    async fn free_slot(&self, worker: WorkerId, slot: u32) -> Result<(), StoreError> {
        self.write("free a worker slot", move |transaction, _| {
            slots::free(transaction, worker, slot)
        })
        .await
    }
}
