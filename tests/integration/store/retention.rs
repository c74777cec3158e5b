//! What `purge` deletes, and what stays.

use std::time::Duration;

use biller_onboarding::domain::ids::OnboardingId;
use biller_onboarding::domain::issue::{Code, Field, Issue};
use biller_onboarding::domain::journal::Entry;
use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::toggle_event::Decision;
use biller_onboarding::store::{
    Account, AccountChanges, AccountOrigin, Batch, Ending, GuidRange, Lease, NewPool, PoolNo, PoolOrigin, PoolUser,
    Purged,
};

use super::db::{Db, on_both};
use super::fixtures::{LONG, RESEND, SHORT, accept, biller, guid, lease, leased, live, note, run_id, with_event, yes};

/// Purges everything of runs that have ended by now.
async fn purge_all(db: &dyn Db) -> Purged {
    db.pass(SHORT).await;
    db.store().purge(Duration::ZERO).await.unwrap()
}

fn issues(number: u128) -> Vec<Issue> {
    let issue = |number| Issue {
        user_guid: Some(guid(number)),
        field: Field::Email,
        code: Code::Missing,
        held_by: None,
    };
    (1..=number).map(issue).collect()
}

/// Two journal entries, `number` issues and one noted user of a pool.
async fn leave_records(db: &dyn Db, lease: &Lease, number: u128) {
    let batch = Batch {
        entries: vec![note("pool-9"), note("pool-8")],
        issues: issues(number),
        pool_users_before: vec![PoolUser {
            user_id: "u-1".into(),
            identifier: "jane".into(),
        }],
        ..Batch::default()
    };
    db.store().write(lease, &batch).await.unwrap();
}

/// The run begins to use a new pool with this id, and has `number` accounts there.
async fn fill_pool(db: &dyn Db, lease: &Lease, pool_id: &str, number: u128) -> PoolNo {
    let batch = Batch {
        pool: Some(NewPool {
            pool_id: pool_id.into(),
            generation: 0,
            origin: PoolOrigin::Created,
            case_insensitive: true,
            is_new: true,
        }),
        ..Batch::default()
    };
    db.store().write(lease, &batch).await.unwrap();
    let pool = db.store().pool(&biller("1876"), pool_id).await.unwrap();
    let pool = pool.expect("has a row").no;
    let account = |number| Account {
        origin: AccountOrigin::Imported,
        user_id: None,
        created_by: Some(lease.onboarding_id),
        ..Account::linked(guid(number), String::new())
    };
    let batch = Batch {
        accounts: Some(AccountChanges {
            put: (1..=number).map(account).collect(),
            ..AccountChanges::of(pool)
        }),
        users_at_end: Some((pool, Some(7))),
        ..Batch::default()
    };
    db.store().write(lease, &batch).await.unwrap();
    pool
}

async fn accounts(db: &dyn Db, pool: PoolNo) -> usize {
    let range = GuidRange::default();
    db.store().accounts_page(pool, range, 10_000).await.unwrap().len()
}

async fn end(db: &dyn Db, lease: &Lease, ending: &Ending) {
    db.store().finish(lease, ending, None).await.unwrap();
}

fn failed() -> Ending {
    Ending::Failed(Reason::InvalidUsers)
}

async fn records(db: &dyn Db, id: OnboardingId) -> (usize, usize) {
    let store = db.store();
    let issues = store.issues(id, 0, 10_000).await.unwrap();
    (store.journal(id).await.unwrap().len(), issues.len())
}

async fn the_records_of_an_old_run_go_and_its_row_stays(db: &dyn Db) {
    let lease = leased(db).await;
    leave_records(db, &lease, 2_500).await;
    end(db, &lease, &failed()).await;
    let before = db.store().run(run_id(1)).await.unwrap().expect("is there");

    assert_eq!(db.store().purge(LONG).await.unwrap(), Purged::default(), "it is young");
    assert!(db.journal_refuses_changes(run_id(1)).await);
    assert_eq!(records(db, run_id(1)).await, (2, 2_500));

    let expected = Purged {
        runs: 1,
        journal_entries: 2,
        issues: 2_500,
        pool_users: 1,
        ..Purged::default()
    };
    assert_eq!(purge_all(db).await, expected);
    assert_eq!(records(db, run_id(1)).await, (0, 0));
    assert_eq!(db.store().run(run_id(1)).await.unwrap(), Some(before));
    assert_eq!(db.requesters().await, [""]);
    assert_eq!(purge_all(db).await, Purged::default());
}

