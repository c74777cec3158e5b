//! The ledger of users, and the users that a pool held before the import.

use std::collections::HashSet;

use biller_onboarding::domain::ids::OnboardingId;
use biller_onboarding::domain::toggle_event::ToggleEvent;
use biller_onboarding::store::{Batch, Ending, LedgerRow, LedgerState, PoolUser};
use uuid::Uuid;

use super::db::{Db, on_both};
use super::fixtures::{LONG, WHY, accept, biller, guid, lease, leased, live, queued, run_id, yes};

fn row(number: u128, state: LedgerState) -> LedgerRow {
    LedgerRow {
        user_guid: guid(number),
        user_id: guid(1000 + number),
        content_hash: format!("{number:032x}"),
        state,
        before: None,
    }
}

fn ledger(rows: Vec<LedgerRow>) -> Batch {
    Batch {
        ledger: rows,
        ..Batch::default()
    }
}

async fn all_pages(db: &dyn Db, limit: u32) -> Vec<LedgerRow> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = db.store().ledger_page(run_id(1), after, limit).await.unwrap();
        assert!(page.len() <= usize::try_from(limit).unwrap());
        match page.last() {
            Some(last) => after = Some(last.user_guid),
            None => return rows,
        }
        rows.extend(page);
        assert!(
            rows.len() <= 20_000,
            "the pages do not end; the last one ended with {after:?}"
        );
    }
}

async fn ledger_rows_are_inserted_and_then_updated(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let first = vec![row(1, LedgerState::Importing), row(2, LedgerState::Importing)];
    store.write(&lease, &ledger(first)).await.unwrap();
    let changed = LedgerRow {
        user_id: guid(7),
        content_hash: "changed".into(),
        ..row(2, LedgerState::Imported)
    };
    let second = vec![changed.clone(), row(3, LedgerState::Refused)];
    store.write(&lease, &ledger(second)).await.unwrap();
    let mut rows = all_pages(db, 10).await;
    rows.sort_by_key(|row| row.user_guid);
    let expected = [row(1, LedgerState::Importing), changed, row(3, LedgerState::Refused)];
    assert_eq!(rows, expected);
}

async fn of_two_rows_of_a_user_in_one_batch_the_last_counts(db: &dyn Db) {
    let lease = leased(db).await;
    let twice = vec![row(1, LedgerState::Importing), row(1, LedgerState::Imported)];
    db.store().write(&lease, &ledger(twice)).await.unwrap();
    assert_eq!(all_pages(db, 10).await, [row(1, LedgerState::Imported)]);
}

async fn every_ledger_state_is_read_back(db: &dyn Db) {
    let lease = leased(db).await;
    let states = [
        LedgerState::Importing,
        LedgerState::Imported,
        LedgerState::Changing,
        LedgerState::Changed,
        LedgerState::Refused,
        LedgerState::RolledBack,
    ];
    for state in states {
        db.store().write(&lease, &ledger(vec![row(1, state)])).await.unwrap();
        assert_eq!(all_pages(db, 10).await, [row(1, state)]);
    }
}

async fn earlier_values_are_never_overwritten(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let with = |state, before: Option<&str>| LedgerRow {
        before: before.map(str::to_owned),
        ..row(1, state)
    };
    let original = r#"{"name":"Jörg \"市\" \\\n"}"#;
    for (state, before) in [
        (LedgerState::Changing, Some(original)),
        (LedgerState::Changing, Some("{}")),
        (LedgerState::Changed, None),
    ] {
        store.write(&lease, &ledger(vec![with(state, before)])).await.unwrap();
        assert_eq!(all_pages(db, 10).await, [with(state, Some(original))]);
    }
}

async fn of_two_earlier_values_in_one_batch_the_first_counts(db: &dyn Db) {
    let lease = leased(db).await;
    let with = |state, before: Option<&str>| LedgerRow {
        before: before.map(str::to_owned),
        ..row(1, state)
    };
    let rows = vec![
        with(LedgerState::Importing, None),
        with(LedgerState::Changing, Some("first")),
        with(LedgerState::Changing, Some("second")),
        with(LedgerState::Changed, None),
    ];
    db.store().write(&lease, &ledger(rows)).await.unwrap();
    assert_eq!(all_pages(db, 10).await, [with(LedgerState::Changed, Some("first"))]);
}

async fn pages_of_the_ledger_hold_every_row_once(db: &dyn Db) {
    let lease = leased(db).await;
    // SQL Server and SQLite order these keys differently.
    let keys: Vec<Uuid> = (0..257_u128).map(|n| Uuid::from_u128((n << 120) | (257 - n))).collect();
    let rows = keys.iter().map(|key| LedgerRow {
        user_guid: *key,
        ..row(1, LedgerState::Imported)
    });
    db.store().write(&lease, &ledger(rows.collect())).await.unwrap();
    for limit in [1, 64, 1000] {
        let seen = all_pages(db, limit).await;
        assert_eq!(seen.len(), keys.len());
        let seen: HashSet<_> = seen.into_iter().map(|row| row.user_guid).collect();
        assert_eq!(seen, keys.iter().copied().collect());
    }
}

