//! One token for all tasks.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use ic_secureauth_api::{Class, ErrorKind};
use serde_json::{Value, json as object};
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    ALL_REQUIRED, Server, api, grant, json, reply,
    samples::{self, pool_of_samples},
    with_tokens,
};

#[tokio::test]
async fn one_token_serves_all_tasks() {
    let server = with_tokens(|| json(200, &grant("token", ALL_REQUIRED))).await;
    let (api, pool) = (server.api(), pool_of_samples());
    let calls = join_all((0..20).map(|_| api.pool(&pool))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(server.token_requests().await.len(), 1);
    for request in server.requests().await {
        assert_eq!(request.headers["authorization"], "Bearer token");
    }
}

#[tokio::test]
async fn a_token_that_has_ended_is_renewed() {
    let mut ended = grant("token", ALL_REQUIRED);
    ended["expires_in"] = object!(0);
    let server = with_tokens(move || json(200, &ended)).await;
    let api = server.api();
    for _ in 0..2 {
        api.pool(&pool_of_samples()).await.unwrap();
    }
    assert_eq!(server.token_requests().await.len(), 2);
}

/// Accepts only the second token.
fn accepting_the_second(request: &Request) -> ResponseTemplate {
    if request.headers["authorization"] == "Bearer token-2" {
        json(200, &samples::pool())
    } else {
        json(
            401,
            &object!({ "status_code": 401, "error_code": "invalid_access_token" }),
        )
    }
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once_for_all_tasks_and_each_repeats_once() {
    let server = Server::answering(accepting_the_second).await;
    let (api, pool) = (server.api(), pool_of_samples());
    let calls = join_all((0..8).map(|_| api.pool(&pool))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(server.token_requests().await.len(), 2);
    assert_eq!(server.requests().await.len(), 16);
}

#[tokio::test]
async fn a_token_rejected_after_its_renewal_ends_the_call_without_a_loop() {
    let body = object!({ "error_code": "invalid_access_token" });
    let server = Server::scripted([json(401, &body)]).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.status()),
        (Class::Retry { after: None }, Some(401))
    );
    assert_eq!(
        (server.requests().await.len(), server.token_requests().await.len()),
        (2, 2)
    );
}

#[tokio::test]
async fn a_call_renews_the_token_once_whatever_its_later_attempts_meet() {
    let rejected = || json(401, &object!({ "error_code": "invalid_access_token" }));
    let server = Server::scripted([rejected(), reply(503), rejected()]).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!(
        (server.requests().await.len(), server.token_requests().await.len()),
        (3, 2)
    );
}

#[tokio::test]
async fn any_401_renews_the_token_once_however_it_is_spelt() {
    let challenge = r#"Bearer error="invalid_token", error_description="The token expired""#;
    let spellings = || {
        [
            reply(401),
            reply(401).set_body_string("<html><h1>401 Unauthorized</h1></html>"),
            reply(401).insert_header("www-authenticate", challenge),
            json(
                401,
                &object!({ "error": "invalid_token", "error_description": "expired" }),
            )
            .insert_header("www-authenticate", challenge),
            json(401, &object!({ "status_code": 401, "error": "Unauthorized" })),
            json(401, &object!({ "status_code": 401, "error_code": "unauthorized" })),
            json(401, &object!({ "status_code": 401, "error_code": "any_other_code" })),
        ]
    };
    for rejected in spellings() {
        let server = Server::scripted([rejected, json(200, &samples::pool())]).await;
        assert!(server.api().pool(&pool_of_samples()).await.unwrap().is_some());
        assert_eq!(
            (server.requests().await.len(), server.token_requests().await.len()),
            (2, 2)
        );
    }
    for rejected in spellings() {
        let server = Server::scripted([rejected]).await;
        let error = server.api().import(&samples::chunk()).await.unwrap_err();
        assert_eq!(
            (error.class(), error.status()),
            (Class::Retry { after: None }, Some(401))
        );
        assert!(!error.outcome_unknown());
        assert_eq!(
            (server.requests().await.len(), server.token_requests().await.len()),
            (2, 2)
        );
    }
}

#[tokio::test]
async fn a_token_is_used_however_its_expiry_is_written_and_whether_or_not_its_type_is() {
    let expiries = [
        object!("3600"),
        object!(3599.5),
        object!("3599.5"),
        object!(-1),
        object!("soon"),
        Value::Null,
    ];
    for expiry in expiries {
        let mut granted = grant("token", ALL_REQUIRED);
        granted["expires_in"] = expiry.clone();
        granted.as_object_mut().unwrap().remove("token_type");
        let server = with_tokens(move || json(200, &granted)).await;
        let api = server.api();
        for _ in 0..2 {
            assert!(api.pool(&pool_of_samples()).await.unwrap().is_some(), "{expiry}");
        }
        assert_eq!(server.token_requests().await.len(), 1, "{expiry}");
    }
}

#[tokio::test]
async fn refused_credentials_are_told_in_all_three_shapes_and_not_repeated() {
    let shapes: [Value; 3] = [
        object!({ "error": "invalid_client", "error_description": "client authentication failed" }),
        object!({ "error": "invalid_client", "error_code": 17, "error_hint": "secret" }),
        object!({ "status_code": 401, "error": "unauthorized", "error_code": "invalid_client", "details": "text" }),
    ];
    for shape in shapes {
        let server = with_tokens(move || json(401, &shape)).await;
        let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
        assert_eq!(
            (error.class(), error.error_code()),
            (Class::Reauthenticate, Some("invalid_client"))
        );
        assert!(!error.is_not_found() && !error.outcome_unknown());
        assert_eq!(server.token_requests().await.len(), 1);
    }
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_is_asked_again_and_then_left_to_the_run() {
    let asked = AtomicUsize::new(0);
    let server = with_tokens(move || {
        let trouble = asked.fetch_add(1, Ordering::SeqCst) < 2;
        if trouble {
            reply(503)
        } else {
            json(200, &grant("token", ALL_REQUIRED))
        }
    })
    .await;
    assert!(server.api().pool(&pool_of_samples()).await.unwrap().is_some());
    assert_eq!(server.token_requests().await.len(), 3);

    let server = with_tokens(|| reply(503)).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry { after: None });
    assert_eq!((server.token_requests().await.len(), error.attempts()), (3, 0));
    let error = server.api().granted_scopes().await.unwrap_err();
    assert_eq!((server.token_requests().await.len(), error.attempts()), (6, 3));
}

#[tokio::test]
async fn a_token_endpoint_that_is_closed_gets_no_request_until_it_is_open_again() {
    let hour = Duration::from_hours(1);
    let server = with_tokens(|| reply(429).insert_header("retry-after", "3600")).await;
    let (api, pool) = (server.api(), pool_of_samples());
    let calls = join_all((0..20).map(|_| api.pool(&pool))).await;
    for call in calls {
        let class = call.unwrap_err().class();
        assert!(
            matches!(class, Class::Paused { rest } if rest <= hour && rest > hour / 2),
            "{class:?}"
        );
    }
    assert!(matches!(
        api.granted_scopes().await.unwrap_err().class(),
        Class::Paused { .. }
    ));
    assert_eq!(server.token_requests().await.len(), 1);
    assert!(server.requests().await.is_empty());
}

#[tokio::test]
async fn tasks_that_waited_for_a_renewal_share_its_failure() {
    let server = with_tokens(|| reply(503)).await;
    let mut config = server.config();
    config.attempts = 1;
    let (api, pool) = (api(config), pool_of_samples());
    // The test has one thread, so all eight calls wait for the same renewal.
    let calls = join_all((0..8).map(|_| api.pool(&pool))).await;
    assert!(calls.iter().all(Result::is_err));
    assert_eq!(server.token_requests().await.len(), 1);
}

#[tokio::test]
async fn a_token_of_another_kind_is_not_used() {
    let mut other = grant("token", ALL_REQUIRED);
    other["token_type"] = object!("DPoP");
    let server = with_tokens(move || json(200, &other)).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoToken(_)));
    assert!(server.requests().await.is_empty());
}
