//! Leases: one worker at a time, and a worker that lost its lease can write nothing.

use biller_onboarding::domain::journal::Entry;
use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::run::{Run, RunState};
use biller_onboarding::store::{Batch, Ending, LeaseOutcome, Release, StoreError};

use super::db::{Db, Word, on_both};
use super::fixtures::{
    LONG, SHORT, WHY, finish, journal_note, lease, leased, queued, roll_back, run_id, stuck, wait, worker,
};

async fn run(db: &dyn Db) -> Run {
    db.store().run(run_id(1)).await.unwrap().expect("is there")
}

async fn a_leased_run_is_running_and_keeps_its_first_start(db: &dyn Db) {
    let id = queued(db).await;
    let first = lease(&*db.store(), id, 1, LONG).await;
    assert_eq!(first.run.state, RunState::Running);
    assert!(first.run.started_at.is_some() && !first.took_over);
    assert_eq!(first.run, run(db).await);

    db.store().release(&first.lease, &wait(SHORT)).await.unwrap();
    db.pass(SHORT).await;
    let second = lease(&*db.store(), id, 2, LONG).await;
    assert_eq!(second.run.started_at, first.run.started_at);
    assert!(second.lease.version > first.lease.version);
}

async fn a_leased_run_cannot_be_leased_again_not_even_by_its_worker(db: &dyn Db) {
    leased(db).await;
    for number in [1, 2] {
        let outcome = db.store().lease(run_id(1), worker(number), LONG).await;
        assert!(matches!(outcome, Ok(LeaseOutcome::NotNow)), "{outcome:?}");
    }
}

