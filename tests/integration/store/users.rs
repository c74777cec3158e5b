//! Reading the CRM's users, valid and invalid ones.

use std::collections::HashMap;

use biller_onboarding::domain::issue::Code;
use biller_onboarding::domain::text;
use biller_onboarding::domain::user::UserRow;
use biller_onboarding::store::GuidRange;
use uuid::Uuid;

use super::db::{CrmUserRow, Damaged, Db, on_both};
use super::fixtures::biller;

const GUIDS: [&str; 5] = [
    "00000000-0000-0000-0000-0000000000ff",
    "ff000000-0000-0000-0000-000000000001",
    "7F3C9A10-52E4-4B7B-9C61-0F4D3A2B1C00",
    "7f3c9a10-52e4-4b7b-9c61-0f4d3a2b1c01",
    "0a000000-0000-0000-0000-00000000000b",
];

fn with_guid(guid: &str) -> CrmUserRow<'_> {
    CrmUserRow {
        guid: Some(guid),
        name: Some("name"),
        ..CrmUserRow::default()
    }
}

async fn each(db: &dyn Db, id: &str) -> Vec<UserRow> {
    pages(db, id, 1_000).await.concat()
}

async fn pages(db: &dyn Db, id: &str, limit: u32) -> Vec<Vec<UserRow>> {
    let (mut pages, mut range) = (Vec::new(), GuidRange::default());
    loop {
        let page = db.store().users_page(&biller(id), range, limit).await.unwrap();
        match page.last() {
            Some(last) => range.after = last.user_guid,
            None => return pages,
        }
        let after = range.after;
        assert!(after.is_some(), "a row without a GUID on a page");
        pages.push(page);
        assert!(
            pages.len() <= 1_000,
            "the pages do not end; the last one ended with {after:?}"
        );
    }
}

fn guids(rows: &[UserRow]) -> Vec<Uuid> {
    let mut guids: Vec<_> = rows.iter().filter_map(|row| row.user_guid).collect();
    guids.sort();
    guids
}

async fn a_user_is_read_unchanged(db: &dyn Db) {
    let row = CrmUserRow {
        guid: Some(GUIDS[2]),
        name: Some("rsable"),
        first_name: Some("Jörg 市"),
        last_name: Some(""),
        email: None,
        status: Some("retired"),
    };
    db.add_users("1876", &[row]).await;
    let expected = UserRow {
        user_guid: Some(GUIDS[2].parse().unwrap()),
        user_name: Some("rsable".into()),
        first_name: Some("Jörg 市".into()),
        last_name: Some(String::new()),
        email: None,
        status: Some("retired".into()),
    };
    assert_eq!(each(db, "1876").await, std::slice::from_ref(&expected));
    assert_eq!(pages(db, "1876", 10).await, [[expected]]);
}

/// Whoever checks a row finds the text unreadable.
async fn a_damaged_text_is_read_as_one_and_the_rest_of_the_row_and_of_the_page_as_it_is(db: &dyn Db) {
    for damaged in [Damaged::FirstName, Damaged::FirstNameCut] {
        let id = format!("{damaged:?}");
        db.add_users(&id, &[with_guid(GUIDS[0])]).await;
        if !db.damage(damaged).await {
            continue;
        }
        db.add_users(&id, &[with_guid(GUIDS[1])]).await;
        let key: Uuid = GUIDS[0].parse().unwrap();
        let by_guid = db.store().users_by_guid(&biller(&id), &[key]).await.unwrap();
        for rows in [each(db, &id).await, by_guid] {
            let row = rows.iter().find(|row| row.user_guid == Some(key)).expect("is read");
            assert_eq!(row.user_name.as_deref(), Some("name"));
            assert_eq!(
                text::usable(row.first_name.as_deref()),
                Err(Code::Unreadable),
                "{damaged:?}"
            );
        }
        assert_eq!(each(db, &id).await.len(), 2);
    }
}

async fn padding_is_read_as_it_is_and_a_padded_key_is_a_key(db: &dyn Db) {
    let key = format!("{}   ", GUIDS[2]);
    let row = CrmUserRow {
        first_name: Some("Max  "),
        ..with_guid(&key)
    };
    db.add_users("1876", &[row]).await;
    let read = each(db, "1876").await;
    assert_eq!(guids(&read), [GUIDS[2].parse::<Uuid>().unwrap()]);
    assert_eq!(read[0].first_name.as_deref(), Some("Max  "));
}

async fn a_biller_may_have_no_users(db: &dyn Db) {
    assert_eq!(each(db, "1876").await, []);
    assert!(pages(db, "1876", 10).await.is_empty());
}

async fn rows_without_a_usable_key_are_counted_and_all_others_are_read(db: &dyn Db) {
    let bad = "7".repeat(36);
    let mut rows = [GUIDS[0], GUIDS[0], "not a guid", "", &bad].map(with_guid).to_vec();
    rows.push(CrmUserRow::default());
    db.add_users("1876", &rows).await;
    let key: Uuid = GUIDS[0].parse().unwrap();
    assert_eq!(db.store().users_without_guid(&biller("1876")).await.unwrap(), 4);
    let read: Vec<_> = pages(db, "1876", 1).await.concat();
    assert_eq!(guids(&read), [key, key]);
}

