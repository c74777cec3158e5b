//! How long a call waits before its next attempt.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ic_secureauth_api::Class;

use crate::support::{
    Server, api, json, reply,
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
async fn a_wish_to_wait_is_capped() {
    let answers = [
        reply(429).insert_header("retry-after", "86400"),
        json(200, &samples::pool()),
    ];
    let server = Server::scripted(answers).await;
    let mut config = server.config();
    config.backoff.retry_after_cap = Duration::from_millis(20);
    assert!(api(config).pool(&pool_of_samples()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_wish_to_wait_given_to_one_task_is_respected_by_all() {
    let wait = reply(429).insert_header("retry-after", "1");
    let server = Server::scripted([wait, json(200, &samples::pool())]).await;
    let mut config = server.config();
    config.attempts = 1;
    let (api, pool, started) = (api(config), pool_of_samples(), Instant::now());
    let refused = api.pool(&pool).await.unwrap_err();
    assert_eq!(
        refused.class(),
        Class::Retry {
            after: Some(Duration::from_secs(1))
        }
    );
    let calls = join_all((0..4).map(|_| api.pool(&pool))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wish_to_wait_may_be_a_date() {
    let wait = reply(503)
        .insert_header("date", "Wed, 21 Oct 2026 07:28:00 GMT")
        .insert_header("retry-after", "Wed, 21 Oct 2026 07:28:01 GMT");
    let server = Server::scripted([wait, json(200, &samples::pool())]).await;
    let started = Instant::now();
    assert!(server.api().pool(&pool_of_samples()).await.unwrap().is_some());
    assert!(started.elapsed() >= Duration::from_secs(1));
}
