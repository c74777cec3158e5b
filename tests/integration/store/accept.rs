//! Toggle events: what they lead to, and that an event that is sent again gets the same answer.

use biller_onboarding::domain::ids::RequestedBy;
use biller_onboarding::domain::issue::Code;
use biller_onboarding::domain::run::{Kind, Run, RunState};
use biller_onboarding::domain::toggle_event::{Decision, Source, ToggleEvent};
use biller_onboarding::store::{Acceptance, Ending};

use super::db::{Damaged, Db, on_both};
use super::fixtures::{
    LONG, RESEND, SHORT, WHY, activated, biller, finish, lease, leased, no, queued, roll_back, run_id, stuck,
    with_event, yes,
};

async fn accept(db: &dyn Db, event: &ToggleEvent) -> Acceptance {
    db.store().accept(event, RESEND).await.unwrap()
}

async fn yes_starts_an_enable_run_that_is_queued(db: &dyn Db) {
    db.add_biller("1876", Some("Stadtwerke Köln 市")).await;
    let accepted = accept(db, &yes(1)).await;
    assert_eq!(accepted.decision, Decision::Start(Kind::Enable));
    let run = accepted.run.expect("has a run");
    assert_eq!((run.id, run.state), (run_id(1), RunState::Queued));
    assert_eq!(run.biller_name.as_deref(), Some("Stadtwerke Köln 市"));
    assert_eq!((run.source.as_str(), run.step), ("crm-toggle", None));
    assert_eq!(run.traceparent, yes(1).traceparent);
    assert_eq!((run.created_at, run.started_at), (run.updated_at, None));
    assert_eq!(db.store().run(run_id(1)).await.unwrap(), Some(run));
}

async fn an_active_biller_is_synced_by_yes_and_disabled_by_no(db: &dyn Db) {
    activated(db).await;
    let synced = accept(db, &yes(2)).await;
    assert_eq!(synced.decision, Decision::Start(Kind::Sync));
    finish(db, run_id(2), &Ending::Failed(WHY)).await;
    let disabled = accept(db, &no(3)).await;
    assert_eq!(disabled.decision, Decision::Start(Kind::Disable));
    assert_eq!(disabled.run.expect("has a run").kind, Kind::Disable);
}

async fn no_for_a_biller_that_is_not_active_is_nothing_to_do(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    let accepted = accept(db, &no(1)).await;
    assert_eq!(accepted.decision, Decision::NothingToDo);
    assert!(accepted.run.is_none());
    assert_eq!(db.store().run(run_id(1)).await.unwrap(), None);
}

async fn a_wizard_without_the_checkbox_is_nothing_to_do_even_for_an_unknown_biller(db: &dyn Db) {
    let event = ToggleEvent {
        source: Source::BillerWizard,
        ..no(1)
    };
    assert_eq!(accept(db, &event).await.decision, Decision::NothingToDo);
}

async fn a_biller_that_is_not_listed_is_not_found(db: &dyn Db) {
    assert_eq!(accept(db, &yes(1)).await.decision, Decision::BillerNotFound);
}

async fn a_biller_without_a_name_cannot_be_enabled(db: &dyn Db) {
    for (number, name) in [(1, None), (2, Some("")), (3, Some("  "))] {
        let id = format!("nameless-{number}");
        db.add_biller(&id, name).await;
        let event = ToggleEvent {
            biller_id: biller(&id),
            ..yes(number)
        };
        let accepted = accept(db, &event).await;
        assert_eq!(accepted.decision, Decision::BillerWithoutName, "{name:?}");
    }
}

async fn a_biller_with_a_damaged_name_cannot_be_enabled_and_is_shown_all_the_same(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    if !db.damage(Damaged::BillerName).await {
        return;
    }
    let refused = accept(db, &yes(1)).await;
    assert_eq!(refused.decision, Decision::BillerNameInvalid(Code::Unreadable));
    let view = db.store().biller(&biller("1876"), 1).await.unwrap();
    assert_eq!(view.expect("is listed").name, Err(Code::Unreadable));
}