async fn a_big_batch_is_written_whole(db: &dyn Db) {
    let lease = leased(db).await;
    let rows: Vec<_> = (1..=12_000).map(|number| row(number, LedgerState::Imported)).collect();
    db.store().write(&lease, &ledger(rows)).await.unwrap();
    assert_eq!(all_pages(db, 5000).await.len(), 12_000);
}

/// Starts run `number`, writes the rows and ends it.
async fn earlier_run(db: &dyn Db, number: u128, rows: Vec<LedgerRow>, ending: &Ending) {
    accept(&*db.store(), &yes(number)).await;
    write_and_end(db, run_id(number), rows, ending).await;
}

async fn write_and_end(db: &dyn Db, id: OnboardingId, rows: Vec<LedgerRow>, ending: &Ending) {
    let lease = lease(&*db.store(), id, 1, LONG).await.lease;
    db.store().write(&lease, &ledger(rows)).await.unwrap();
    db.store().finish(&lease, ending).await.unwrap();
}

fn synced(pool_id: &str) -> Ending {
    Ending::Synced {
        organization_id: "1876".into(),
        pool_id: pool_id.into(),
    }
}

async fn the_newest_row_of_succeeded_runs_on_the_pool_is_found(db: &dyn Db) {
    queued(db).await;
    let first = vec![row(1, LedgerState::Imported), row(2, LedgerState::Imported)];
    write_and_end(db, run_id(1), first, &live()).await;
    earlier_run(db, 2, vec![row(2, LedgerState::Changed)], &synced("pool-1")).await;
    earlier_run(db, 3, vec![row(1, LedgerState::Refused)], &Ending::Failed(WHY)).await;
    earlier_run(db, 4, vec![row(1, LedgerState::Changed)], &synced("pool-2")).await;

    let asked = [guid(1), guid(2), guid(3)];
    let found = db
        .store()
        .earlier_ledger(&biller("1876"), "pool-1", &asked)
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found.get(&guid(1)), Some(&row(1, LedgerState::Imported)));
    assert_eq!(found.get(&guid(2)), Some(&row(2, LedgerState::Changed)));
    let none = db.store().earlier_ledger(&biller("1876"), "pool-1", &[]).await.unwrap();
    assert!(none.is_empty());
}

async fn another_billers_ledger_is_not_found(db: &dyn Db) {
    db.add_biller("abc", Some("small")).await;
    let event = ToggleEvent {
        biller_id: biller("abc"),
        ..yes(1)
    };
    accept(&*db.store(), &event).await;
    write_and_end(db, run_id(1), vec![row(1, LedgerState::Imported)], &live()).await;
    let store = db.store();
    for (id, hits) in [("abc", 1), ("ABC", 0)] {
        let found = store.earlier_ledger(&biller(id), "pool-1", &[guid(1)]).await;
        assert_eq!(found.unwrap().len(), hits, "{id}");
    }
}

fn pool_user(id: u128, identifier: &str) -> PoolUser {
    PoolUser {
        user_id: guid(id),
        identifier: identifier.into(),
    }
}

async fn users_a_pool_held_before_are_known_by_id_or_identifier(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let long = "x".repeat(3000);
    let held = Batch {
        pool_users_before: vec![
            pool_user(1, "jörg@example.com"),
            pool_user(1, "jörg"),
            pool_user(2, ""),
            pool_user(3, &long),
        ],
        ..Batch::default()
    };
    for _ in 0..2 {
        store.write(&lease, &held).await.unwrap();
    }
    let asked = [
        pool_user(1, "someone"),
        pool_user(2, ""),
        pool_user(4, "jörg"),
        pool_user(5, &long),
        pool_user(6, ""),
        pool_user(7, "Jörg"),
        pool_user(8, "jörg "),
        pool_user(9, "jorg"),
    ];
    let known = store.pool_users_before(run_id(1), &asked).await.unwrap();
    assert_eq!(known, [guid(1), guid(2), guid(4), guid(5)].into());
    let nobody = store.pool_users_before(run_id(2), &asked).await.unwrap();
    assert!(nobody.is_empty());
}

async fn a_pool_page_may_be_recorded_twice_in_one_batch(db: &dyn Db) {
    let lease = leased(db).await;
    let twice = Batch {
        pool_users_before: vec![pool_user(1, "a"), pool_user(1, "a")],
        ..Batch::default()
    };
    db.store().write(&lease, &twice).await.unwrap();
    let known = db.store().pool_users_before(run_id(1), &[pool_user(5, "a")]).await;
    assert_eq!(known.unwrap(), [guid(5)].into());
}

on_both![
    ledger_rows_are_inserted_and_then_updated,
    of_two_rows_of_a_user_in_one_batch_the_last_counts,
    every_ledger_state_is_read_back,
    earlier_values_are_never_overwritten,
    of_two_earlier_values_in_one_batch_the_first_counts,
    pages_of_the_ledger_hold_every_row_once,
    a_big_batch_is_written_whole,
    the_newest_row_of_succeeded_runs_on_the_pool_is_found,
    another_billers_ledger_is_not_found,
    users_a_pool_held_before_are_known_by_id_or_identifier,
    a_pool_page_may_be_recorded_twice_in_one_batch,
];
