//! Pools and accounts.

use std::collections::BTreeSet;

use biller_onboarding::domain::user::Status;
use biller_onboarding::store::{
    Account, AccountChanges, AccountOrigin, Batch, GuidRange, HashedValue, Lease, NewPool, PoolNo, PoolOrigin,
    PoolRecord, ValueHash,
};
use uuid::Uuid;

use super::db::{Db, on_both};
use super::fixtures::{biller, guid, leased, run_id};

fn hash(number: u128) -> ValueHash {
    number.to_be_bytes()
}

fn account(number: u128) -> Account {
    Account {
        user_guid: guid(number),
        user_id: None,
        origin: AccountOrigin::Imported,
        open: true,
        created_by: Some(run_id(1)),
        name_hash: Some(hash(number)),
        address_hash: Some(hash(100 + number)),
        profile_hash: Some(hash(200 + number)),
        status_sent: Some(Status::Active),
        returning: false,
    }
}

fn new_pool(is_new: bool) -> NewPool {
    NewPool {
        pool_id: "pool-1".into(),
        generation: 4,
        origin: if is_new { PoolOrigin::Created } else { PoolOrigin::Found },
        case_insensitive: is_new,
        is_new,
    }
}

async fn begin(db: &dyn Db, lease: &Lease, new: NewPool) -> PoolRecord {
    let pool_id = new.pool_id.clone();
    let batch = Batch {
        pool: Some(new),
        ..Batch::default()
    };
    db.store().write(lease, &batch).await.unwrap();
    let pool = db.store().pool(&biller("1876"), &pool_id).await.unwrap();
    pool.expect("the pool has a row")
}

/// Biller 1876 with a leased run and a pool.
async fn with_pool(db: &dyn Db) -> (Lease, PoolNo) {
    let lease = leased(db).await;
    let pool = begin(db, &lease, new_pool(true)).await;
    (lease, pool.no)
}

async fn change(db: &dyn Db, lease: &Lease, changes: AccountChanges) {
    let batch = Batch {
        accounts: Some(changes),
        ..Batch::default()
    };
    db.store().write(lease, &batch).await.unwrap();
}

async fn put(db: &dyn Db, lease: &Lease, pool: PoolNo, accounts: Vec<Account>) {
    let changes = AccountChanges {
        put: accounts,
        ..AccountChanges::of(pool)
    };
    change(db, lease, changes).await;
}

/// All accounts, read in pages, by GUID.
async fn all(db: &dyn Db, pool: PoolNo, limit: u32) -> Vec<Account> {
    let (mut accounts, mut range) = (Vec::new(), GuidRange::default());
    loop {
        let page = db.store().accounts_page(pool, range, limit).await.unwrap();
        assert!(page.len() <= usize::try_from(limit).unwrap());
        let Some(last) = page.last() else {
            accounts.sort_by_key(|account: &Account| account.user_guid);
            return accounts;
        };
        range.after = Some(last.user_guid);
        accounts.extend(page);
        assert!(accounts.len() <= 20_000, "the pages do not end");
    }
}

async fn an_account_is_read_as_it_was_written(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    let linked = Account::linked(guid(2), "somebody@else".into());
    put(db, &lease, pool, vec![account(1), linked.clone()]).await;
    assert_eq!(all(db, pool, 10).await, [account(1), linked.clone()]);
    let changed = Account {
        user_guid: guid(1),
        returning: true,
        ..linked
    };
    put(db, &lease, pool, vec![changed.clone()]).await;
    assert_eq!(all(db, pool, 1).await[0], changed);
}

async fn accounts_are_settled_and_deleted_by_their_guids(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    put(db, &lease, pool, (1..=4).map(account).collect()).await;
    let changes = AccountChanges {
        settled: vec![guid(1), guid(3), guid(99)],
        removed: vec![guid(2), guid(98)],
        ..AccountChanges::of(pool)
    };
    change(db, &lease, changes).await;
    let open: Vec<_> = all(db, pool, 10)
        .await
        .iter()
        .map(|it| (it.user_guid, it.open))
        .collect();
    assert_eq!(open, [(guid(1), false), (guid(3), false), (guid(4), true)]);
}