async fn blanks_around_a_name_do_not_count(db: &dyn Db) {
    db.add_biller("1876", Some(" Max  ")).await;
    let run = accept(db, &yes(1)).await.run.expect("has a run");
    assert_eq!(run.biller_name.as_deref(), Some("Max"));
}

async fn billers_that_differ_in_case_only_are_two(db: &dyn Db) {
    db.add_biller("abc", Some("small")).await;
    let shouting = |number| ToggleEvent {
        biller_id: biller("ABC"),
        ..yes(number)
    };
    let refused = accept(db, &shouting(1)).await;
    assert_eq!(refused.decision, Decision::BillerNotFound);
    assert!(db.store().biller(&biller("ABC"), 1).await.unwrap().is_none());

    db.add_biller("ABC", Some("LARGE")).await;
    let small = ToggleEvent {
        biller_id: biller("abc"),
        ..yes(2)
    };
    for (event, name) in [(small, "small"), (shouting(3), "LARGE")] {
        let accepted = accept(db, &event).await;
        assert_eq!(accepted.decision, Decision::Start(Kind::Enable));
        let run = accepted.run.expect("has a run");
        assert_eq!(run.biller_name.as_deref(), Some(name));
    }
}

async fn a_biller_id_may_have_64_characters(db: &dyn Db) {
    let id = "_-Z9".repeat(16);
    db.add_biller(&id, Some("Long")).await;
    let event = ToggleEvent {
        biller_id: biller(&id),
        ..yes(1)
    };
    accept(db, &event).await;
    let view = db.store().biller(&biller(&id), 1).await.unwrap();
    assert_eq!(view.expect("is listed").biller.biller_id, biller(&id));
}

async fn the_name_is_taken_once_when_the_run_is_accepted(db: &dyn Db) {
    let id = queued(db).await;
    db.rename_biller("1876", "Renamed").await;
    let run = db.store().run(id).await.unwrap().expect("is there");
    assert_eq!(run.biller_name.as_deref(), Some("City of Sample"));
}

async fn a_name_that_is_blank_later_is_none(db: &dyn Db) {
    activated(db).await;
    for (number, event) in [(2, yes(2)), (3, no(3))] {
        db.rename_biller("1876", [" ", ""][number % 2]).await;
        let run = accept(db, &event).await.run.expect("has a run");
        assert_eq!(run.biller_name, None);
        finish(db, run.id, &Ending::Failed(WHY)).await;
    }
}

async fn an_event_of_the_same_direction_joins_the_open_run_and_the_opposite_is_refused(db: &dyn Db) {
    queued(db).await;
    let joined = accept(db, &yes(2)).await;
    assert!(matches!(joined.decision, Decision::Join(head) if head.id == run_id(1)));
    assert_eq!(joined.run.expect("is named").id, run_id(1));
    let refused = accept(db, &no(3)).await;
    assert_eq!(refused.decision, Decision::OppositeRunning(run_id(1)));
    assert_eq!(refused.run.expect("is named").id, run_id(1));
}

async fn while_a_run_is_stuck_every_event_of_its_biller_is_refused(db: &dyn Db) {
    stuck(db).await;
    for event in [yes(2), no(3)] {
        let refused = accept(db, &event).await;
        assert_eq!(refused.decision, Decision::Stuck(run_id(1)));
        assert_eq!(refused.run.expect("is named").state, RunState::Stuck);
    }
}

/// Yes and No are refused because run 1 is rolling back. Returns the run as the refusals name it.
async fn refused_while_rolling_back(db: &dyn Db) -> Run {
    assert_eq!(accept(db, &yes(3)).await.decision, Decision::RollingBack(run_id(1)));
    let refused = accept(db, &with_event(no(4), "too-early")).await;
    assert_eq!(refused.decision, Decision::RollingBack(run_id(1)));
    let again = accept(db, &with_event(yes(5), "joined")).await;
    assert!(matches!(again.decision, Decision::Replay(Some(head)) if head.id == run_id(1)));
    refused.run.expect("is named")
}

