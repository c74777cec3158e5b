//! Due runs: each is claimed once, after longer and longer pauses, and only while it needs a message.

use std::collections::HashSet;

use biller_onboarding::domain::ids::OnboardingId;
use biller_onboarding::domain::operation::Operation;
use biller_onboarding::domain::run::RunState;
use biller_onboarding::domain::toggle_event::ToggleEvent;
use biller_onboarding::store::{Ending, Release, Resend};
use time::OffsetDateTime;

use super::db::{Db, on_both};
use super::fixtures::{
    LONG, RESEND, SHORT, WHY, accept, biller, finish, lease, leased, queued, run_id, stuck, wait, yes,
};

async fn claimed(db: &dyn Db, limit: u32) -> Vec<OnboardingId> {
    let due = db.store().claim_due(limit, RESEND).await.unwrap();
    due.into_iter().map(|due| due.id).collect()
}

/// Whether run 1 is due `after` from a moment between `before` and now.
async fn is_due(db: &dyn Db, before: OffsetDateTime, after: std::time::Duration) -> bool {
    let due = db.due_at(run_id(1)).await.expect("is due some time");
    (before + after..=db.now().await + after).contains(&due)
}

async fn a_queued_run_is_due_after_the_first_pause(db: &dyn Db) {
    let before = db.now().await;
    queued(db).await;
    assert!(is_due(db, before, RESEND.first).await);
    assert_eq!(claimed(db, 10).await, []);
}

async fn a_queued_run_waits_for_others_until_a_worker_has_it(db: &dyn Db) {
    queued(db).await;
    let store = db.store();
    assert!(!store.others_wait(run_id(1)).await.unwrap(), "no run waits for itself");
    assert!(store.others_wait(run_id(2)).await.unwrap());
    lease(&*store, run_id(1), 1, LONG).await;
    assert!(!store.others_wait(run_id(2)).await.unwrap());
}

async fn a_claim_names_the_run_and_its_trace_once(db: &dyn Db) {
    let id = queued(db).await;
    db.make_due(id).await;
    let due = db.store().claim_due(10, RESEND).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].id, &due[0].traceparent), (id, &yes(1).traceparent));
    assert_eq!(claimed(db, 10).await, []);
}

async fn every_claim_doubles_the_pause_up_to_the_longest(db: &dyn Db) {
    let id = queued(db).await;
    for pauses in [1, 2, 4, 4, 4] {
        db.make_due(id).await;
        let before = db.now().await;
        assert_eq!(claimed(db, 10).await, [id]);
        assert!(is_due(db, before, LONG * pauses).await, "{pauses}");
    }
}

async fn after_many_messages_the_pause_is_still_the_longest(db: &dyn Db) {
    let id = queued(db).await;
    for _ in 0..70 {
        db.make_due(id).await;
        assert_eq!(claimed(db, 10).await, [id]);
    }
    let before = db.now().await;
    db.make_due(id).await;
    claimed(db, 10).await;
    assert!(is_due(db, before, RESEND.longest).await);
}

async fn work_on_the_run_starts_the_pauses_again(db: &dyn Db) {
    let id = queued(db).await;
    db.make_due(id).await;
    claimed(db, 10).await;
    let leased = lease(&*db.store(), id, 1, LONG).await.lease;
    let release = Release::Continue {
        resend: SHORT,
        late: None,
    };
    db.store().release(&leased, &release).await.unwrap();
    db.pass(SHORT).await;
    let before = db.now().await;
    assert_eq!(claimed(db, 10).await, [id]);
    assert!(is_due(db, before, RESEND.first).await);
}

async fn a_lease_that_expired_starts_the_pauses_again_too(db: &dyn Db) {
    let id = queued(db).await;
    for _ in 0..2 {
        db.make_due(id).await;
        claimed(db, 10).await;
    }
    lease(&*db.store(), id, 1, SHORT).await;
    db.pass(SHORT).await;
    let before = db.now().await;
    assert_eq!(claimed(db, 10).await, [id]);
    assert!(is_due(db, before, RESEND.first).await);
}

async fn many_timers_claim_each_run_once(db: &dyn Db) {
    let mut waiting = HashSet::new();
    for number in 1..=20 {
        let event = ToggleEvent {
            biller_id: biller(&format!("b{number}")),
            ..yes(number)
        };
        db.add_biller(event.biller_id.as_ref(), Some("Sample")).await;
        accept(&*db.store(), &event).await;
        db.make_due(run_id(number)).await;
        waiting.insert(run_id(number));
    }
    // Whatever the timers do at the same time, none claims more than its limit, and no run is claimed twice.
    let mut seen = Vec::new();
    while seen.len() < waiting.len() {
        let timers: Vec<_> = (0..6)
            .map(|_| {
                let store = db.store();
                tokio::spawn(async move { store.claim_due(4, RESEND).await.unwrap() })
            })
            .collect();
        let before = seen.len();
        for timer in timers {
            let due = timer.await.unwrap();
            assert!(due.len() <= 4);
            seen.extend(due.into_iter().map(|due| due.id));
        }
        assert!(seen.len() > before, "due runs are not claimed");
    }
    assert_eq!(seen.len(), 20);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), waiting);
}

async fn a_leased_run_is_not_due_until_its_lease_ends(db: &dyn Db) {
    let current = leased(db).await;
    db.make_due(run_id(1)).await;
    assert_eq!(claimed(db, 10).await, []);
    db.store().renew(&current, SHORT).await.unwrap();
    db.pass(SHORT).await;
    assert_eq!(claimed(db, 10).await, [run_id(1)]);
}

