//! Servers that are newer or stricter than the specification.

use serde_json::{Value, json as object};

use crate::support::{
    Server, json, organization_id,
    samples::{self, pool_of_samples, user_id},
};

/// An organization with two members that no specification has.
fn newer_organization() -> Value {
    let mut organization = samples::organization();
    organization["data_residency"] = object!({ "region": "eu" });
    organization["edition"] = "gold".into();
    organization
}

async fn updated(answers: Vec<wiremock::ResponseTemplate>) -> (Server, Option<u16>) {
    let read = json(200, &newer_organization()).insert_header("etag", "\"v1\"");
    let server = Server::scripted([vec![read], answers].concat()).await;
    let api = server.api();
    let read = api.organization(&organization_id("1876")).await.unwrap().unwrap();
    let written = api
        .update_organization(&read.map(|it| it.with_deactivated(false)))
        .await;
    (server, written.err().and_then(|error| error.status()))
}

async fn bodies(server: &Server) -> Vec<Value> {
    let requests = server.requests().await;
    let sent = requests.iter().filter(|request| request.method.as_str() == "PUT");
    sent.map(|request| request.body_json().unwrap()).collect()
}

#[tokio::test]
async fn a_member_that_the_server_refuses_as_unknown_is_left_out_and_the_rest_is_sent_again() {
    let refused = |status, member: &str| json(status, &object!({ "error": format!("unknown field \"{member}\"") }));
    for status in [400, 422] {
        let answers = vec![
            refused(status, "data_residency"),
            refused(status, "edition"),
            json(200, &samples::organization()),
        ];
        let (server, error) = updated(answers).await;
        assert_eq!(error, None);
        let sent = bodies(&server).await;
        assert_eq!(sent[0]["data_residency"], newer_organization()["data_residency"]);
        let has = |member: &str| sent.iter().map(|body| body.get(member).is_some()).collect::<Vec<_>>();
        assert_eq!(has("data_residency"), [true, false, false]);
        assert_eq!(has("edition"), [true, true, false]);
        let tags: Vec<_> = server.requests().await[1..]
            .iter()
            .map(|request| request.headers["if-match"].clone())
            .collect();
        assert_eq!(tags, ["\"v1\""; 3]);
    }
}

#[tokio::test]
async fn a_member_that_the_specification_has_is_never_left_out() {
    for text in [
        "unknown field \"parent_id\"",
        "data_residency is too long",
        "unknown field \"elsewhere\"",
    ] {
        let (server, error) = updated(vec![json(422, &object!({ "error": text }))]).await;
        assert_eq!((error, bodies(&server).await.len()), (Some(422), 1), "{text}");
    }
}

#[tokio::test]
async fn values_that_the_client_does_not_know_make_no_answer_unusable() {
    let mut pool = samples::pool();
    pool["authentication_mechanisms"] = object!(["password", "hologram"]);
    pool["second_factor_authentication_mechanisms"] = object!(["pigeon"]);
    let mut user = samples::user();
    user["status"] = "locked".into();
    user["user_type"] = "robot".into();
    user["identifiers"][0]["type"] = "badge".into();
    user["verifiable_addresses"][0]["status"] = "bounced".into();
    user["verifiable_addresses"][0]["type"] = "postal".into();
    user["credentials"] = object!([{ "type": "retina" }]);
    let row = object!({ "id": user["id"], "status": "locked", "identifiers": ["john"] });
    let answers = [
        json(200, &pool),
        json(200, &user),
        json(200, &object!({ "users": [row] })),
    ];
    let server = Server::scripted(answers).await;
    let api = server.api();
    let pool = api.pool(&pool_of_samples()).await.unwrap().unwrap();
    assert_eq!(pool.value.authentication_mechanisms.unwrap(), ["password", "hologram"]);
    let user = api.user(&pool_of_samples(), &user_id()).await.unwrap().unwrap().value;
    assert_eq!((user.status, user.has_credentials()), (None, true));
    assert_eq!(user.identifiers[0].kind, "badge");
    assert_eq!(user.verifiable_addresses[0].status, None);
    let listed = api.users_page(&pool_of_samples(), None, 100).await.unwrap();
    assert_eq!((listed.len(), listed[0].status), (1, None));
}
