//! What a run failed with: the first cause and the last error.

use std::time::Duration;

use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::run::RunState;
use biller_onboarding::domain::run_error::{ErrorDetails, RunError};
use biller_onboarding::store::{Batch, Ending, Lease, Release};
use time::macros::datetime;

use super::db::{Db, on_both};
use super::fixtures::{self, LONG, SHORT, leased, run_id};

/// A failure with this operation.
fn failed(operation: &str) -> Box<RunError> {
    let details = ErrorDetails {
        operation: Some(operation.into()),
        status: Some(422),
        code: Some("invalid_name".into()),
        trace_id: Some("4bf92f".into()),
        cause: Some("answered 422 – \"zwölf\"".into()),
        ..ErrorDetails::default()
    };
    Box::new(RunError::new(
        Reason::SecureauthRefused,
        details,
        datetime!(2026-11-27 10:00:00.5 UTC),
    ))
}

async fn the_first_cause_lasts_until_progress_and_in_a_rollback_for_good(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let write = async |lease: &Lease, error: Option<Box<RunError>>, is_progress| {
        let batch = Batch {
            error,
            is_progress,
            ..Batch::default()
        };
        store.write(lease, &batch).await.unwrap();
        let run = store.run(run_id(1)).await.unwrap().expect("is there");
        (run.first_cause, run.last_error)
    };
    assert_eq!(write(&lease, None, false).await, (None, None));
    let (one, two) = (Some(failed("get_pool")), Some(failed("create_pool")));
    assert_eq!(write(&lease, one.clone(), false).await, (one.clone(), one.clone()));
    assert_eq!(write(&lease, two.clone(), false).await, (one.clone(), two.clone()));
    assert_eq!(write(&lease, None, true).await, (None, two.clone()));
    assert_eq!(write(&lease, two.clone(), false).await, (two.clone(), two.clone()));
    fixtures::roll_back(db, &lease, Reason::SecureauthRefused).await;
    db.pass(SHORT).await;
    let lease = fixtures::lease(&*store, run_id(1), 1, LONG).await.lease;
    assert_eq!(write(&lease, None, true).await, (two.clone(), two.clone()));
    assert_eq!(write(&lease, one.clone(), false).await, (two, one));
}

/// A pause because of this failure.
fn pause(state: RunState, error: &RunError) -> Release {
    Release::Wait {
        after: Duration::ZERO,
        state,
        waiting_for: Reason::SecureauthUnavailable,
        error: Some(Box::new(error.clone())),
        pauses_used: 1,
        late: None,
    }
}

/// First cause and last error of run 1.
async fn kept(db: &dyn Db) -> (Option<String>, Option<String>) {
    let run = db.store().run(run_id(1)).await.unwrap().expect("is there");
    let operation = |error: Option<Box<RunError>>| error.and_then(|error| error.details.operation);
    (operation(run.first_cause), operation(run.last_error))
}

fn named(first: &str, last: &str) -> (Option<String>, Option<String>) {
    (Some(first.into()), Some(last.into()))
}

async fn the_failure_that_begins_a_rollback_becomes_the_first_cause_and_stays_it(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let transient = pause(RunState::Waiting, &failed("get_pool"));
    store.release(&lease, &transient).await.unwrap();
    assert_eq!(kept(db).await, named("get_pool", "get_pool"));
    let lease = fixtures::lease(&*store, run_id(1), 1, LONG).await.lease;
    let begins = Batch {
        error: Some(failed("create_pool")),
        rolls_back: Some(Reason::SecureauthRefused),
        ..Batch::default()
    };
    store.write(&lease, &begins).await.unwrap();
    assert_eq!(kept(db).await, named("create_pool", "create_pool"));
    let since = store.run(run_id(1)).await.unwrap().unwrap().rolling_back_since;
    assert!(since.is_some());
    let begins_again = Batch {
        rolls_back: Some(Reason::SecureauthRefused),
        is_progress: true,
        ..Batch::default()
    };
    store.write(&lease, &begins_again).await.unwrap();
    let run = store.run(run_id(1)).await.unwrap().unwrap();
    assert_eq!(run.rolling_back_since, since);
    let waits = pause(RunState::RollingBack, &failed("delete_pool"));
    store.release(&lease, &waits).await.unwrap();
    assert_eq!(kept(db).await, named("create_pool", "delete_pool"));
    let lease = fixtures::lease(&*store, run_id(1), 1, LONG).await.lease;
    let stuck = Ending::Stuck(Reason::NotRolledBack);
    let last = failed("delete_organization");
    store.finish(&lease, &stuck, Some(&last)).await.unwrap();
    assert_eq!(kept(db).await, named("create_pool", "delete_organization"));
}

async fn the_failure_that_ends_a_run_becomes_the_first_cause(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let transient = pause(RunState::Waiting, &failed("get_pool"));
    store.release(&lease, &transient).await.unwrap();
    let lease = fixtures::lease(&*store, run_id(1), 1, LONG).await.lease;
    let error = failed("create_organization");
    let ending = Ending::Failed(Reason::SecureauthRefused);
    store.finish(&lease, &ending, Some(&error)).await.unwrap();
    assert_eq!(kept(db).await, named("create_organization", "create_organization"));
}

on_both![
    the_first_cause_lasts_until_progress_and_in_a_rollback_for_good,
    the_failure_that_begins_a_rollback_becomes_the_first_cause_and_stays_it,
    the_failure_that_ends_a_run_becomes_the_first_cause
];