async fn while_a_run_is_rolling_back_every_new_event_of_its_biller_is_refused(db: &dyn Db) {
    let first = leased(db).await;
    accept(db, &with_event(yes(2), "joined")).await;
    roll_back(db, &first, WHY).await;
    let pausing = refused_while_rolling_back(db).await;
    assert_eq!((pausing.id, pausing.state), (run_id(1), RunState::RollingBack));
    assert!(pausing.next_attempt_at.is_some());
    db.pass(SHORT).await;
    let second = lease(&*db.store(), run_id(1), 2, LONG).await.lease;
    assert_eq!(refused_while_rolling_back(db).await.next_attempt_at, None);
    db.store().finish(&second, &Ending::Failed(WHY), None).await.unwrap();
    let after = accept(db, &with_event(no(6), "too-early")).await;
    assert_eq!(after.decision, Decision::NothingToDo);
    assert_eq!(accept(db, &yes(7)).await.decision, Decision::Start(Kind::Enable));
}

async fn the_same_event_again_gets_its_run_even_when_that_has_ended(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    accept(db, &with_event(yes(1), "event-1")).await;
    for _ in 0..2 {
        let again = accept(db, &with_event(yes(2), "event-1")).await;
        assert!(matches!(again.decision, Decision::Replay(Some(head)) if head.id == run_id(1)));
        assert_eq!(again.run.expect("is named").id, run_id(1));
        if db.store().run(run_id(1)).await.unwrap().unwrap().state.is_open() {
            finish(db, run_id(1), &Ending::Failed(WHY)).await;
        }
    }
}

async fn an_event_that_joined_a_run_gets_that_run_again(db: &dyn Db) {
    queued(db).await;
    accept(db, &with_event(yes(2), "joins")).await;
    finish(db, run_id(1), &Ending::Failed(WHY)).await;
    let again = accept(db, &with_event(yes(3), "joins")).await;
    assert!(matches!(again.decision, Decision::Replay(Some(head)) if head.id == run_id(1)));
}

async fn an_event_with_nothing_to_do_is_remembered_too(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    accept(db, &with_event(no(1), "nothing")).await;
    let again = accept(db, &with_event(no(2), "nothing")).await;
    assert_eq!(again.decision, Decision::Replay(None));
}

async fn an_event_id_used_with_another_body_is_refused(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    accept(db, &with_event(yes(1), "event-1")).await;
    let other = ToggleEvent {
        fingerprint: "0".repeat(64),
        ..with_event(no(2), "event-1")
    };
    assert_eq!(accept(db, &other).await.decision, Decision::EventReused);
}

async fn a_refused_event_is_not_remembered(db: &dyn Db) {
    queued(db).await;
    let event = with_event(no(2), "too-early");
    let refused = accept(db, &event).await;
    assert_eq!(refused.decision, Decision::OppositeRunning(run_id(1)));
    finish(db, run_id(1), &Ending::Failed(WHY)).await;
    assert_eq!(accept(db, &event).await.decision, Decision::NothingToDo);
}

async fn event_ids_belong_to_their_biller_and_are_compared_byte_for_byte(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    db.add_biller("1877", Some("Other")).await;
    accept(db, &with_event(no(1), "Event")).await;
    let other_biller = ToggleEvent {
        biller_id: biller("1877"),
        ..with_event(no(2), "Event")
    };
    for event in [other_biller, with_event(no(3), "event"), with_event(no(4), "Event ")] {
        assert_eq!(accept(db, &event).await.decision, Decision::NothingToDo);
    }
}

async fn ids_and_names_of_full_length_are_accepted_in_any_script(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    let event = |number| ToggleEvent {
        requested_by: RequestedBy::try_new("𝔍".repeat(256)).unwrap(),
        ..with_event(yes(number), &"𝔈".repeat(128))
    };
    accept(db, &event(1)).await;
    let again = accept(db, &event(2)).await;
    assert!(matches!(again.decision, Decision::Replay(Some(head)) if head.id == run_id(1)));
}

