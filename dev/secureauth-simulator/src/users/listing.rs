//! The users list keeps its promise page by page, while users are added and removed and the list lags.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{User, UserStatus};
use super::store::UserStore;
use crate::lag::LagTimes;
use crate::state::page::Page;
use crate::state::record_id::RecordId;

fn id(number: u8) -> RecordId {
    Uuid::from_u128(u128::from(number)).into()
}

fn user(number: u8) -> User {
    let at = OffsetDateTime::UNIX_EPOCH;
    User {
        id: id(number),
        status: UserStatus::Active,
        jit: false,
        payload: None,
        metadata: None,
        business_metadata: None,
        preferences: None,
        payload_schema_id: "p".into(),
        metadata_schema_id: "m".into(),
        business_metadata_schema_id: "b".into(),
        created_at: at,
        updated_at: at,
        status_updated_at: at,
        identifiers: Vec::new(),
        addresses: Vec::new(),
        credentials: Vec::new(),
        revision: 0,
    }
}

fn lag(milliseconds: u64) -> LagTimes {
    let time = Duration::from_millis(milliseconds);
    LagTimes {
        get: time,
        list: time,
        count: time,
    }
}

/// What happens between two pages: time passes, then users are added, replaced or removed with a lag.
#[derive(Debug, Clone)]
struct Between {
    passed: u64,
    lag: u64,
    users: Vec<(u8, bool)>,
}

fn between() -> impl Strategy<Value = Between> {
    (0_u64..300, 0_u64..500, vec((0_u8..100, any::<bool>()), 0..10)).prop_map(|(passed, lag, users)| Between {
        passed,
        lag,
        users,
    })
}

proptest! {
    #[test]
    fn a_user_that_stays_is_listed_once_and_no_user_twice(
        present in btree_set(0_u8..100, 0..60),
        staying in btree_set(0_u8..100, 0..40),
        happenings in vec(between(), 0..40),
        limit in 1_usize..9,
    ) {
        let mut store = UserStore::default();
        let mut now = OffsetDateTime::UNIX_EPOCH;
        for number in present.union(&staying) {
            store.put(now, LagTimes::default(), user(*number));
        }
        let mut happenings = happenings.into_iter();
        let mut listed: Vec<RecordId> = Vec::new();
        loop {
            let page = Page::after(listed.last().cloned(), limit);
            let rows: Vec<RecordId> = store.page(now, &page, |_| true).into_iter().map(|it| it.id.clone()).collect();
            let last = rows.len() < limit;
            listed.extend(rows);
            prop_assert!(listed.len() <= 256, "more rows than there are ids: {:?}", listed);
            if last {
                break;
            }
            let Some(Between { passed, lag: milliseconds, users }) = happenings.next() else { continue };
            now += Duration::from_millis(passed);
            for (number, put) in users.into_iter().filter(|(number, _)| !staying.contains(number)) {
                if put {
                    store.put(now, lag(milliseconds), user(number));
                } else {
                    store.remove(now, lag(milliseconds), &id(number));
                }
            }
        }
        prop_assert!(listed.is_sorted_by(|left, right| left < right), "a user came twice: {:?}", listed);
        let listed: BTreeSet<RecordId> = listed.into_iter().collect();
        for number in staying {
            prop_assert!(listed.contains(&id(number)), "{} was skipped: {:?}", number, listed);
        }
    }
}
