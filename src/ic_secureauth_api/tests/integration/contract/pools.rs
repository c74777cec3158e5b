use ic_secureauth_api::{Deleted, Pool};
use serde_json::{Value, json as object};

use crate::support::{
    Server, absent, golden, json, organization_id, reply,
    samples::{self, key, pool_of_samples},
};

fn shown(pool: &Pool) -> Value {
    object!({
        "id": pool.id.as_str(),
        "workspace_id": pool.workspace_id,
        "name": pool.name,
        "payload_schema_id": pool.payload_schema_id,
        "metadata_schema_id": pool.metadata_schema_id,
        "identifier_case_insensitive": pool.identifier_case_insensitive,
        "second_factors": pool.second_factor_authentication_mechanisms,
        "number_of_users": pool.number_of_users,
        "marker": pool.marker().map(|marker| format!("{marker:?}")),
    })
}

#[tokio::test]
async fn a_pool_is_read_by_its_id() {
    let server = Server::scripted([json(200, &samples::pool())]).await;
    let found = server.api().pool(&pool_of_samples()).await.unwrap().unwrap();
    golden("get_pool", &server, shown(&found.value)).await;
}

#[tokio::test]
async fn an_absent_pool_is_no_error() {
    let server = Server::scripted([absent()]).await;
    assert_eq!(server.api().pool(&pool_of_samples()).await.unwrap(), None);
}

#[tokio::test]
async fn pools_are_listed_by_workspace() {
    let server = Server::scripted([json(200, &object!({ "pools": [samples::pool()] }))]).await;
    let pools = server.api().pools_of(&organization_id("1876")).await.unwrap();
    golden("list_pools", &server, pools.iter().map(shown).collect()).await;
}

#[tokio::test]
async fn a_workspace_without_pools_has_an_empty_list() {
    for body in [object!({ "pools": null }), object!({})] {
        let server = Server::scripted([json(200, &body)]).await;
        assert!(
            server
                .api()
                .pools_of(&organization_id("1876"))
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_pool_is_created_with_its_identity_provider_and_the_answers_id_counts() {
    let server = Server::scripted([json(201, &samples::pool()).insert_header("etag", "\"p1\"")]).await;
    let created = server
        .api()
        .create_pool(&samples::new_pool(), &key("create_pool"))
        .await
        .unwrap();
    assert_ne!(created.value.id, samples::new_pool().id);
    let differences = samples::new_pool().differences(&created.value);
    let returned = object!({
        "pool": shown(&created.value),
        "differences": differences.into_iter().map(<&str>::from).collect::<Vec<_>>(),
    });
    golden("create_pool", &server, returned).await;
}

#[tokio::test]
async fn a_pool_without_a_second_factor_is_created_without_the_member() {
    let server = Server::scripted([json(201, &samples::pool())]).await;
    let mut new = samples::new_pool();
    new.second_factor_mechanisms.clear();
    new.second_factor_preferred = None;
    server.api().create_pool(&new, &key("create_pool")).await.unwrap();
    let body: Value = server.requests().await[0].body_json().unwrap();
    assert!(
        body.as_object()
            .unwrap()
            .keys()
            .all(|name| !name.starts_with("second_factor"))
    );
}

#[tokio::test]
async fn a_pool_is_deleted_with_its_identity_provider() {
    let server = Server::scripted([reply(204)]).await;
    let deleted = server.api().delete_pool(&pool_of_samples()).await.unwrap();
    golden("delete_pool", &server, object!(format!("{deleted:?}"))).await;

    let server = Server::scripted([absent()]).await;
    assert_eq!(
        server.api().delete_pool(&pool_of_samples()).await.unwrap(),
        Deleted::WasAbsent
    );
}
