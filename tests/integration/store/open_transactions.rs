//! Four runs, each within a transaction that has written and is not committed. Nobody waits for a row that somebody else has locked,
//! with row versions (`READ_COMMITTED_SNAPSHOT`) and without. A wait would end in error 1222, after half the command timeout.

use std::sync::Arc;
use std::time::Duration;

use biller_onboarding::domain::issue::{Code, Field, Issue};
use biller_onboarding::domain::tally::{Effect, Tally};
use biller_onboarding::domain::toggle_event::ToggleEvent;
use biller_onboarding::settings::ConnectionString;
use biller_onboarding::store::sql_server::{SqlServerOptions, SqlServerStore};
use biller_onboarding::store::{
    Account, AccountChanges, Batch, Ending, GuidRange, Lease, NewPool, PoolNo, PoolOrigin, PoolUser, Release, Store,
    StoreError,
};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::db::Db;
use super::fixtures::{LONG, RESEND, WHY, accept, biller, guid, lease, note, run_id, yes};
use super::own_database::{Connection, OwnDatabase, on_own_database, say, statement};
use super::sql_server_db::SqlServerDb;

const PATIENCE: Duration = Duration::from_mins(2);

/// Where a transaction stops, by a trigger that waits for the test's lock: with the run's row still free, or after its last statement.
#[derive(Clone, Copy)]
enum Stop {
    BeforeTheRunsRow,
    AfterTheRunsRow,
}

impl Stop {
    fn trigger(self) -> String {
        let (on, when) = match self {
            Self::BeforeTheRunsRow => ("ciam.OnboardingIssue AFTER INSERT", "i.Field = N'email'"),
            Self::AfterTheRunsRow => (
                "ciam.Onboarding AFTER UPDATE",
                "i.Tally IS NOT NULL AND i.FinishedAt IS NULL",
            ),
        };
        format!(
            "CREATE TRIGGER ciam.Stop ON {on} AS \
             BEGIN \
                SET NOCOUNT ON; \
                DECLARE @run NVARCHAR(100) = ( \
                    SELECT TOP (1) N'arrived ' + CONVERT(NVARCHAR(36), i.OnboardingId) FROM inserted AS i WHERE {when}); \
                IF @run IS NULL \
                    RETURN; \
                EXEC sp_getapplock @Resource = @run, @LockMode = N'Exclusive', @LockOwner = N'Transaction'; \
                EXEC sp_getapplock @Resource = N'stop', @LockMode = N'Shared', @LockOwner = N'Transaction', \
                    @LockTimeout = 120000; \
             END"
        )
    }
}

#[tokio::test]
#[cfg_attr(not(sql_server), ignore = "TEST_SQL_SERVER is not set")]
async fn four_open_transactions_block_nobody_with_row_versions() {
    block_nobody(true).await;
}

#[tokio::test]
#[cfg_attr(not(sql_server), ignore = "TEST_SQL_SERVER is not set")]
async fn four_open_transactions_block_nobody_without_row_versions() {
    block_nobody(false).await;
}

async fn block_nobody(row_versions: bool) {
    for stop in [Stop::BeforeTheRunsRow, Stop::AfterTheRunsRow] {
        on_own_database(async |own| {
            if !own.set_row_versions(row_versions).await {
                say("READ_COMMITTED_SNAPSHOT cannot be set here: it stays as it is");
            }
            stopped(own, stop).await;
        })
        .await;
    }
}

/// Holds the lock for which transactions wait, by a connection of its own.
struct Gate(Connection);

impl Gate {
    async fn close(own: &OwnDatabase, stop: Stop) -> Self {
        let mut connection = own.connect().await;
        statement(&mut connection, &stop.trigger()).await.unwrap();
        let sql = "EXEC sp_getapplock @Resource = N'stop', @LockMode = N'Exclusive', @LockOwner = N'Session'";
        statement(&mut connection, sql).await.unwrap();
        Self(connection)
    }

    async fn has_stopped(&mut self, lease: &Lease) -> bool {
        let sql = "SELECT APPLOCK_TEST(N'public', N'arrived ' + CONVERT(NVARCHAR(36), @P1), N'Exclusive', N'Session')";
        let answer = self.0.query(sql, &[&lease.onboarding_id.0]).await.unwrap();
        let row = answer.into_row().await.unwrap().unwrap();
        row.get::<i32, _>(0) == Some(0)
    }

    async fn open(mut self) {
        let sql = "EXEC sp_releaseapplock @Resource = N'stop', @LockOwner = N'Session'";
        statement(&mut self.0, sql).await.unwrap();
    }
}

type Writing = JoinHandle<Result<(), StoreError>>;

