//! Identity pools and their identity providers.

use ic_secureauth_api::Api;
use serde_json::{Value, json as object};

use super::{FOREIGN, assert_mismatch, biller, each, in_list, is_refused, with};
use crate::support::{
    Server, TENANT, grant, json,
    samples::{self, key, pool_of_samples},
};

#[tokio::test]
async fn a_pool_that_is_not_the_one_asked_for_is_no_answer() {
    let own = samples::pool();
    is_refused("get_pool", 200, each(&own, &["/id", "/tenant_id"]), |api| async move {
        api.pool(&pool_of_samples()).await
    })
    .await;
    let rows = in_list("pools", each(&own, &["/workspace_id", "/tenant_id"]));
    is_refused(
        "list_pools",
        200,
        rows,
        |api| async move { api.pools_of(&biller()).await },
    )
    .await;
}

#[tokio::test]
async fn a_creation_of_a_pool_is_not_confirmed_by_another_one() {
    let mut answers = each(&samples::pool(), &["/workspace_id", "/tenant_id"]);
    let marked = with(
        samples::pool(),
        "/metadata",
        object!({ "ic_onboarding_id": "another", "ic_bid": "1876" }),
    );
    answers.push(("id".into(), marked));
    answers.push((
        "id".into(),
        with(samples::pool(), "/metadata", object!({ "theirs": true })),
    ));
    answers.push(("id".into(), with(samples::pool(), "/workspace_id", Value::Null)));
    is_refused("create_pool", 201, answers, |api| async move {
        api.create_pool(&samples::new_pool(), &key("create")).await
    })
    .await;
    // The server may choose the id. The created pool then has our marker, or the answer shows no metadata.
    let marked = with(samples::pool(), "/metadata", samples::marker().to_metadata());
    for answer in [marked, samples::pool()] {
        let server = Server::scripted([json(201, &answer)]).await;
        let created = server
            .api()
            .create_pool(&samples::new_pool(), &key("create"))
            .await
            .unwrap();
        assert_ne!(created.value.id, samples::new_pool().id);
    }
}

#[tokio::test]
async fn identity_providers_of_another_pool_or_workspace_are_no_answer() {
    let idp = object!({
        "identity_pool_id": samples::POOL, "authorization_server_id": "1876", "tenant_id": TENANT,
    });
    let dump = object!({
        "tenant": { "id": TENANT }, "servers": [{ "id": "1876" }], "idps": [idp],
    });
    let mut without_servers = dump.clone();
    without_servers["servers"] = Value::Null;
    let answers = vec![
        ("tenant.id".to_owned(), with(dump.clone(), "/tenant/id", FOREIGN)),
        ("tenant_id".to_owned(), with(dump.clone(), "/idps/0/tenant_id", FOREIGN)),
        ("servers".to_owned(), with(dump, "/servers/0/id", FOREIGN)),
        (
            "authorization_server_id".to_owned(),
            with(without_servers, "/idps/0/authorization_server_id", FOREIGN),
        ),
    ];
    let check = |api: Api| async move { api.identity_provider(&biller(), &pool_of_samples()).await };
    is_refused("get_workspace_dump", 200, answers, check).await;
    for (member, answer) in in_list("idps", each(&idp, &["/identity_pool_id", "/tenant_id"])) {
        let server = Server::responding(move |request: &wiremock::Request| {
            if request.url.path().ends_with("/token") {
                json(200, &grant("token", "manage_configuration identity manage_idps"))
            } else {
                json(200, &answer)
            }
        })
        .await;
        let error = check(server.api()).await.unwrap_err();
        assert_mismatch(&error, "list_pool_idps", &member);
    }
}
