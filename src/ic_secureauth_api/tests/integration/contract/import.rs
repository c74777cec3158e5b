use std::collections::BTreeSet;

use ic_secureauth_api::{ImportChunk, PayloadMembers};
use serde_json::{Value, json as object};

use crate::support::{
    Server, TENANT, api, golden, reply,
    samples::{self, USER, import_user, pool_of_samples, settings},
};

#[tokio::test]
async fn users_are_imported_with_every_member_their_models_require() {
    let server = Server::scripted([reply(204)]).await;
    server.api().import(&samples::chunk()).await.unwrap();
    golden("import", &server, object!(null)).await;
}

#[tokio::test]
async fn an_import_that_is_not_repeated_is_the_same_request() {
    let server = Server::scripted([reply(204)]).await;
    server.api().import_once(&samples::chunk()).await.unwrap();
    golden("import_once", &server, object!(null)).await;
}

#[tokio::test]
async fn a_repeated_import_sends_the_same_bytes() {
    let server = Server::scripted([reply(503), reply(503), reply(204)]).await;
    server.api().import(&samples::chunk()).await.unwrap();
    let bodies: BTreeSet<_> = server
        .requests()
        .await
        .into_iter()
        .map(|request| request.body)
        .collect();
    assert_eq!(bodies.len(), 1);
}

#[tokio::test]
async fn the_path_of_the_import_is_a_setting() {
    let server = Server::scripted([reply(204)]).await;
    let mut config = server.config();
    config.import_path = Some("/api/identity/system/{tenantID}/configuration".into());
    api(config).import(&samples::chunk()).await.unwrap();
    let path = format!("/api/identity/system/{TENANT}/configuration");
    assert_eq!(server.requests().await[0].url.path(), path);
}

#[tokio::test]
async fn members_of_the_payload_and_verified_addresses_follow_the_settings() {
    let server = Server::scripted([reply(204)]).await;
    let mut settings = settings();
    settings.payload_members = PayloadMembers::new("given_name", "family_name", "name").unwrap();
    settings.address_verified = true;
    settings.metadata_schema_id = None;
    let mut user = import_user(USER, "rsable");
    user.last_name = Some("test".into());
    let chunk = ImportChunk::new(&pool_of_samples(), TENANT, &[user], &settings).unwrap();
    server.api().import(&chunk).await.unwrap();
    let body: Value = server.requests().await[0].body_json().unwrap();
    let payload = object!({ "given_name": "demo", "family_name": "test", "name": "rsable" });
    assert_eq!(body["users"][0]["payload"], payload);
    assert_eq!(body["users"][0].get("metadata_schema_id"), None);
    assert_eq!(body["user_verifiable_addresses"][0]["verified"], true);
}
