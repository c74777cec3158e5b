//! A run's records: a batch is written as a whole or not at all, in its order.

use biller_onboarding::domain::biller::LeaversAllowed;
use biller_onboarding::domain::issue::{Code, Field, Issue};
use biller_onboarding::domain::journal::Entry;
use biller_onboarding::domain::listing::{ListedRange, Listing};
use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::run::Progress;
use biller_onboarding::domain::run_error::{ErrorDetails, RunError};
use biller_onboarding::domain::step::Step;
use biller_onboarding::domain::tally::{Effect, Tally};
use biller_onboarding::store::{Batch, Cursor, GuidRange, NewPool, PoolOrigin, PoolUser, StoreError};
use uuid::Uuid;

use super::db::{Db, on_both};
use super::fixtures::{LONG, SHORT, biller, guid, journal_note, leased, note, run_id, wait, worker};

fn issue(user_guid: Option<Uuid>) -> Issue {
    Issue::of(user_guid, Field::Email, Code::Missing)
}

async fn issues_total(db: &dyn Db) -> u64 {
    let run = db.store().run(run_id(1)).await.unwrap();
    run.expect("is there").issues_total
}

async fn shown_issues(db: &dyn Db, limit: u32) -> Vec<Issue> {
    let view = db.store().biller(&biller("1876"), limit).await.unwrap();
    view.expect("is listed").issues
}