async fn a_run_that_has_not_ended_keeps_its_records(db: &dyn Db) {
    let lease = leased(db).await;
    let pool = fill_pool(db, &lease, "pool-1", 1).await;
    leave_records(db, &lease, 1).await;
    assert_eq!(purge_all(db).await, Purged::default());
    end(db, &lease, &Ending::Stuck(Reason::NotRolledBack)).await;
    assert_eq!(purge_all(db).await, Purged::default());
    assert_eq!(records(db, run_id(1)).await, (2, 1));
    assert_eq!(accounts(db, pool).await, 1);
    assert_eq!(db.requesters().await, ["jörg@crm"]);
}

async fn an_event_sent_again_after_a_purge_gets_its_run(db: &dyn Db) {
    db.add_biller("1876", Some("City of Sample")).await;
    let event = with_event(yes(1), "toggle-1");
    accept(&*db.store(), &event).await;
    let lease = lease(&*db.store(), run_id(1), 1, LONG).await.lease;
    end(db, &lease, &live()).await;
    let purged = purge_all(db).await;
    assert_eq!((purged.runs, purged.events), (1, 1));
    assert_eq!(db.requesters().await, ["", ""]);
    let again = db.store().accept(&event, RESEND).await.unwrap();
    assert!(matches!(again.decision, Decision::Replay(_)), "{again:?}");
}

async fn the_accounts_of_the_billers_pool_stay(db: &dyn Db) {
    let lease = leased(db).await;
    let pool = fill_pool(db, &lease, "pool-1", 3).await;
    end(db, &lease, &live()).await;
    assert_eq!(purge_all(db).await.accounts, 0);
    assert_eq!(accounts(db, pool).await, 3);
}

async fn the_accounts_of_a_pool_that_an_old_run_deleted_go(db: &dyn Db) {
    let lease = leased(db).await;
    let pool = fill_pool(db, &lease, "pool-1", 2_500).await;
    let kept = fill_pool(db, &lease, "pool-2", 1).await;
    let batch = Batch {
        entries: vec![Entry::PoolDeleted {
            pool_id: "pool-1".into(),
        }],
        ..Batch::default()
    };
    db.store().write(&lease, &batch).await.unwrap();
    end(db, &lease, &failed()).await;
    assert_eq!(db.store().purge(LONG).await.unwrap().accounts, 0, "it is young");
    assert_eq!(purge_all(db).await.accounts, 2_500);
    assert_eq!((accounts(db, pool).await, accounts(db, kept).await), (0, 1));
    let record = db.store().pool(&biller("1876"), "pool-1").await.unwrap();
    assert_eq!(record.expect("the row stays").users_at_end, None);
}

async fn the_accounts_of_a_pool_that_was_replaced_go(db: &dyn Db) {
    let first = leased(db).await;
    let other = fill_pool(db, &first, "pool-0", 2).await;
    let older = fill_pool(db, &first, "pool-1", 2).await;
    let newer = fill_pool(db, &first, "pool-1", 2).await;
    end(db, &first, &live()).await;
    assert_eq!(purge_all(db).await.accounts, 4);
    let left = [
        accounts(db, other).await,
        accounts(db, older).await,
        accounts(db, newer).await,
    ];
    assert_eq!(left, [0, 0, 2]);
}

on_both![
    the_records_of_an_old_run_go_and_its_row_stays,
    a_run_that_has_not_ended_keeps_its_records,
    an_event_sent_again_after_a_purge_gets_its_run,
    the_accounts_of_the_billers_pool_stay,
    the_accounts_of_a_pool_that_an_old_run_deleted_go,
    the_accounts_of_a_pool_that_was_replaced_go,
];