async fn pages_of_accounts_hold_every_account_of_the_range_once(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    let keys = [
        "00000000-0000-0000-0000-0000000000ff",
        "ff000000-0000-0000-0000-000000000001",
        "7f3c9a10-52e4-4b7b-9c61-0f4d3a2b1c00",
        "0a000000-0000-0000-0000-00000000000b",
    ];
    let accounts = keys.iter().map(|key| Account {
        user_guid: key.parse().unwrap(),
        ..account(1)
    });
    put(db, &lease, pool, accounts.collect()).await;
    for limit in [1, 2, 100] {
        assert_eq!(all(db, pool, limit).await.len(), 4, "{limit}");
    }
    let store = db.store();
    let page = store.accounts_page(pool, GuidRange::default(), 10).await.unwrap();
    let middle = GuidRange {
        after: Some(page[0].user_guid),
        until: Some(page[2].user_guid),
    };
    assert_eq!(store.accounts_page(pool, middle, 10).await.unwrap(), page[1..=2]);
}

async fn many_accounts_are_written_in_one_batch(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    put(db, &lease, pool, (1..=2_500).map(account).collect()).await;
    assert_eq!(db.store().count_created(pool, run_id(1)).await.unwrap(), 2_500);
    let changes = AccountChanges {
        settled: (1..=1_200).map(guid).collect(),
        removed: (1_201..=2_500).map(guid).collect(),
        ..AccountChanges::of(pool)
    };
    change(db, &lease, changes).await;
    let left = all(db, pool, 1_000).await;
    assert!(left.len() == 1_200 && left.iter().all(|account| !account.open));
}

async fn only_the_accounts_that_a_run_created_are_its_own(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    let of = |created_by, number| Account {
        created_by,
        ..account(number)
    };
    let accounts = vec![
        of(Some(run_id(1)), 1),
        of(Some(run_id(2)), 2),
        of(None, 3),
        of(Some(run_id(1)), 4),
    ];
    put(db, &lease, pool, accounts).await;
    let store = db.store();
    assert_eq!(store.count_created(pool, run_id(1)).await.unwrap(), 2);
    assert_eq!(store.count_accounts(pool).await.unwrap(), 4);
    let page = store
        .created_accounts_page(pool, run_id(1), GuidRange::default(), 10)
        .await;
    let own: BTreeSet<Uuid> = page.unwrap().iter().map(|account| account.user_guid).collect();
    assert_eq!(own, [guid(1), guid(4)].into());
}

async fn accounts_are_found_by_the_hash_of_user_name_or_address(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    put(db, &lease, pool, (1..=3).map(account).collect()).await;
    let namesake = Account {
        name_hash: Some(hash(2)),
        ..account(4)
    };
    put(db, &lease, pool, vec![namesake.clone()]).await;
    let hashes = [hash(2), hash(7)];
    let mut found = db
        .store()
        .accounts_by(HashedValue::UserName, &hashes, pool)
        .await
        .unwrap();
    found.sort_by_key(|account| account.user_guid);
    assert_eq!(found, [account(2), namesake]);
    for (value, expected) in [
        (HashedValue::UserName, vec![]),
        (HashedValue::Address, vec![account(3)]),
    ] {
        let address = account(3).address_hash.expect("has one");
        assert_eq!(db.store().accounts_by(value, &[address], pool).await.unwrap(), expected);
    }
}

async fn accounts_are_found_by_the_ids_that_they_keep_and_case_counts(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    let keeping = |number, id: &str| Account {
        user_id: Some(id.into()),
        ..account(number)
    };
    let accounts = vec![
        account(1),
        keeping(2, "theirs-2"),
        keeping(3, "Theirs-3"),
        keeping(4, "theirs-4"),
    ];
    put(db, &lease, pool, accounts).await;
    let asked = ["theirs-2", "theirs-3", "theirs-4", "theirs-5"].map(str::to_owned);
    let mut found = db.store().accounts_by_user_id(&asked, pool).await.unwrap();
    found.sort_by_key(|account| account.user_guid);
    assert_eq!(found, [keeping(2, "theirs-2"), keeping(4, "theirs-4")]);
    let other = PoolNo(pool.0 + 1);
    assert!(db.store().accounts_by_user_id(&asked, other).await.unwrap().is_empty());
    assert!(db.store().accounts_by_user_id(&[], pool).await.unwrap().is_empty());
}

