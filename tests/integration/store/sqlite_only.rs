//! Tests of the SQLite store alone: a file can be locked, missing, or something else than a database.

use std::sync::Arc;
use std::time::Duration;

use biller_onboarding::clock::SystemClock;
use biller_onboarding::store::sqlite::{SqliteOptions, SqliteStore};
use biller_onboarding::store::{Store, StoreError};

use super::db::Db;
use super::fixtures::{LONG, RESEND, lease, queued, worker, yes};
use super::sqlite_db::SqliteDb;

fn impatient() -> SqliteOptions {
    SqliteOptions {
        busy_timeout: Duration::from_millis(10),
        ..SqliteOptions::default()
    }
}

#[tokio::test]
async fn a_file_locked_past_the_busy_timeout_is_unavailable_and_works_again_afterwards() {
    let db = SqliteDb::with(impatient()).await;
    let id = queued(&db).await;
    let store = db.store();
    let lock = db.connection();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();

    let refused = store.lease(id, worker(1), LONG).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    let refused = store.accept(&yes(2), RESEND).await;
    assert!(refused.is_err_and(|error| error.is_transient()));
    assert!(store.run(id).await.unwrap().is_some(), "readers are not kept out");

    lock.execute_batch("ROLLBACK").unwrap();
    lease(&*store, id, 1, LONG).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("onboarding.db");
    let opened = SqliteStore::open(path, Arc::new(SystemClock), impatient()).await;
    assert!(matches!(opened, Err(StoreError::Unavailable { .. })), "{opened:?}");
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "Dear Sir or Madam, ".repeat(100)).unwrap();
    let opened = SqliteStore::open(path, Arc::new(SystemClock), impatient()).await;
    assert!(matches!(opened, Err(StoreError::Refused { .. })), "{opened:?}");
}

#[tokio::test]
async fn without_the_crms_tables_an_event_is_an_error_and_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("onboarding.db");
    let options = SqliteOptions::default();
    let store = SqliteStore::open(path, Arc::new(SystemClock), options).await.unwrap();
    store.migrate().await.unwrap();
    let refused = store.accept(&yes(1), RESEND).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
}

#[tokio::test]
async fn pages_of_users_are_read_through_the_index() {
    let db = SqliteDb::create().await;
    let connection = db.connection();
    let mut plan = connection
        .prepare(
            "EXPLAIN QUERY PLAN SELECT user_guid FROM ciam_biller_user \
             WHERE biller_id = 'x' AND user_guid > '' ORDER BY user_guid LIMIT 5",
        )
        .unwrap();
    let steps: Vec<String> = plan
        .query_map([], |row| row.get("detail"))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let steps = steps.join("; ");
    assert!(
        steps.contains("ix_crm_biller_user") && !steps.contains("TEMP B-TREE"),
        "{steps}"
    );
}

#[tokio::test]
async fn two_stores_on_one_file_see_each_others_work() {
    let db = SqliteDb::create().await;
    let id = queued(&db).await;
    let path = db.connection().path().unwrap().to_owned();
    let options = SqliteOptions::default();
    let second = SqliteStore::open(path, Arc::new(SystemClock), options).await.unwrap();
    assert_eq!(second.run(id).await.unwrap(), db.store().run(id).await.unwrap());
}