async fn one_of_many_workers_gets_the_lease(db: &dyn Db) {
    let id = queued(db).await;
    let attempts: Vec<_> = (1..=8)
        .map(|number| {
            let store = db.store();
            tokio::spawn(async move { store.lease(id, worker(number), LONG).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            LeaseOutcome::Taken(_) => taken += 1,
            LeaseOutcome::NotNow => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(taken, 1);
}

async fn an_expired_lease_is_taken_over_and_the_new_lease_says_so(db: &dyn Db) {
    let id = queued(db).await;
    lease(&*db.store(), id, 1, SHORT).await;
    db.pass(SHORT).await;
    assert!(lease(&*db.store(), id, 2, LONG).await.took_over);
}

async fn take_overs_are_counted_until_something_gets_done(db: &dyn Db) {
    let id = queued(db).await;
    for number in 1..=3 {
        let taken = lease(&*db.store(), id, number.into(), SHORT).await;
        assert_eq!(taken.run.take_overs, number - 1);
        db.pass(SHORT).await;
    }
    let current = lease(&*db.store(), id, 4, LONG).await.lease;
    db.store().write(&current, &journal_note("no progress")).await.unwrap();
    assert_eq!(run(db).await.take_overs, 3);
    let progress = Batch {
        is_progress: true,
        ..Batch::default()
    };
    db.store().write(&current, &progress).await.unwrap();
    assert_eq!(run(db).await.take_overs, 0);
}

async fn a_rollback_counts_its_own_take_overs(db: &dyn Db) {
    let id = queued(db).await;
    lease(&*db.store(), id, 1, SHORT).await;
    db.pass(SHORT).await;
    for (number, counted) in [(2, 0), (3, 1)] {
        let current = lease(&*db.store(), id, number, LONG).await.lease;
        roll_back(db, &current, Reason::InvalidUsers).await;
        assert_eq!(run(db).await.take_overs, counted);
        db.pass(SHORT).await;
        lease(&*db.store(), id, number, SHORT).await;
        db.pass(SHORT).await;
    }
}

async fn a_run_knows_for_how_long_calls_may_still_take_effect(db: &dyn Db) {
    let id = queued(db).await;
    let store = db.store();
    let mut taken = lease(&*store, id, 1, LONG).await;
    assert_eq!(taken.late, None);
    // The latest moment counts, whatever is said later.
    for (number, late) in [(2, Some(LONG)), (3, Some(SHORT)), (4, None)] {
        let release = Release::Continue { resend: LONG, late };
        store.release(&taken.lease, &release).await.unwrap();
        taken = lease(&*store, id, number, LONG).await;
        let left = taken.late.expect("was set");
        assert!(left > SHORT && left <= LONG, "{left:?}");
    }
}

async fn calls_that_took_effect_long_ago_are_remembered_as_no_wait(db: &dyn Db) {
    let id = queued(db).await;
    let current = lease(&*db.store(), id, 1, LONG).await.lease;
    let release = Release::Continue {
        resend: LONG,
        late: Some(SHORT),
    };
    db.store().release(&current, &release).await.unwrap();
    db.pass(SHORT * 2).await;
    let late = lease(&*db.store(), id, 2, LONG).await.late;
    assert_eq!(late, Some(std::time::Duration::ZERO));
}

async fn a_released_lease_is_not_taken_over(db: &dyn Db) {
    let first = leased(db).await;
    let release = Release::Continue {
        resend: LONG,
        late: None,
    };
    db.store().release(&first, &release).await.unwrap();
    assert_eq!(run(db).await.state, RunState::Running);
    assert!(!lease(&*db.store(), run_id(1), 2, LONG).await.took_over);
}

async fn a_renewed_lease_lasts(db: &dyn Db) {
    let id = queued(db).await;
    let first = lease(&*db.store(), id, 1, SHORT).await.lease;
    db.pass(SHORT).await;
    db.store().renew(&first, LONG).await.unwrap();
    let outcome = db.store().lease(id, worker(2), LONG).await.unwrap();
    assert!(matches!(outcome, LeaseOutcome::NotNow), "{outcome:?}");
}

async fn a_worker_whose_lease_is_lost_can_write_nothing(db: &dyn Db) {
    let id = queued(db).await;
    let store = db.store();
    let late = lease(&*store, id, 1, SHORT).await.lease;
    db.pass(SHORT).await;
    let current = lease(&*store, id, 1, LONG).await;

    let lost = [
        store.renew(&late, LONG).await,
        store.write(&late, &journal_note("too late")).await,
        store.release(&late, &wait(LONG)).await,
        store.finish(&late, &Ending::Failed(WHY), None).await,
    ];
    for result in lost {
        assert!(matches!(result, Err(StoreError::LeaseLost(lost)) if lost == id));
    }
    assert_eq!(run(db).await, current.run);
    assert_eq!(store.journal(id).await.unwrap(), []);
    store.write(&current.lease, &Batch::default()).await.unwrap();
}

async fn nothing_can_be_written_under_a_released_lease(db: &dyn Db) {
    let given_up = leased(db).await;
    let store = db.store();
    store.release(&given_up, &wait(LONG)).await.unwrap();
    let late = store.write(&given_up, &journal_note("too late")).await;
    assert!(matches!(late, Err(StoreError::LeaseLost(_))));
    assert!(matches!(
        store.renew(&given_up, LONG).await,
        Err(StoreError::LeaseLost(_))
    ));
}

async fn nothing_can_be_written_about_a_run_that_ended(db: &dyn Db) {
    let ended = leased(db).await;
    let store = db.store();
    store.finish(&ended, &Ending::Failed(WHY), None).await.unwrap();
    let again = store.finish(&ended, &Ending::Failed(WHY), None).await;
    assert!(matches!(again, Err(StoreError::LeaseLost(_))));
    assert!(matches!(store.renew(&ended, LONG).await, Err(StoreError::LeaseLost(_))));
}

async fn a_waiting_run_cannot_be_leased_before_its_time(db: &dyn Db) {
    let first = leased(db).await;
    let store = db.store();
    let before = db.now().await;
    store.release(&first, &wait(LONG)).await.unwrap();
    let waiting = run(db).await;
    assert_eq!(waiting.state, RunState::Waiting);
    assert_eq!(waiting.waiting_for.as_deref(), Some("secureauth_unavailable"));
    assert_eq!(waiting.pauses_used, 3);
    assert!(waiting.next_attempt_at.expect("has a time") >= before + LONG);
    let early = store.lease(run_id(1), worker(2), LONG).await.unwrap();
    assert!(matches!(early, LeaseOutcome::NotNow), "{early:?}");
}

async fn a_run_that_is_leased_after_its_pause_waits_for_nothing(db: &dyn Db) {
    let first = leased(db).await;
    db.store().release(&first, &wait(SHORT)).await.unwrap();
    db.pass(SHORT).await;
    let run = lease(&*db.store(), run_id(1), 2, LONG).await.run;
    assert_eq!((run.state, run.pauses_used), (RunState::Running, 3));
    assert_eq!((run.waiting_for, run.next_attempt_at), (None, None));
}

async fn a_run_rolls_back_from_the_moment_that_its_rollback_is_written(db: &dyn Db) {
    let current = leased(db).await;
    let batch = Batch {
        entries: vec![Entry::RollbackStarted {
            reason: Reason::InvalidUsers,
        }],
        rolls_back: Some(Reason::InvalidUsers),
        ..Batch::default()
    };
    db.store().write(&current, &batch).await.unwrap();
    let now = run(db).await;
    assert_eq!(
        (now.state, now.reason.as_deref()),
        (RunState::RollingBack, Some("invalid_users"))
    );
    assert!(now.rolling_back_since.is_some());
    let later = journal_note("the rollback goes on");
    db.store().write(&current, &later).await.unwrap();
    assert_eq!(run(db).await.state, RunState::RollingBack);
}

async fn a_rollback_keeps_the_time_at_which_it_first_began(db: &dyn Db) {
    let mut current = leased(db).await;
    let mut since = None;
    for number in [2, 3] {
        roll_back(db, &current, Reason::InvalidUsers).await;
        db.pass(SHORT).await;
        let next = lease(&*db.store(), run_id(1), number, LONG).await;
        assert_eq!(next.run.state, RunState::RollingBack);
        assert_eq!(next.run.reason.as_deref(), Some("invalid_users"));
        assert_eq!(
            next.run.rolling_back_since,
            *since.get_or_insert(next.run.rolling_back_since)
        );
        assert!(next.run.rolling_back_since.is_some());
        current = next.lease;
    }
}

async fn a_run_that_ended_or_is_stuck_or_unknown_cannot_be_leased(db: &dyn Db) {
    let store = db.store();
    let unknown = store.lease(run_id(9), worker(1), LONG).await.unwrap();
    assert!(matches!(unknown, LeaseOutcome::Unknown));
    stuck(db).await;
    let outcome = store.lease(run_id(1), worker(2), LONG).await.unwrap();
    assert!(matches!(outcome, LeaseOutcome::Finished(RunState::Stuck)));
}

async fn an_ended_run_says_how_it_ended(db: &dyn Db) {
    queued(db).await;
    finish(db, run_id(1), &Ending::Failed(WHY)).await;
    let outcome = db.store().lease(run_id(1), worker(2), LONG).await.unwrap();
    assert!(matches!(outcome, LeaseOutcome::Finished(RunState::Failed)));
}

async fn a_run_with_a_text_of_a_newer_version_is_left_alone(db: &dyn Db) {
    let id = queued(db).await;
    let store = db.store();
    for (column, word, known) in [
        (Word::Kind, "migrate", "enable"),
        (Word::State, "hibernating", "queued"),
        (Word::Step, "ensure_everything", "ensure_pool"),
    ] {
        db.set_word(id, column, word).await;
        for result in [
            store.run(id).await.map(drop),
            store.lease(id, worker(1), LONG).await.map(drop),
            store
                .accept(&super::fixtures::yes(2), super::fixtures::RESEND)
                .await
                .map(drop),
        ] {
            assert!(matches!(result, Err(StoreError::Newer { .. })), "{column:?} {result:?}");
        }
        db.set_word(id, column, known).await;
    }
    assert!(!lease(&*store, id, 1, LONG).await.took_over);
}

on_both![
    a_leased_run_is_running_and_keeps_its_first_start,
    a_leased_run_cannot_be_leased_again_not_even_by_its_worker,
    one_of_many_workers_gets_the_lease,
    an_expired_lease_is_taken_over_and_the_new_lease_says_so,
    take_overs_are_counted_until_something_gets_done,
    a_rollback_counts_its_own_take_overs,
    a_run_rolls_back_from_the_moment_that_its_rollback_is_written,
    a_run_knows_for_how_long_calls_may_still_take_effect,
    calls_that_took_effect_long_ago_are_remembered_as_no_wait,
    a_released_lease_is_not_taken_over,
    a_renewed_lease_lasts,
    a_worker_whose_lease_is_lost_can_write_nothing,
    nothing_can_be_written_under_a_released_lease,
    nothing_can_be_written_about_a_run_that_ended,
    a_waiting_run_cannot_be_leased_before_its_time,
    a_run_that_is_leased_after_its_pause_waits_for_nothing,
    a_rollback_keeps_the_time_at_which_it_first_began,
    a_run_that_ended_or_is_stuck_or_unknown_cannot_be_leased,
    an_ended_run_says_how_it_ended,
    a_run_with_a_text_of_a_newer_version_is_left_alone,
];
