//! Answers of gateways and of servers that do not keep to the API.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    response::Response,
    routing::any,
};
use futures_util::stream;
use ic_secureauth_api::{Class, Deleted, ErrorKind};
use tokio::{net::TcpListener, time::timeout};

use crate::support::{
    Server, absent, api, config, grant, json, organization_id, reply,
    samples::{self, pool_of_samples},
};

const LONG: Duration = Duration::from_mins(1);

/// A server that grants tokens and answers everything else with an endless body.
async fn endless(status: u16, piece: &'static [u8]) -> String {
    let answer = move || async move {
        let pieces = stream::repeat_with(move || Ok::<_, Infallible>(Bytes::from_static(piece)));
        Response::builder()
            .status(status)
            .body(Body::from_stream(pieces))
            .unwrap()
    };
    serve(Router::new().fallback(answer)).await
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let token = Json(grant("token", "manage_configuration identity"));
    let router = router.route("/{tenant}/system/oauth2/token", any(async move || token));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    uri
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::scripted([json(200, &samples::pool())]).await;
    for status in [301, 302, 303, 307, 308] {
        let redirect = reply(status).insert_header("location", format!("{}/x", elsewhere.uri()));
        let server = Server::scripted([redirect]).await;
        let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Some(status), 1));
    }
    let uri = elsewhere.uri();
    let server =
        Server::responding(move |_: &wiremock::Request| reply(307).insert_header("location", format!("{uri}/token")))
            .await;
    assert!(server.api().granted_scopes().await.is_err());
    assert!(elsewhere.requests().await.is_empty() && elsewhere.token_requests().await.is_empty());
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up() {
    static PIECE: [u8; 65_536] = [b' '; 65_536];
    let pool = pool_of_samples();
    for status in [200, 422] {
        let api = api(config(&endless(status, &PIECE).await));
        let error = timeout(LONG, api.pool(&pool)).await.unwrap().unwrap_err();
        assert_eq!(error.status(), Some(status));
        let unusable = matches!(error.kind(), ErrorKind::UnusableAnswer { .. });
        assert_eq!(unusable, status == 200, "a status says enough, a resource does not");
    }
}

#[tokio::test]
async fn an_answer_that_stops_in_its_middle_is_a_timeout() {
    let half = || async {
        let pieces = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]);
        let pieces = futures_util::StreamExt::chain(pieces, stream::pending());
        Response::new(Body::from_stream(pieces))
    };
    let mut config = config(&serve(Router::new().fallback(half)).await);
    config.deadlines.crud = Duration::from_secs(1);
    config.attempts = 1;
    let error = timeout(LONG, api(config).pool(&pool_of_samples()))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
}

#[tokio::test]
async fn a_gateways_404_does_not_say_that_a_resource_is_absent() {
    for page in ["", "<html>404</html>", "\"not found\"", "404 page not found"] {
        let server = Server::scripted([reply(404).set_body_string(page)]).await;
        let (api, organization) = (server.api(), organization_id("1876"));
        let error = api.organization(&organization).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::UnusableAnswer { status: 404, .. }),
            "{page}"
        );
        assert_eq!(
            (error.class(), error.is_not_found()),
            (Class::Retry { after: None }, false)
        );
        let error = api.delete_organization(&organization).await.unwrap_err();
        assert!(error.outcome_unknown(), "the caller has to look");
    }
    let server = Server::scripted([absent()]).await;
    let deleted = server
        .api()
        .delete_organization(&organization_id("1876"))
        .await
        .unwrap();
    assert_eq!(deleted, Deleted::WasAbsent);
}

#[tokio::test]
async fn a_gateways_page_does_not_confirm_a_write() {
    let page = reply(200).set_body_string("<html>sign in to this network</html>");
    let server = Server::scripted([page]).await;
    let api = server.api();
    let errors = [
        api.import(&samples::chunk()).await.unwrap_err(),
        api.import_once(&samples::chunk()).await.unwrap_err(),
        api.delete_organization(&organization_id("1876")).await.unwrap_err(),
        api.delete_pool(&pool_of_samples()).await.unwrap_err(),
        api.delete_user(&pool_of_samples(), &samples::user_id(), None)
            .await
            .unwrap_err(),
        api.remove_identifier(&pool_of_samples(), &samples::user_id(), "rsable", None)
            .await
            .unwrap_err(),
        api.remove_address(&pool_of_samples(), &samples::user_id(), "a@b.example", None)
            .await
            .unwrap_err(),
        api.revoke_tokens(&pool_of_samples(), &[samples::user_id()])
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(error.kind(), ErrorKind::UnusableAnswer { status: 200, .. }),
            "{error}"
        );
        assert!(error.outcome_unknown());
    }
}

#[tokio::test]
async fn ids_that_the_server_has_not_set_are_none() {
    let (mut pool, mut user) = (samples::pool(), samples::user());
    for resource in [&mut pool, &mut user] {
        resource["payload_schema_id"] = "".into();
        resource["metadata_schema_id"] = serde_json::Value::Null;
    }
    let server = Server::scripted([json(200, &pool), json(200, &user)]).await;
    let pool = server.api().pool(&pool_of_samples()).await.unwrap().unwrap().value;
    assert_eq!((pool.payload_schema_id, pool.metadata_schema_id), (None, None));
    let user = server
        .api()
        .user(&pool_of_samples(), &samples::user_id())
        .await
        .unwrap()
        .unwrap()
        .value;
    assert_eq!((user.payload_schema_id, user.metadata_schema_id), (None, None));
}
