//! Requests that the client refuses to send (docs/reference/secureauth-api.md#rules-guards), and calls that do not compile.

use ic_secureauth_api::{
    Api, ApiError, ChunkError, Class, ImportChunk, MAX_CHUNK_BYTES, OrganizationId, ReadOnlyApi, SecureAuth, UserId,
};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    Server, TENANT, pool_id, reply,
    samples::{self, POOL, import_user, pool_of_samples, settings},
};

fn chunk_of(count: usize) -> Result<ImportChunk, ChunkError> {
    let users: Vec<_> = (0..count)
        .map(|number| import_user(Uuid::from_u128(number as u128), &format!("user{number}")))
        .collect();
    ImportChunk::new(&pool_of_samples(), TENANT, &users, &settings())
}

#[test]
fn a_chunk_holds_one_to_a_hundred_users() {
    assert_eq!(chunk_of(0).unwrap_err(), ChunkError::Empty);
    assert_eq!(chunk_of(100).unwrap().user_ids().len(), 100);
    assert_eq!(chunk_of(101).unwrap_err(), ChunkError::TooManyUsers);
}

#[test]
fn a_chunk_does_not_replace_its_own_records() {
    let twice = [import_user(samples::USER, "a"), import_user(samples::USER, "b")];
    let refused = ImportChunk::new(&pool_of_samples(), TENANT, &twice, &settings());
    assert_eq!(refused.unwrap_err(), ChunkError::RepeatedId);
}

#[test]
fn a_chunk_stays_below_what_proxies_take() {
    let mut user = import_user(samples::USER, "a");
    user.first_name = Some("x".repeat(MAX_CHUNK_BYTES));
    let refused = ImportChunk::new(&pool_of_samples(), TENANT, &[user], &settings());
    assert_eq!(refused.unwrap_err(), ChunkError::TooLarge);
}

#[tokio::test]
async fn a_chunk_for_another_tenant_is_not_sent() {
    let server = Server::scripted([reply(204)]).await;
    let foreign = ImportChunk::new(
        &pool_of_samples(),
        "another",
        &[import_user(samples::USER, "a")],
        &settings(),
    )
    .unwrap();
    let error: ApiError = server.api().import(&foreign).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Permanent, 0));
    assert!(server.requests().await.is_empty());
}

#[tokio::test]
async fn an_import_holds_nothing_but_user_arrays_all_for_one_pool() {
    let server = Server::scripted([reply(204)]).await;
    server.api().import(&chunk_of(100).unwrap()).await.unwrap();
    let body: Value = server.requests().await[0].body_json().unwrap();
    let arrays: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(arrays, ["user_identifiers", "user_verifiable_addresses", "users"]);
    for record in arrays.iter().flat_map(|array| body[array].as_array().unwrap()) {
        assert_eq!(
            (record["user_pool_id"].as_str(), record["tenant_id"].as_str()),
            (Some(POOL), Some(TENANT))
        );
    }
}

#[tokio::test]
async fn an_id_with_path_syntax_in_it_stays_one_segment() {
    let server = Server::scripted([reply(204)]).await;
    let id = OrganizationId::parse("../pools?x=1#y%2f").unwrap();
    server.api().delete_organization(&id).await.unwrap();
    let url = server.requests().await[0].url.clone();
    assert_eq!(
        url.path(),
        format!("/api/system/{TENANT}/organizations/..%2Fpools%3Fx=1%23y%252f")
    );
    assert_eq!((url.query(), url.fragment()), (None, None));
}

#[tokio::test]
async fn a_page_larger_than_the_server_gives_is_not_asked_for() {
    let server = Server::scripted([reply(200)]).await;
    for limit in [0, 101] {
        let error = server
            .api()
            .users_page(&pool_of_samples(), None, limit)
            .await
            .unwrap_err();
        assert_eq!(
            error.class(),
            Class::Permanent,
            "a short page would be taken for the last one"
        );
    }
    assert!(server.requests().await.is_empty());
}

#[tokio::test]
async fn tokens_of_nobody_or_of_more_users_than_one_call_takes_are_not_revoked() {
    let server = Server::scripted([reply(204)]).await;
    let users = |count: u128| {
        (0..count)
            .map(|number| UserId::from(Uuid::from_u128(number)))
            .collect::<Vec<_>>()
    };
    for count in [0, 101] {
        let error = server
            .api()
            .revoke_tokens(&pool_of_samples(), &users(count))
            .await
            .unwrap_err();
        assert_eq!((error.class(), error.attempts()), (Class::Permanent, 0));
    }
    assert!(server.requests().await.is_empty());
    server
        .api()
        .revoke_tokens(&pool_of_samples(), &users(100))
        .await
        .unwrap();
}

proptest! {
    #[test]
    fn no_text_makes_an_id_that_leaves_its_place_in_the_path(text in "\\PC{0,12}") {
        if let Ok(id) = UserId::parse(text) {
            let mut url = url::Url::parse("https://host/users").unwrap();
            url.path_segments_mut().unwrap().push(id.as_str());
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 2);
            prop_assert!(!segments[1].is_empty());
            let decoded = percent_encoding::percent_decode_str(segments[1]).decode_utf8().unwrap();
            prop_assert_eq!(decoded, id.as_str());
        }
    }

    #[test]
    fn the_same_users_give_the_same_bytes(names in prop::collection::vec("[a-zA-Z]{1,8}", 1..20)) {
        let chunk = || {
            let users: Vec<_> = names
                .iter()
                .enumerate()
                .map(|(number, name)| import_user(Uuid::from_u128(number as u128), name))
                .collect();
            ImportChunk::new(&pool_id(POOL), TENANT, &users, &settings()).unwrap()
        };
        prop_assert_eq!(chunk(), chunk());
    }
}

#[test]
fn a_change_in_any_user_changes_the_chunk() {
    let chunk = |name: &str| {
        ImportChunk::new(
            &pool_of_samples(),
            TENANT,
            &[import_user(samples::USER, name)],
            &settings(),
        )
        .unwrap()
    };
    assert_ne!(chunk("rsable"), chunk("Rsable"));
}

/// Compiles only if calls can run on tasks of a multi-threaded runtime.
#[test]
fn calls_may_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_shareable<T: Clone + Send + Sync + 'static>() {}
    assert_shareable::<SecureAuth>();
    assert_shareable::<Api>();
    assert_shareable::<ReadOnlyApi>();
    let client = SecureAuth::new(crate::support::config("https://tenant.example")).unwrap();
    let api = client.call(crate::support::context(None));
    let (pool, chunk) = (pool_of_samples(), chunk_of(1).unwrap());
    assert_send(&api.import(&chunk));
    assert_send(&api.pool(&pool));
    assert_send(&api.read_only().granted_scopes());
}
