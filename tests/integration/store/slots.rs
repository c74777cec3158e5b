//! Worker slots: at most as many workers at once as there are slots.

use std::collections::HashSet;

use super::db::{Db, on_both};
use super::fixtures::{LONG, SHORT, worker};

async fn there_are_as_many_slots_as_asked_for(db: &dyn Db) {
    let store = db.store();
    let mut taken = HashSet::new();
    for number in 1..=2 {
        taken.insert(store.take_slot(worker(number), 2, LONG).await.unwrap());
    }
    assert_eq!(taken, [Some(1), Some(2)].into());
    assert_eq!(store.take_slot(worker(3), 2, LONG).await.unwrap(), None);
}

async fn a_worker_gets_the_slot_it_already_has(db: &dyn Db) {
    let store = db.store();
    let slot = store.take_slot(worker(1), 4, LONG).await.unwrap();
    assert!(slot.is_some());
    assert_eq!(store.take_slot(worker(1), 4, LONG).await.unwrap(), slot);
    let other = store.take_slot(worker(2), 4, LONG).await.unwrap();
    assert_ne!(other, slot);
    store.free_slot(worker(1), 1).await.unwrap();
    assert_eq!(store.take_slot(worker(2), 4, LONG).await.unwrap(), other);
}

async fn as_many_of_many_workers_get_a_slot_as_there_are_slots(db: &dyn Db) {
    let attempts: Vec<_> = (1..=8)
        .map(|number| {
            let store = db.store();
            tokio::spawn(async move { store.take_slot(worker(number), 2, LONG).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for attempt in attempts {
        taken.extend(attempt.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, [1, 2]);
}

async fn an_expired_slot_goes_to_another_worker_and_the_first_finds_out(db: &dyn Db) {
    let store = db.store();
    assert_eq!(store.take_slot(worker(1), 1, SHORT).await.unwrap(), Some(1));
    db.pass(SHORT).await;
    assert_eq!(store.take_slot(worker(2), 1, LONG).await.unwrap(), Some(1));
    assert!(!store.renew_slot(worker(1), 1, LONG).await.unwrap());
    store.free_slot(worker(1), 1).await.unwrap();
    assert_eq!(store.take_slot(worker(3), 1, LONG).await.unwrap(), None);
}

async fn a_renewed_slot_is_kept(db: &dyn Db) {
    let store = db.store();
    store.take_slot(worker(1), 1, SHORT).await.unwrap();
    assert!(store.renew_slot(worker(1), 1, LONG).await.unwrap());
    db.pass(SHORT).await;
    assert_eq!(store.take_slot(worker(2), 1, LONG).await.unwrap(), None);
}

async fn a_released_slot_is_free(db: &dyn Db) {
    let store = db.store();
    store.take_slot(worker(1), 1, LONG).await.unwrap();
    store.free_slot(worker(1), 1).await.unwrap();
    assert_eq!(store.take_slot(worker(2), 1, LONG).await.unwrap(), Some(1));
    assert!(!store.renew_slot(worker(1), 1, LONG).await.unwrap());
}

async fn with_fewer_slots_than_before_the_surplus_is_not_taken(db: &dyn Db) {
    let store = db.store();
    for number in 1..=3 {
        store.take_slot(worker(number), 3, LONG).await.unwrap();
    }
    for number in 1..=3 {
        let slot = store.take_slot(worker(number), 1, LONG).await.unwrap();
        assert_eq!(slot, (number == 1).then_some(1));
    }
}

on_both![
    there_are_as_many_slots_as_asked_for,
    a_worker_gets_the_slot_it_already_has,
    as_many_of_many_workers_get_a_slot_as_there_are_slots,
    an_expired_slot_goes_to_another_worker_and_the_first_finds_out,
    a_renewed_slot_is_kept,
    a_released_slot_is_free,
    with_fewer_slots_than_before_the_surplus_is_not_taken,
];
