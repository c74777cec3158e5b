//! How long a call waits before its next attempt.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use ic_secureauth_api::{CallGuard, CallNotAllowed, Class, SecureAuth};
use serde_json::json as object;

use crate::support::{
    Server, api, context, json, reply,
    samples::{self, key, pool_of_samples},
};

#[tokio::test]
async fn a_post_that_would_come_after_its_key_is_forgotten_is_not_repeated() {
    let server = Server::scripted([reply(503).insert_header("retry-after", "61")]).await;
    let error = server
        .api()
        .create_organization(&samples::new_organization(), &key("create_organization"))
        .await
        .unwrap_err();
    assert_eq!(server.requests().await.len(), 1);
    assert_eq!(
        error.class(),
        Class::Retry {
            after: Some(Duration::from_secs(61))
        }
    );
    assert!(error.outcome_unknown(), "the caller has to look before it posts again");
}

#[tokio::test]
async fn a_pause_that_is_too_long_for_a_call_ends_every_call_and_nothing_is_sent_during_it() {
    let hour = Duration::from_hours(1);
    for status in [429, 503] {
        let answers = [
            reply(status).insert_header("retry-after", "3600"),
            json(200, &samples::pool()),
        ];
        let server = Server::scripted(answers).await;
        let (api, pool) = (server.api(), pool_of_samples());
        for _ in 0..3 {
            let error = api.pool(&pool).await.unwrap_err();
            let class = error.class();
            assert!(
                matches!(class, Class::Paused { rest } if rest <= hour && rest > hour / 2),
                "{class:?}"
            );
            assert_eq!(error.status(), Some(status), "what asked for the pause is known");
        }
        assert_eq!(server.requests().await.len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_wait_that_the_server_asks_for_is_no_attempt() {
    let many = std::iter::repeat_with(|| reply(429)).take(4);
    let server = Server::scripted(many.chain([json(200, &samples::pool())])).await;
    let mut config = server.config();
    config.attempts = 1;
    assert!(api(config).pool(&pool_of_samples()).await.unwrap().is_some());
    assert_eq!(server.requests().await.len(), 5);
}

#[tokio::test]
async fn a_server_that_always_refuses_without_saying_for_how_long_does_not_hold_a_call_for_ever() {
    let server = Server::scripted([reply(429)]).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert!(matches!(error.class(), Class::Paused { .. }), "{error}");
    // 1, 2, 4 … 256 and 512 ms, which is too long.
    assert!(server.requests().await.len() <= 10);
}

#[tokio::test]
async fn a_pause_that_one_task_was_asked_for_holds_all_tasks() {
    let wait = reply(429).insert_header("retry-after", "1");
    let server = Server::scripted([wait, json(200, &samples::pool())]).await;
    let mut config = server.config();
    config.backoff.retry_after_cap = Duration::from_mins(1);
    let (api, pool, started) = (api(config), pool_of_samples(), Instant::now());
    let calls = join_all((0..4).map(|_| api.pool(&pool))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_guard_says_how_long_its_calls_may_wait() {
    struct UntilNow;
    impl CallGuard for UntilNow {
        fn may_start(&self, _deadline: Duration) -> Result<(), CallNotAllowed> {
            Ok(())
        }

        fn patience(&self) -> Option<tokio::time::Instant> {
            Some(tokio::time::Instant::now())
        }
    }
    let wait = reply(429).insert_header("retry-after", "1");
    let server = Server::scripted([wait, json(200, &samples::pool())]).await;
    let mut config = server.config();
    config.backoff.retry_after_cap = Duration::from_mins(1);
    let api = SecureAuth::new(config).unwrap().call(context(Some(Arc::new(UntilNow))));
    let class = api.pool(&pool_of_samples()).await.unwrap_err().class();
    assert!(matches!(class, Class::Paused { rest } if rest <= Duration::from_secs(1)));
}

#[tokio::test]
async fn a_403_of_a_burst_pauses_the_call_three_times_and_is_then_an_error() {
    let body = object!({ "status_code": 403, "error": "Forbidden", "error_code": "request_forbidden" });
    let server = Server::scripted([json(403, &body)]).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.missing_scope()),
        (Class::Retry { after: None }, None)
    );
    assert_eq!(server.requests().await.len(), 4);
    let twice = [json(403, &body), json(403, &body), json(200, &samples::pool())];
    let server = Server::scripted(twice).await;
    assert!(server.api().pool(&pool_of_samples()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_403_is_an_error_too_when_the_server_lets_in_other_calls_between_its_pauses() {
    let body = object!({ "status_code": 403, "error": "Forbidden", "error_code": "request_forbidden" });
    let server = Server::answering(move |request| {
        if request.url.path().contains("/users/") {
            json(403, &body)
        } else {
            json(200, &samples::pool())
        }
    })
    .await;
    let mut config = server.config();
    config.backoff.retry_after_cap = Duration::from_mins(1);
    let (api, pool, is_over) = (api(config), pool_of_samples(), AtomicBool::new(false));
    let forbidden = async {
        let user = api.user(&pool, &samples::user_id()).await;
        is_over.store(true, Ordering::Relaxed);
        user.unwrap_err()
    };
    let other = || async {
        for _ in 0..100_000 {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            assert!(api.pool(&pool).await.unwrap().is_some());
        }
        panic!("the call does not end");
    };
    let (error, _) = tokio::join!(forbidden, join_all((0..4).map(|_| other())));
    assert_eq!(error.class(), Class::Retry { after: None });
    let requests = server.requests().await;
    let is_forbidden = |request: &&wiremock::Request| request.url.path().contains("/users/");
    let attempts = requests.iter().filter(is_forbidden).count();
    assert!((4..=7).contains(&attempts), "{attempts}");
}

#[tokio::test]
async fn a_wish_to_wait_may_be_a_date() {
    let wait = reply(503)
        .insert_header("date", "Wed, 21 Oct 2026 07:28:00 GMT")
        .insert_header("retry-after", "Wed, 21 Oct 2026 07:28:01 GMT");
    let server = Server::scripted([wait, json(200, &samples::pool())]).await;
    let mut config = server.config();
    config.backoff.retry_after_cap = Duration::from_mins(1);
    let started = Instant::now();
    assert!(api(config).pool(&pool_of_samples()).await.unwrap().is_some());
    assert!(started.elapsed() >= Duration::from_secs(1));
}