async fn the_journal_is_read_in_the_order_it_was_written(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let before = db.now().await;
    let checked = Entry::UsersChecked {
        total: 250,
        deleted: 1,
        invalid: 0,
        leavers_limit: 5,
    };
    let first = Batch {
        entries: vec![checked.clone(), note("zwölf \"\\\n")],
        ..Batch::default()
    };
    store.write(&lease, &first).await.unwrap();
    store.write(&lease, &journal_note("third")).await.unwrap();

    let journal = store.journal(run_id(1)).await.unwrap();
    let seqs: Vec<_> = journal.iter().map(|recorded| recorded.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    let now = db.now().await;
    assert!(journal.iter().all(|recorded| (before..=now).contains(&recorded.at)));
    let entries: Vec<_> = journal.into_iter().map(|recorded| recorded.entry).collect();
    assert_eq!(entries, [checked, note("zwölf \"\\\n"), note("third")]);
}

async fn a_journal_entry_of_a_newer_version_is_reported_as_newer(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    store.write(&lease, &journal_note("known")).await.unwrap();
    let detail = r#"{"entry":"teleport","to":"elsewhere"}"#;
    db.append_entry(run_id(1), 2, "teleport", detail).await;
    let newer = store.journal(run_id(1)).await;
    assert!(matches!(newer, Err(StoreError::Newer { .. })), "{newer:?}");
    assert!(!format!("{newer:?}").contains("elsewhere"));
}

async fn a_known_journal_entry_of_another_shape_is_newer_too(db: &dyn Db) {
    leased(db).await;
    let detail = r#"{"entry":"users_checked","rows":7}"#;
    db.append_entry(run_id(1), 1, "users_checked", detail).await;
    let newer = db.store().journal(run_id(1)).await;
    assert!(matches!(newer, Err(StoreError::Newer { .. })), "{newer:?}");
}

async fn the_journal_is_append_only(db: &dyn Db) {
    let lease = leased(db).await;
    db.store().write(&lease, &journal_note("kept")).await.unwrap();
    let before = db.store().journal(run_id(1)).await.unwrap();
    assert!(db.journal_refuses_changes(run_id(1)).await);
    assert_eq!(db.store().journal(run_id(1)).await.unwrap(), before);
}

async fn a_batch_changes_what_it_names_and_nothing_else(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let progress = Progress {
        users_total: 1_000_000,
        imported: 8,
        changed: 7,
        deactivated: 6,
        reactivated: 9,
        linked: 5,
        already_present: 4,
        skipped: 3,
        failed: 2,
    };
    let mut tally = Tally {
        leavers: 3,
        ..Tally::default()
    };
    tally.name(Effect::Changed, guid(7));
    let listing = Listing(vec![ListedRange {
        after: Some("7f".into()),
        until: None,
        count: 100,
        finished: false,
    }]);
    let batch = Batch {
        step: Some(Step::SyncUsers),
        tally: Some(tally.clone()),
        listing: Some(listing.clone()),
        progress: Some(progress),
        generation: Some(2),
        ..Batch::default()
    };
    store.write(&lease, &batch).await.unwrap();
    store.write(&lease, &Batch::default()).await.unwrap();
    let run = store.run(run_id(1)).await.unwrap().expect("is there");
    assert_eq!((run.step, run.progress), (Some(Step::SyncUsers), progress));
    assert_eq!((run.issues_total, run.generation), (0, 2));
    assert_eq!((run.tally, run.listing), (tally, Some(listing)));
    let view = store.biller(&biller("1876"), 1).await.unwrap();
    assert_eq!(view.expect("is listed").biller.generation, 2);
}

async fn what_an_operator_allows_is_kept_with_the_biller_until_a_run_uses_it_up(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let allowed = LeaversAllowed {
        most: 40,
        by: "ada".into(),
    };
    assert!(!store.allow_leavers(&biller("1877"), &allowed).await.unwrap());
    assert!(store.allow_leavers(&biller("1876"), &allowed).await.unwrap());
    let of_biller = async || {
        let view = store.biller(&biller("1876"), 1).await.unwrap();
        view.expect("is listed").biller.leavers_allowed
    };
    assert_eq!(of_biller().await, Some(allowed));
    let batch = Batch {
        allowance_used: true,
        ..Batch::default()
    };
    store.write(&lease, &batch).await.unwrap();
    assert_eq!(of_biller().await, None);
}

async fn the_next_run_carries_the_billers_generation(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let batch = Batch {
        generation: Some(3),
        ..Batch::default()
    };
    store.write(&lease, &batch).await.unwrap();
    let failed = biller_onboarding::store::Ending::Failed(super::fixtures::WHY);
    store.finish(&lease, &failed, None).await.unwrap();
    let accepted = store.accept(&super::fixtures::yes(2), super::fixtures::RESEND).await;
    assert_eq!(accepted.unwrap().run.expect("has a run").generation, 3);
}

async fn something_done_makes_pauses_start_from_the_beginning(db: &dyn Db) {
    let first = leased(db).await;
    let store = db.store();
    store.release(&first, &wait(SHORT)).await.unwrap();
    db.pass(SHORT).await;
    let second = super::fixtures::lease(&*store, run_id(1), 2, LONG).await;
    assert_eq!((second.run.pauses_used, second.lease.worker), (3, worker(2)));
    for (is_progress, pauses_used) in [(false, 3), (true, 0)] {
        let batch = Batch {
            is_progress,
            ..Batch::default()
        };
        store.write(&second.lease, &batch).await.unwrap();
        let run = store.run(run_id(1)).await.unwrap().expect("is there");
        assert_eq!(run.pauses_used, pauses_used);
    }
}

fn pool_user(id: &str) -> PoolUser {
    PoolUser {
        user_id: id.into(),
        identifier: "a".into(),
    }
}

async fn a_batch_with_one_bad_row_writes_nothing(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let before = store.run(run_id(1)).await.unwrap();
    let batch = Batch {
        step: Some(Step::SyncUsers),
        entries: vec![note("part of it")],
        pool: Some(NewPool {
            pool_id: "pool-1".into(),
            generation: 0,
            origin: PoolOrigin::Created,
            case_insensitive: true,
            is_new: true,
        }),
        users_at_end: None,
        accounts: None,
        cursor: Some(Cursor::At(guid(5))),
        pool_users_before: vec![pool_user("fine"), pool_user(&"f".repeat(257))],
        issues: vec![issue(Some(guid(4)))],
        issues_total: Some(1),
        is_progress: true,
        generation: Some(7),
        progress: Some(Progress::default()),
        tally: Some(Tally::default()),
        listing: Some(Listing::default()),
        error: Some(Box::new(RunError::new(
            Reason::SecureauthRefused,
            ErrorDetails::default(),
            time::OffsetDateTime::UNIX_EPOCH,
        ))),
        allowance_used: true,
        rolls_back: Some(Reason::SecureauthRefused),
    };
    let refused = store.write(&lease, &batch).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    assert!(!format!("{refused:?}").contains("ffff"), "{refused:?}");
    assert_eq!(store.run(run_id(1)).await.unwrap(), before);
    assert_eq!(store.journal(run_id(1)).await.unwrap(), []);
    assert_eq!(store.pool(&biller("1876"), "pool-1").await.unwrap(), None);
    let all = GuidRange::default();
    assert!(store.users_with_issues(run_id(1), all).await.unwrap().is_empty());
    let view = store.biller(&biller("1876"), 1).await.unwrap();
    assert_eq!(view.expect("is listed").biller.generation, 0);
}

async fn issues_are_kept_and_counted_once_and_shown_in_the_order_they_were_found(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let found = [
        issue(Some(guid(9))),
        issue(None),
        issue(Some(guid(1))),
        Issue {
            code: Code::Held,
            held_by: Some("somebody@else".into()),
            ..issue(Some(guid(1)))
        },
    ];
    for _ in 0..2 {
        let batch = Batch {
            issues: [&found[..], &found[..]].concat(),
            ..Batch::default()
        };
        store.write(&lease, &batch).await.unwrap();
        assert_eq!(issues_total(db).await, 4);
    }
    assert_eq!(shown_issues(db, 9).await, found);
    assert_eq!(shown_issues(db, 2).await, found[..2]);
    let users = store.users_with_issues(run_id(1), GuidRange::default()).await.unwrap();
    assert_eq!(users, [guid(1), guid(9)].into());
}

async fn issues_are_read_in_parts(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let found: Vec<Issue> = (1..=5).map(|number| issue(Some(guid(number)))).collect();
    let batch = Batch {
        issues: found.clone(),
        ..Batch::default()
    };
    store.write(&lease, &batch).await.unwrap();
    let first = store.issues(run_id(1), 0, 3).await.unwrap();
    let rest = store.issues(run_id(1), first[2].0, 3).await.unwrap();
    let read: Vec<Issue> = first.into_iter().chain(rest).map(|(_, issue)| issue).collect();
    assert_eq!(read, found);
    assert_eq!(store.issues(run_id(2), 0, 3).await.unwrap(), []);
}

async fn at_most_100_000_issues_of_a_run_are_kept(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let kept = u32::try_from(Batch::ISSUES_KEPT).unwrap();
    let issues = |range: std::ops::RangeInclusive<u32>| Batch {
        issues: range.map(|number| issue(Some(guid(number.into())))).collect(),
        ..Batch::default()
    };
    store.write(&lease, &issues(1..=kept - 1)).await.unwrap();
    assert_eq!(issues_total(db).await, Batch::ISSUES_KEPT - 1);
    let more_than_kept = Batch {
        issues_total: Some(200_000),
        ..issues(1..=kept + 1)
    };
    store.write(&lease, &more_than_kept).await.unwrap();
    assert_eq!(issues_total(db).await, 200_000);
    let users = store.users_with_issues(run_id(1), GuidRange::default()).await.unwrap();
    assert_eq!(users.len(), usize::try_from(kept).unwrap());
    assert!(users.contains(&guid(kept.into())) && !users.contains(&guid((kept + 1).into())));
}

async fn the_cursor_is_kept_with_the_run(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let moves = [
        (Some(Cursor::At(guid(7))), Some(guid(7))),
        (None, Some(guid(7))),
        (Some(Cursor::Start), None),
    ];
    for (cursor, expected) in moves {
        let batch = Batch {
            cursor,
            ..Batch::default()
        };
        store.write(&lease, &batch).await.unwrap();
        let run = store.run(run_id(1)).await.unwrap().expect("is there");
        assert_eq!(run.user_cursor, expected);
    }
}

on_both![
    what_an_operator_allows_is_kept_with_the_biller_until_a_run_uses_it_up,
    the_journal_is_read_in_the_order_it_was_written,
    a_journal_entry_of_a_newer_version_is_reported_as_newer,
    a_known_journal_entry_of_another_shape_is_newer_too,
    the_journal_is_append_only,
    a_batch_changes_what_it_names_and_nothing_else,
    the_next_run_carries_the_billers_generation,
    something_done_makes_pauses_start_from_the_beginning,
    a_batch_with_one_bad_row_writes_nothing,
    issues_are_kept_and_counted_once_and_shown_in_the_order_they_were_found,
    issues_are_read_in_parts,
    at_most_100_000_issues_of_a_run_are_kept,
    the_cursor_is_kept_with_the_run,
];