async fn stopped(own: &OwnDatabase, stop: Stop) {
    let db = SqlServerDb::create(own).await;
    let config = ConnectionString::parse(&own.connection_string(), true)
        .unwrap()
        .config();
    let store: Arc<dyn Store> = Arc::new(SqlServerStore::connect(&SqlServerOptions::new(config)).unwrap());
    let mut runs = Vec::new();
    for number in 1..=4 {
        runs.push(leased(&db, &store, number).await);
    }
    let mut gate = Gate::close(own, stop).await;
    let writing: Vec<Writing> = runs
        .iter()
        .zip(1..)
        .map(|((lease, pool), number)| {
            let (store, lease, batch) = (Arc::clone(&store), *lease, batch(*pool, number));
            tokio::spawn(async move { store.write(&lease, &batch).await })
        })
        .collect();
    all_stopped(&mut gate, &runs, &writing).await;

    if matches!(stop, Stop::BeforeTheRunsRow) {
        for (lease, _) in &runs {
            store.renew(lease, LONG).await.unwrap();
        }
        store.claim_due(500, RESEND).await.unwrap();
    }
    another_run(&db, &store).await;

    gate.open().await;
    for written in writing {
        written.await.unwrap().unwrap();
    }
}

/// Waits until all transactions are stopped. None may end before.
async fn all_stopped(gate: &mut Gate, runs: &[(Lease, PoolNo)], writing: &[Writing]) {
    let deadline = Instant::now() + PATIENCE;
    for (lease, _) in runs {
        while !gate.has_stopped(lease).await {
            assert!(
                !writing.iter().any(JoinHandle::is_finished),
                "one was blocked by the others"
            );
            assert!(Instant::now() < deadline, "not all of them got there");
            tokio::task::yield_now().await;
        }
    }
}

fn event(number: u128) -> ToggleEvent {
    ToggleEvent {
        biller_id: biller(&format!("b-{number}")),
        ..yes(number)
    }
}

/// A leased run of a biller of its own, with a pool.
async fn leased(db: &SqlServerDb, store: &Arc<dyn Store>, number: u128) -> (Lease, PoolNo) {
    let event = event(number);
    db.add_biller(event.biller_id.as_ref(), Some("City of Sample")).await;
    accept(store.as_ref(), &event).await;
    let lease = lease(store.as_ref(), run_id(number), number, LONG).await.lease;
    let pool_id = format!("pool-{number}");
    let pool = NewPool {
        pool_id: pool_id.clone(),
        generation: 0,
        origin: PoolOrigin::Created,
        is_new: true,
        case_insensitive: false,
    };
    let begun = Batch {
        pool: Some(pool),
        ..Batch::default()
    };
    store.write(&lease, &begun).await.unwrap();
    let pool = store.pool(&event.biller_id, &pool_id).await.unwrap().unwrap();
    (lease, pool.no)
}

/// Something for every table that a run writes.
fn batch(pool: PoolNo, number: u128) -> Batch {
    let user = |place: u128| guid(1_000 * number + place);
    let accounts = (0..100).map(|place| Account::linked(user(place), format!("user-{number}-{place}")));
    let changes = AccountChanges {
        put: accounts.collect(),
        settled: vec![user(0)],
        removed: vec![user(1)],
        ..AccountChanges::of(pool)
    };
    let mut tally = Tally::default();
    tally.name(Effect::Imported, user(0));
    Batch {
        entries: vec![note("within the transaction")],
        accounts: Some(changes),
        users_at_end: Some((pool, Some(100))),
        pool_users_before: vec![PoolUser {
            user_id: "somebody".to_owned(),
            identifier: "jane".to_owned(),
        }],
        issues: vec![Issue::of(Some(user(0)), Field::Email, Code::Missing)],
        tally: Some(tally),
        ..Batch::default()
    }
}

/// A whole run of a fifth biller, from its event to its end.
async fn another_run(db: &SqlServerDb, store: &Arc<dyn Store>) {
    let (lease, pool) = leased(db, store, 5).await;
    let range = GuidRange::default();
    store.renew(&lease, LONG).await.unwrap();
    store.users_page(&biller("b-5"), range, 1_000).await.unwrap();
    assert!(store.accounts_page(pool, range, 1_000).await.unwrap().is_empty());
    assert!(store.open_range(pool).await.unwrap().is_none());
    let known = store.pool(&biller("b-5"), "pool-5").await.unwrap();
    assert_eq!(known.map(|known| known.no), Some(pool));
    assert_eq!(store.found_pool(&biller("b-5")).await.unwrap(), None);
    assert!(store.users_with_issues(run_id(5), range).await.unwrap().is_empty());
    let without_words = Batch {
        tally: None,
        issues: Vec::new(),
        ..batch(pool, 5)
    };
    store.write(&lease, &without_words).await.unwrap();
    assert!(store.biller(&biller("b-5"), 100).await.unwrap().unwrap().run.is_some());
    let release = Release::Continue {
        resend: LONG,
        late: None,
    };
    store.release(&lease, &release).await.unwrap();
    let again = super::fixtures::lease(store.as_ref(), run_id(5), 6, LONG).await.lease;
    assert!(!store.journal(run_id(5)).await.unwrap().is_empty());
    store.finish(&again, &Ending::Failed(WHY), None).await.unwrap();
}