async fn an_account_whose_user_gives_up_name_or_address_is_opened_and_forgets_it(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    let settled = |number| Account {
        open: false,
        ..account(number)
    };
    put(db, &lease, pool, vec![settled(1), settled(2), settled(3)]).await;
    let opened = AccountChanges {
        opened: vec![guid(1), guid(2)],
        ..AccountChanges::of(pool)
    };
    change(db, &lease, opened).await;
    let changes = AccountChanges {
        nameless: vec![guid(1)],
        addressless: vec![guid(2)],
        ..AccountChanges::of(pool)
    };
    change(db, &lease, changes).await;
    let nameless = Account {
        name_hash: None,
        ..account(1)
    };
    let addressless = Account {
        address_hash: None,
        ..account(2)
    };
    let mut left = all(db, pool, 10).await;
    left.sort_by_key(|account| account.user_guid);
    assert_eq!(left, [nameless, addressless, settled(3)]);
}

async fn the_open_range_begins_before_the_first_open_account_and_ends_with_the_last(db: &dyn Db) {
    let (lease, pool) = with_pool(db).await;
    let store = db.store();
    assert_eq!(store.open_range(pool).await.unwrap(), None);
    put(db, &lease, pool, (1..=9).map(account).collect()).await;
    let order = store.accounts_page(pool, GuidRange::default(), 10).await.unwrap();
    let all = GuidRange {
        after: None,
        until: Some(order[8].user_guid),
    };
    assert_eq!(store.open_range(pool).await.unwrap(), Some(all));
    let settled = [0, 1, 3, 5, 6, 7, 8].map(|place| order[place].user_guid).to_vec();
    let changes = AccountChanges {
        settled,
        ..AccountChanges::of(pool)
    };
    change(db, &lease, changes).await;
    let some = GuidRange {
        after: Some(order[1].user_guid),
        until: Some(order[4].user_guid),
    };
    assert_eq!(store.open_range(pool).await.unwrap(), Some(some));
}

async fn a_found_pool_keeps_its_row_and_a_created_one_gets_a_new_row(db: &dyn Db) {
    let lease = leased(db).await;
    let found = begin(db, &lease, new_pool(false)).await;
    assert_eq!(
        (found.generation, found.origin, found.users_at_end),
        (4, PoolOrigin::Found, None)
    );
    assert_eq!(begin(db, &lease, new_pool(false)).await, found);
    let created = begin(db, &lease, new_pool(true)).await;
    assert!(created.no > found.no && created.origin == PoolOrigin::Created);
    put(db, &lease, found.no, vec![account(1)]).await;
    assert!(all(db, created.no, 10).await.is_empty());
    let batch = Batch {
        users_at_end: Some((created.no, Some(150))),
        ..Batch::default()
    };
    db.store().write(&lease, &batch).await.unwrap();
    let pool = db.store().pool(&biller("1876"), "pool-1").await.unwrap();
    assert_eq!(
        pool.map(|pool| (pool.no, pool.users_at_end)),
        Some((created.no, Some(150)))
    );
    assert!(created.case_insensitive && !found.case_insensitive);
    let unknown = Batch {
        users_at_end: Some((created.no, None)),
        ..Batch::default()
    };
    db.store().write(&lease, &unknown).await.unwrap();
    let pool = db.store().pool(&biller("1876"), "pool-1").await.unwrap();
    assert_eq!(pool.and_then(|pool| pool.users_at_end), None);
    assert_eq!(db.store().pool(&biller("1876"), "POOL-1").await.unwrap(), None);
    assert_eq!(db.store().pool(&biller("1877"), "pool-1").await.unwrap(), None);
}

on_both![
    an_account_is_read_as_it_was_written,
    accounts_are_settled_and_deleted_by_their_guids,
    pages_of_accounts_hold_every_account_of_the_range_once,
    many_accounts_are_written_in_one_batch,
    only_the_accounts_that_a_run_created_are_its_own,
    accounts_are_found_by_the_hash_of_user_name_or_address,
    accounts_are_found_by_the_ids_that_they_keep_and_case_counts,
    an_account_whose_user_gives_up_name_or_address_is_opened_and_forgets_it,
    the_open_range_begins_before_the_first_open_account_and_ends_with_the_last,
    a_found_pool_keeps_its_row_and_a_created_one_gets_a_new_row,
];
