//! Lists are read to their end, and each row comes once.

use std::collections::BTreeSet;

use ic_secureauth_api::{Api, Class, OrganizationQuery};
use proptest::{collection::btree_set, prelude::*};
use serde_json::{Value, json as object};
use wiremock::{Request, ResponseTemplate};

use crate::support::{Server, json, organization_id, samples::pool_of_samples};

/// More than there are rows.
const MOST_PAGES: usize = 100;

/// Lists `ids` as the server does: in order, after an id, at most `limit`.
fn listing(ids: BTreeSet<String>, array: &'static str) -> impl Fn(&Request) -> ResponseTemplate {
    move |request| {
        let parameter = |prefix: &str| {
            let mut pairs = request.url.query_pairs();
            pairs
                .find(|(name, _)| name.starts_with(prefix))
                .map(|(_, value)| value.into_owned())
        };
        let after = parameter("after_").unwrap_or_default();
        let limit: usize = parameter("limit").unwrap().parse().unwrap();
        let rows: Vec<Value> = ids
            .iter()
            .filter(|id| **id > after)
            .take(limit)
            .map(|id| object!({ "id": id }))
            .collect();
        json(200, &object!({ array: rows }))
    }
}

fn on_one_thread<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

async fn organizations(api: &Api, limit: u32) -> Vec<String> {
    let query = OrganizationQuery {
        limit,
        ..OrganizationQuery::default()
    };
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = api.list_organizations(&query, after.as_ref()).await.unwrap();
        found.extend(page.items.iter().map(|organization| organization.id().to_string()));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
    panic!("the pages of organizations do not end: {found:?}");
}

async fn users(api: &Api, limit: u32) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = api.users_page(&pool_of_samples(), after.as_ref(), limit).await.unwrap();
        let is_last = page.len() < limit as usize;
        found.extend(page.iter().map(|user| user.id.to_string()));
        after = page.into_iter().next_back().map(|user| user.id);
        if is_last {
            return found;
        }
    }
    panic!("the pages of users do not end: {found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_organization_is_listed_once(ids in btree_set("[a-zA-Z0-9&=/ü-]{1,6}", 0..30), limit in 1_u32..12) {
        let expected: Vec<_> = ids.iter().cloned().collect();
        let found = on_one_thread(async {
            let server = Server::answering(listing(ids, "organizations")).await;
            organizations(&server.api(), limit).await
        });
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn every_user_is_listed_once(ids in btree_set("[a-f0-9]{1,6}", 0..30), limit in 1_u32..12) {
        let expected: Vec<_> = ids.iter().cloned().collect();
        let found = on_one_thread(async {
            let server = Server::answering(listing(ids, "users")).await;
            users(&server.api(), limit).await
        });
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn every_pool_is_listed_once(count in 0_usize..320) {
        let ids: BTreeSet<_> = (0..count).map(|number| format!("pool-{number:04}")).collect();
        let expected: Vec<_> = ids.iter().cloned().collect();
        let (found, requests) = on_one_thread(async {
            let server = Server::answering(listing(ids, "pools")).await;
            let pools = server.api().pools_of(&organization_id("1876")).await.unwrap();
            (pools.into_iter().map(|pool| pool.id.to_string()).collect::<Vec<_>>(), server.requests().await.len())
        });
        prop_assert_eq!(found, expected);
        prop_assert_eq!(requests, count / 100 + 1);
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_cursor_is_an_error_instead_of_an_endless_list() {
    let rows: Vec<_> = (0..100)
        .map(|number| object!({ "id": format!("p{number:03}") }))
        .collect();
    let server = Server::scripted([json(200, &object!({ "pools": rows }))]).await;
    let error = server.api().pools_of(&organization_id("1876")).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry { after: None });
    assert_eq!(server.requests().await.len(), 2);
}