async fn concurrent_events_of_one_biller_start_one_run(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    let events: Vec<_> = (1..=8)
        .map(|number| {
            let store = db.store();
            tokio::spawn(async move { store.accept(&yes(number), RESEND).await.unwrap() })
        })
        .collect();
    let (mut started, mut named) = (0, Vec::new());
    for event in events {
        let accepted = event.await.unwrap();
        started += u32::from(accepted.decision == Decision::Start(Kind::Enable));
        named.push(accepted.run.expect("is named").id);
    }
    named.dedup();
    assert_eq!((started, named.len()), (1, 1));
}

async fn concurrent_copies_of_one_event_start_one_run(db: &dyn Db) {
    db.add_biller("1876", Some("Sample")).await;
    let copies: Vec<_> = (1..=8)
        .map(|number| {
            let store = db.store();
            let event = with_event(yes(number), "copied");
            tokio::spawn(async move { store.accept(&event, RESEND).await.unwrap().decision })
        })
        .collect();
    let (mut started, mut replayed) = (0, 0);
    for copy in copies {
        match copy.await.unwrap() {
            Decision::Start(Kind::Enable) => started += 1,
            Decision::Replay(Some(_)) => replayed += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((started, replayed), (1, 7));
}

async fn a_biller_is_shown_with_its_latest_run(db: &dyn Db) {
    assert!(db.store().biller(&biller("1876"), 9).await.unwrap().is_none());
    db.add_biller("1876", Some("Sample")).await;
    let untouched = db.store().biller(&biller("1876"), 9).await.unwrap();
    let untouched = untouched.expect("is listed");
    assert!(untouched.run.is_none() && untouched.issues.is_empty());
    assert_eq!(untouched.name.as_deref(), Ok("Sample"));

    for number in [1, 2] {
        accept(db, &yes(number)).await;
        let view = db.store().biller(&biller("1876"), 9).await.unwrap();
        let run = view.expect("is listed").run.expect("has a run");
        assert_eq!(run.id, run_id(number));
        finish(db, run_id(number), &Ending::Failed(WHY)).await;
    }
}

on_both![
    yes_starts_an_enable_run_that_is_queued,
    an_active_biller_is_synced_by_yes_and_disabled_by_no,
    no_for_a_biller_that_is_not_active_is_nothing_to_do,
    a_wizard_without_the_checkbox_is_nothing_to_do_even_for_an_unknown_biller,
    a_biller_that_is_not_listed_is_not_found,
    a_biller_without_a_name_cannot_be_enabled,
    a_biller_with_a_damaged_name_cannot_be_enabled_and_is_shown_all_the_same,
    blanks_around_a_name_do_not_count,
    billers_that_differ_in_case_only_are_two,
    a_biller_id_may_have_64_characters,
    the_name_is_taken_once_when_the_run_is_accepted,
    a_name_that_is_blank_later_is_none,
    an_event_of_the_same_direction_joins_the_open_run_and_the_opposite_is_refused,
    while_a_run_is_stuck_every_event_of_its_biller_is_refused,
    while_a_run_is_rolling_back_every_new_event_of_its_biller_is_refused,
    the_same_event_again_gets_its_run_even_when_that_has_ended,
    an_event_that_joined_a_run_gets_that_run_again,
    an_event_with_nothing_to_do_is_remembered_too,
    an_event_id_used_with_another_body_is_refused,
    a_refused_event_is_not_remembered,
    event_ids_belong_to_their_biller_and_are_compared_byte_for_byte,
    ids_and_names_of_full_length_are_accepted_in_any_script,
    concurrent_events_of_one_biller_start_one_run,
    concurrent_copies_of_one_event_start_one_run,
    a_biller_is_shown_with_its_latest_run,
];
