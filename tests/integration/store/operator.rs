//! The operator's commands, and their entries in the journal.

use biller_onboarding::domain::journal::Entry;
use biller_onboarding::domain::operation::Operation;
use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::run::{Run, RunState};
use biller_onboarding::store::{Ending, LeaseOutcome, Operated};

use super::db::{Db, on_both};
use super::fixtures::{
    LONG, RESEND, SHORT, accept, finish, lease, leased, live, queued, roll_back, run_id, stuck, wait, worker, yes,
};

async fn operate(db: &dyn Db, operation: Operation) -> Operated {
    let store = db.store();
    store.operate(run_id(1), operation, "Zoë").await.unwrap()
}

async fn run(db: &dyn Db) -> Run {
    db.store().run(run_id(1)).await.unwrap().expect("is there")
}

/// Run 1, which got stuck during its rollback.
async fn stuck_rolling_back(db: &dyn Db) {
    let lease = leased(db).await;
    roll_back(db, &lease, Reason::InvalidUsers).await;
    db.pass(SHORT).await;
    finish(db, run_id(1), &Ending::Stuck(Reason::NotRolledBack)).await;
}

/// Whether run 1 is due for the timer and for a worker, with none of its pauses used.
async fn is_open_again(db: &dyn Db) -> bool {
    let due = db.store().claim_due(10, RESEND).await.unwrap();
    let run = run(db).await;
    let leased = db.store().lease(run_id(1), worker(5), LONG).await.unwrap();
    due.len() == 1
        && (run.pauses_used, run.finished_at, run.next_attempt_at) == (0, None, None)
        && matches!(leased, LeaseOutcome::Taken(_))
}

async fn a_stuck_run_resumes_where_it_stopped(db: &dyn Db) {
    stuck(db).await;
    assert_eq!(operate(db, Operation::Resume).await, Operated::Now(RunState::Waiting));
    assert_eq!(run(db).await.reason, None);
    assert!(is_open_again(db).await);
}

async fn a_run_stuck_while_rolled_back_resumes_rolling_back(db: &dyn Db) {
    stuck_rolling_back(db).await;
    let since = run(db).await.rolling_back_since;
    assert_eq!(
        operate(db, Operation::Resume).await,
        Operated::Now(RunState::RollingBack)
    );
    assert_eq!(run(db).await.rolling_back_since, since);
    assert!(since.is_some() && is_open_again(db).await);
}

async fn a_waiting_run_resumes_at_once(db: &dyn Db) {
    let lease = leased(db).await;
    db.store().release(&lease, &wait(LONG)).await.unwrap();
    assert_eq!(operate(db, Operation::Resume).await, Operated::Now(RunState::Waiting));
    assert!(is_open_again(db).await);
}

async fn a_rollback_by_an_operator_has_the_whole_time_limit(db: &dyn Db) {
    stuck_rolling_back(db).await;
    let since = run(db).await.rolling_back_since;
    assert_eq!(
        operate(db, Operation::Rollback).await,
        Operated::Now(RunState::RollingBack)
    );
    assert!(run(db).await.rolling_back_since > since);
    assert!(is_open_again(db).await);
}

async fn a_queued_run_is_rolled_back(db: &dyn Db) {
    queued(db).await;
    assert_eq!(
        operate(db, Operation::Rollback).await,
        Operated::Now(RunState::RollingBack)
    );
    assert!(run(db).await.rolling_back_since.is_some());
    assert!(is_open_again(db).await);
}

async fn a_waiting_run_is_rolled_back(db: &dyn Db) {
    let lease = leased(db).await;
    db.store().release(&lease, &wait(LONG)).await.unwrap();
    assert_eq!(
        operate(db, Operation::Rollback).await,
        Operated::Now(RunState::RollingBack)
    );
    assert!(is_open_again(db).await);
}

async fn a_queued_run_is_cancelled_and_another_may_start(db: &dyn Db) {
    queued(db).await;
    assert_eq!(operate(db, Operation::Cancel).await, Operated::Now(RunState::Cancelled));
    assert!(run(db).await.finished_at.is_some());
    assert_eq!(db.due_at(run_id(1)).await, None);
    accept(&*db.store(), &yes(2)).await;
    assert!(db.store().run(run_id(2)).await.unwrap().is_some());
}

async fn a_stuck_run_is_closed_and_keeps_its_reason(db: &dyn Db) {
    stuck(db).await;
    assert_eq!(operate(db, Operation::Close).await, Operated::Now(RunState::Failed));
    let run = run(db).await;
    assert!(run.finished_at.is_some());
    assert_eq!(run.reason.as_deref(), Some("not_rolled_back"));
}

async fn a_command_that_is_not_possible_changes_nothing(db: &dyn Db) {
    let unknown = db.store().operate(run_id(9), Operation::Resume, "Zoë").await;
    assert_eq!(unknown.unwrap(), Operated::Unknown);

    let id = queued(db).await;
    for operation in [Operation::Resume, Operation::Close] {
        assert_eq!(operate(db, operation).await, Operated::NotFrom(RunState::Queued));
    }
    let lease = lease(&*db.store(), id, 1, LONG).await.lease;
    let all = [
        Operation::Resume,
        Operation::Rollback,
        Operation::Cancel,
        Operation::Close,
    ];
    for operation in all {
        assert_eq!(operate(db, operation).await, Operated::NotFrom(RunState::Running));
    }
    db.store().finish(&lease, &live(), None).await.unwrap();
    let ended = run(db).await;
    for operation in all {
        assert_eq!(operate(db, operation).await, Operated::NotFrom(RunState::Succeeded));
    }
    assert_eq!(run(db).await, ended);
    assert_eq!(db.store().journal(id).await.unwrap(), []);
}

async fn a_command_is_written_into_the_journal_with_who_gave_it(db: &dyn Db) {
    stuck(db).await;
    operate(db, Operation::Resume).await;
    let journal = db.store().journal(run_id(1)).await.unwrap();
    let entries: Vec<_> = journal.into_iter().map(|recorded| recorded.entry).collect();
    let expected = Entry::Operator {
        command: Operation::Resume,
        by: "Zoë".into(),
    };
    assert_eq!(entries, [expected]);
}

on_both![
    a_stuck_run_resumes_where_it_stopped,
    a_run_stuck_while_rolled_back_resumes_rolling_back,
    a_waiting_run_resumes_at_once,
    a_rollback_by_an_operator_has_the_whole_time_limit,
    a_queued_run_is_rolled_back,
    a_waiting_run_is_rolled_back,
    a_queued_run_is_cancelled_and_another_may_start,
    a_stuck_run_is_closed_and_keeps_its_reason,
    a_command_that_is_not_possible_changes_nothing,
    a_command_is_written_into_the_journal_with_who_gave_it,
];
