//! Pools that runs found, and the users that a pool held before the import.

use biller_onboarding::store::{Batch, Lease, NewPool, PoolOrigin, PoolUser, StoreError};

use super::db::{Db, on_both};
use super::fixtures::{biller, leased, run_id, worker};

fn pool_user(id: u128, identifier: &str) -> PoolUser {
    PoolUser {
        user_id: format!("user-{id}"),
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
    let holders = [
        ("user-1", "user-1"),
        ("user-2", "user-2"),
        ("user-4", "user-1"),
        ("user-5", "user-3"),
    ];
    let holders = holders.map(|(asked, holder)| (asked.to_owned(), holder.to_owned()));
    assert_eq!(known, holders.into());
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
    assert_eq!(known.unwrap(), [("user-5".to_owned(), "user-1".to_owned())].into());
}

async fn the_users_that_a_pool_held_are_forgotten_by_the_worker_that_has_the_run(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    let held = Batch {
        pool_users_before: (1..=1_500).map(|number| pool_user(number, "")).collect(),
        ..Batch::default()
    };
    store.write(&lease, &held).await.unwrap();
    let asked = [pool_user(1, ""), pool_user(1_500, "")];
    let another = Lease {
        worker: worker(2),
        ..lease
    };
    let lost = store.forget_pool_users(&another).await;
    assert!(matches!(lost, Err(StoreError::LeaseLost(_))), "{lost:?}");
    assert_eq!(store.pool_users_before(run_id(1), &asked).await.unwrap().len(), 2);
    store.forget_pool_users(&lease).await.unwrap();
    assert!(store.pool_users_before(run_id(1), &asked).await.unwrap().is_empty());
}

async fn the_newest_pool_that_a_biller_found_is_known_without_its_id(db: &dyn Db) {
    let lease = leased(db).await;
    let store = db.store();
    assert_eq!(store.found_pool(&biller("1876")).await.unwrap(), None);
    let begun = [
        ("found-1", PoolOrigin::Found),
        ("found-2", PoolOrigin::Found),
        ("ours", PoolOrigin::Created),
    ];
    for (id, origin) in begun {
        let pool = NewPool {
            pool_id: id.into(),
            generation: 0,
            origin,
            case_insensitive: true,
            is_new: origin == PoolOrigin::Created,
        };
        let batch = Batch {
            pool: Some(pool),
            ..Batch::default()
        };
        store.write(&lease, &batch).await.unwrap();
    }
    let found = store.found_pool(&biller("1876")).await.unwrap();
    assert_eq!(found.as_deref(), Some("found-2"));
    assert_eq!(store.found_pool(&biller("1877")).await.unwrap(), None);
}

on_both![
    the_newest_pool_that_a_biller_found_is_known_without_its_id,
    users_a_pool_held_before_are_known_by_id_or_identifier,
    a_pool_page_may_be_recorded_twice_in_one_batch,
    the_users_that_a_pool_held_are_forgotten_by_the_worker_that_has_the_run,
];