async fn pages_hold_every_row_with_a_key_once(db: &dyn Db) {
    db.add_users("1876", &GUIDS.map(with_guid)).await;
    let all = guids(&each(db, "1876").await);
    for limit in [1, 2, 5, 100] {
        let pages = pages(db, "1876", limit).await;
        let most = usize::try_from(limit).unwrap();
        assert!(pages.iter().all(|page| page.len() <= most));
        assert_eq!(guids(&pages.concat()), all);
    }
}

async fn a_page_keeps_to_its_range(db: &dyn Db) {
    db.add_users("1876", &GUIDS.map(with_guid)).await;
    let all: Vec<_> = each(db, "1876").await.iter().filter_map(|row| row.user_guid).collect();
    let range = GuidRange {
        after: Some(all[0]),
        until: Some(all[3]),
    };
    let page = db.store().users_page(&biller("1876"), range, 100).await.unwrap();
    let read: Vec<_> = page.iter().filter_map(|row| row.user_guid).collect();
    assert_eq!(read, all[1..=3]);
}

async fn the_rows_of_a_repeated_key_are_on_one_page(db: &dyn Db) {
    let repeated = [GUIDS[1], GUIDS[1], GUIDS[3]];
    db.add_users("1876", &GUIDS.map(with_guid)).await;
    db.add_users("1876", &repeated.map(with_guid)).await;
    for limit in [1, 2, 3] {
        let pages = pages(db, "1876", limit).await;
        let mut seen: HashMap<Uuid, usize> = HashMap::new();
        for (number, page) in pages.iter().enumerate() {
            for row in page {
                let key = row.user_guid.unwrap();
                assert_eq!(*seen.entry(key).or_insert(number), number);
            }
        }
        assert_eq!(pages.concat().len(), 8);
    }
}

async fn rows_are_read_by_their_keys(db: &dyn Db) {
    let many: Vec<String> = (0..120).map(|number| Uuid::from_u128(number).to_string()).collect();
    let rows: Vec<_> = many.iter().map(|guid| with_guid(guid)).collect();
    db.add_users("1876", &rows).await;
    db.add_users("1876", &[with_guid(&many[7])]).await;
    db.add_users("1877", &[with_guid(GUIDS[0])]).await;
    let asked: Vec<Uuid> = (0..110).chain([500]).map(Uuid::from_u128).collect();
    let store = db.store();
    let found = store.users_by_guid(&biller("1876"), &asked).await.unwrap();
    let expected: Vec<Uuid> = (0..110).chain([7]).map(Uuid::from_u128).collect();
    assert_eq!(guids(&found), sorted(expected));
    let other: Uuid = GUIDS[0].parse().unwrap();
    assert!(store.users_by_guid(&biller("1876"), &[other]).await.unwrap().is_empty());
    assert!(store.users_by_guid(&biller("1876"), &[]).await.unwrap().is_empty());
}

fn sorted(mut guids: Vec<Uuid>) -> Vec<Uuid> {
    guids.sort();
    guids
}

async fn billers_that_differ_in_case_only_do_not_share_users(db: &dyn Db) {
    db.add_users("abc", &[with_guid(GUIDS[0])]).await;
    db.add_users("ABC", &[with_guid(GUIDS[1])]).await;
    for (id, guid) in [("abc", GUIDS[0]), ("ABC", GUIDS[1])] {
        let expected: [Uuid; 1] = [guid.parse().unwrap()];
        assert_eq!(guids(&each(db, id).await), expected);
        assert_eq!(guids(&pages(db, id, 9).await.concat()), expected);
    }
}

async fn all_users_arrive_also_when_they_are_read_in_several_groups(db: &dyn Db) {
    let guids: Vec<String> = (0..1203).map(|number| Uuid::from_u128(number).to_string()).collect();
    let rows: Vec<_> = guids.iter().map(|guid| with_guid(guid)).collect();
    db.add_users("1876", &rows).await;
    assert_eq!(each(db, "1876").await.len(), 1203);
}

on_both![
    rows_are_read_by_their_keys,
    a_user_is_read_unchanged,
    a_damaged_text_is_read_as_one_and_the_rest_of_the_row_and_of_the_page_as_it_is,
    padding_is_read_as_it_is_and_a_padded_key_is_a_key,
    a_biller_may_have_no_users,
    rows_without_a_usable_key_are_counted_and_all_others_are_read,
    a_page_keeps_to_its_range,
    pages_hold_every_row_with_a_key_once,
    the_rows_of_a_repeated_key_are_on_one_page,
    billers_that_differ_in_case_only_do_not_share_users,
    all_users_arrive_also_when_they_are_read_in_several_groups,
];
