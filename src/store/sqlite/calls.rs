//! The methods of [`Store`]. Each names its action, for errors, and calls the file that does the work.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{SqliteStore, accept, batch, billers, due, ending, migrate, runs, slots, users};
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

/// Users that the reading thread passes on at a time.
const USERS_AT_A_TIME: usize = 500;

#[async_trait]
impl Store for SqliteStore {
    async fn schema_version(&self) -> Result<Option<u32>, StoreError> {
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

    async fn finish(&self, lease: &Lease, ending: &Ending) -> Result<(), StoreError> {
        let (lease, ending) = (*lease, ending.clone());
        self.write("end a run", move |transaction, now| {
            ending::finish(transaction, now, &lease, &ending)
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

    async fn each_user(&self, biller: &BillerId, row: &mut (dyn FnMut(UserRow) + Send)) -> Result<(), StoreError> {
        let biller = biller.clone();
        let (sender, mut receiver) = mpsc::channel(2);
        let reading = self.read("read all users", move |transaction, _| {
            users::each(transaction, &biller, USERS_AT_A_TIME, |group| {
                sender.blocking_send(group).is_ok()
            })
        });
        let taking = async {
            while let Some(group) = receiver.recv().await {
                group.into_iter().for_each(&mut *row);
            }
        };
        tokio::join!(reading, taking).0
    }

    async fn users_page(&self, biller: &BillerId, after: Option<Uuid>, limit: u32) -> Result<Vec<UserRow>, StoreError> {
        let biller = biller.clone();
        self.read("read a page of users", move |transaction, _| {
            users::page(transaction, &biller, after, limit)
        })
        .await
    }

    async fn users_with_issues(&self, id: OnboardingId) -> Result<HashSet<Uuid>, StoreError> {
        self.read("read the users with issues", move |transaction, _| {
            users::with_issues(transaction, id)
        })
        .await
    }

    async fn ledger_page(
        &self,
        id: OnboardingId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        self.read("read a page of the ledger", move |transaction, _| {
            users::ledger_page(transaction, id, after, limit)
        })
        .await
    }

    async fn earlier_ledger(
        &self,
        biller: &BillerId,
        pool_id: &str,
        user_guids: &[Uuid],
    ) -> Result<HashMap<Uuid, LedgerRow>, StoreError> {
        let (biller, pool_id, guids) = (biller.clone(), pool_id.to_owned(), user_guids.to_vec());
        self.read("read earlier runs' ledgers", move |transaction, _| {
            users::earlier_ledger(transaction, &biller, &pool_id, &guids)
        })
        .await
    }

    async fn pool_users_before(&self, id: OnboardingId, users: &[PoolUser]) -> Result<HashSet<Uuid>, StoreError> {
        let users = users.to_vec();
        self.read("look up users of a pool", move |transaction, _| {
            users::pool_users_before(transaction, id, &users)
        })
        .await
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
