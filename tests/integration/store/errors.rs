//! What a run failed with: the first cause and the last error.

use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::run_error::{ErrorDetails, RunError};
use biller_onboarding::store::{Batch, Lease};
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

on_both![the_first_cause_lasts_until_progress_and_in_a_rollback_for_good];
