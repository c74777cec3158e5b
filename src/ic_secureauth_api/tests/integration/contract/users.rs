use ic_secureauth_api::{Deleted, ETag, User, UserId, UserStatus, UserUpdate};
use serde_json::{Value, json as object};

use crate::support::{
    Server, absent, golden, json, reply,
    samples::{self, pool_of_samples, user_id},
};

fn shown(user: &User) -> Value {
    object!({
        "id": user.id.as_str(),
        "status": user.status.map(<&str>::from),
        "payload": user.payload,
        "identifiers": user.identifiers.iter().map(|it| format!("{}: {}", it.kind, it.identifier)).collect::<Vec<_>>(),
        "addresses": user
            .verifiable_addresses
            .iter()
            .map(|it| format!("{}: {} verified={}", it.kind, it.address, it.verified))
            .collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn a_user_is_read_by_its_id() {
    let server = Server::scripted([json(200, &samples::user()).insert_header("etag", "\"u1\"")]).await;
    let found = server
        .api()
        .user(&pool_of_samples(), &user_id())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.etag.as_ref().and_then(ETag::as_str), Some("\"u1\""));
    golden("get_user", &server, shown(&found.value)).await;
}

#[tokio::test]
async fn an_absent_user_is_no_error() {
    let server = Server::scripted([absent()]).await;
    assert_eq!(server.api().user(&pool_of_samples(), &user_id()).await.unwrap(), None);
}

#[tokio::test]
async fn users_are_listed_by_page_after_an_id_in_the_servers_spelling() {
    let listed = object!({
        "id": "7EF9451F309A4433A2B93BB023051D96", "tenant_id": "dev-invoicecloud", "status": "new",
        "payload": { "user_name": "rsable" }, "identifiers": ["rsable"], "verified addresses": ["a@b.example"],
        "addresses": [{ "address": "a@b.example", "verified": true }],
    });
    let stranger = object!({ "id": "self-registered", "status": "locked", "identifiers": null });
    let server = Server::scripted([json(200, &object!({ "users": [listed, stranger] }))]).await;
    let after = UserId::parse("00000000000000000000000000000001").unwrap();
    let users = server
        .api()
        .users_page(&pool_of_samples(), Some(&after), 100)
        .await
        .unwrap();
    let returned = users
        .iter()
        .map(|user| {
            object!({
                "id": user.id.as_str(),
                "status": user.status.map(<&str>::from),
                "identifiers": user.identifiers,
                "verified_addresses": user.verified_addresses,
                "payload": user.payload,
            })
        })
        .collect();
    golden("list_users", &server, returned).await;
}

#[tokio::test]
async fn a_user_is_found_by_its_name_and_the_name_is_in_no_url() {
    let server = Server::scripted([json(200, &samples::user())]).await;
    let found = server
        .api()
        .find_user_by_identifier(&pool_of_samples(), "rsable")
        .await
        .unwrap()
        .unwrap();
    golden("find_user_by_identifier", &server, shown(&found.value)).await;
}

#[tokio::test]
async fn a_user_is_found_by_its_verified_address_and_the_address_is_in_no_url() {
    let server = Server::scripted([absent()]).await;
    let found = server
        .api()
        .find_user_by_address(&pool_of_samples(), "rsable@invoicecloud.com")
        .await
        .unwrap();
    golden(
        "find_user_by_address",
        &server,
        found.map(|user| shown(&user.value)).into(),
    )
    .await;
}

#[tokio::test]
async fn an_update_sends_only_what_is_to_change() {
    let server = Server::scripted([json(200, &samples::user())]).await;
    let payload = object!({ "first_name": "demo", "user_name": "rsable" });
    let update = UserUpdate {
        status: Some(UserStatus::Inactive),
        payload: payload.as_object().cloned(),
        if_match: ETag::parse("\"u1\""),
    };
    let updated = server
        .api()
        .update_user(&pool_of_samples(), &user_id(), &update)
        .await
        .unwrap();
    golden("update_user", &server, shown(&updated.value)).await;

    let server = Server::scripted([json(200, &samples::user())]).await;
    let update = UserUpdate {
        status: Some(UserStatus::Active),
        ..UserUpdate::default()
    };
    server
        .api()
        .update_user(&pool_of_samples(), &user_id(), &update)
        .await
        .unwrap();
    let body: Value = server.requests().await[0].body_json().unwrap();
    assert_eq!(body, object!({ "status": "active" }));
}

#[tokio::test]
async fn a_user_is_deleted_once_and_absent_the_next_time() {
    let server = Server::scripted([reply(204)]).await;
    let deleted = server
        .api()
        .delete_user(&pool_of_samples(), &user_id(), None)
        .await
        .unwrap();
    golden("delete_user", &server, object!(format!("{deleted:?}"))).await;

    let server = Server::scripted([absent()]).await;
    assert_eq!(
        server
            .api()
            .delete_user(&pool_of_samples(), &user_id(), None)
            .await
            .unwrap(),
        Deleted::WasAbsent
    );
}