async fn renewing_a_lease_moves_the_due_time_with_it(db: &dyn Db) {
    let current = leased(db).await;
    let before = db.now().await;
    db.store().renew(&current, LONG * 2).await.unwrap();
    assert!(is_due(db, before, LONG * 2).await);
}

async fn a_waiting_run_is_due_when_its_pause_is_over(db: &dyn Db) {
    let current = leased(db).await;
    let before = db.now().await;
    db.store().release(&current, &wait(LONG)).await.unwrap();
    assert!(is_due(db, before, LONG).await);
}

async fn a_run_that_ended_or_is_stuck_is_never_due(db: &dyn Db) {
    stuck(db).await;
    db.make_due(run_id(1)).await;
    db.add_biller("1877", Some("Other")).await;
    let event = ToggleEvent {
        biller_id: biller("1877"),
        ..yes(2)
    };
    accept(&*db.store(), &event).await;
    finish(db, run_id(2), &Ending::Failed(WHY)).await;
    assert_eq!(db.due_at(run_id(2)).await, None);
    db.make_due(run_id(2)).await;
    assert_eq!(claimed(db, 10).await, []);
}

async fn a_stuck_run_is_reported_again_and_again_until_somebody_acts(db: &dyn Db) {
    stuck(db).await;
    let store = db.store();
    let report = async || store.claim_stuck(10, SHORT).await.unwrap();
    assert_eq!(report().await, [run_id(1)]);
    assert_eq!(report().await, []);
    db.pass(SHORT).await;
    assert_eq!(report().await, [run_id(1)]);
    db.pass(SHORT).await;
    store.operate(run_id(1), Operation::Close, "Zoë").await.unwrap();
    assert_eq!(report().await, []);
}

async fn many_timers_report_a_stuck_run_once(db: &dyn Db) {
    stuck(db).await;
    let timers: Vec<_> = (0..6)
        .map(|_| {
            let store = db.store();
            tokio::spawn(async move { store.claim_stuck(10, LONG).await.unwrap() })
        })
        .collect();
    let mut reported = Vec::new();
    for timer in timers {
        reported.extend(timer.await.unwrap());
    }
    assert_eq!(reported, [run_id(1)]);
}

async fn runs_that_have_not_ended_are_listed_in_their_order(db: &dyn Db) {
    stuck(db).await;
    for (number, name) in [(2, "b2"), (3, "b3")] {
        db.add_biller(name, Some("Sample")).await;
        let event = ToggleEvent {
            biller_id: biller(name),
            ..yes(number)
        };
        accept(&*db.store(), &event).await;
    }
    finish(db, run_id(2), &Ending::Failed(WHY)).await;
    let listed = async |stuck_only, limit| {
        let runs = db.store().unfinished(stuck_only, limit).await.unwrap();
        runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(false, 10).await, [run_id(1), run_id(3)]);
    assert_eq!(listed(false, 1).await, [run_id(1)]);
    assert_eq!(listed(true, 10).await, [run_id(1)]);
}

async fn a_postponed_run_is_due_later_but_may_be_leased(db: &dyn Db) {
    let id = queued(db).await;
    db.make_due(id).await;
    let before = db.now().await;
    db.store().postpone(id, LONG).await.unwrap();
    assert!(is_due(db, before, LONG).await);
    let run = db.store().run(id).await.unwrap().expect("is there");
    assert_eq!(run.state, RunState::Queued);
    assert_eq!(run.waiting_for.as_deref(), Some("worker_slot"));
    let run = lease(&*db.store(), id, 1, LONG).await.run;
    assert_eq!(run.waiting_for, None);
}

async fn only_an_open_run_without_a_lease_is_postponed(db: &dyn Db) {
    let current = leased(db).await;
    let due = db.due_at(run_id(1)).await;
    db.store().postpone(run_id(1), LONG * 9).await.unwrap();
    assert_eq!(db.due_at(run_id(1)).await, due);
    let store = db.store();
    store.finish(&current, &Ending::Failed(WHY), None).await.unwrap();
    store.postpone(run_id(1), LONG).await.unwrap();
    assert_eq!(db.due_at(run_id(1)).await, None);
}

async fn pauses_of_milliseconds_work_too(db: &dyn Db) {
    let id = queued(db).await;
    let resend = Resend {
        first: SHORT,
        longest: SHORT,
    };
    db.make_due(id).await;
    for _ in 0..3 {
        assert_eq!(db.store().claim_due(1, resend).await.unwrap().len(), 1);
        db.pass(SHORT).await;
    }
}

on_both![
    a_stuck_run_is_reported_again_and_again_until_somebody_acts,
    many_timers_report_a_stuck_run_once,
    runs_that_have_not_ended_are_listed_in_their_order,
    a_queued_run_is_due_after_the_first_pause,
    a_queued_run_waits_for_others_until_a_worker_has_it,
    a_claim_names_the_run_and_its_trace_once,
    every_claim_doubles_the_pause_up_to_the_longest,
    after_many_messages_the_pause_is_still_the_longest,
    work_on_the_run_starts_the_pauses_again,
    a_lease_that_expired_starts_the_pauses_again_too,
    many_timers_claim_each_run_once,
    a_leased_run_is_not_due_until_its_lease_ends,
    renewing_a_lease_moves_the_due_time_with_it,
    a_waiting_run_is_due_when_its_pause_is_over,
    a_run_that_ended_or_is_stuck_is_never_due,
    a_postponed_run_is_due_later_but_may_be_leased,
    only_an_open_run_without_a_lease_is_postponed,
    pauses_of_milliseconds_work_too,
];
