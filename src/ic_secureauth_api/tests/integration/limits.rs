//! The limit of requests in flight.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, routing::any};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    time::timeout,
};

use crate::support::{
    api, config, grant,
    samples::{self, pool_of_samples},
};

const LONG: Duration = Duration::from_secs(30);

/// Answers one request per permit and counts the requests that wait.
#[derive(Default)]
struct Slow {
    inside: AtomicUsize,
    most: AtomicUsize,
    entered: Notify,
}

type Shared = (Arc<Slow>, Arc<Semaphore>);

async fn answer(State((slow, permits)): State<Shared>) -> Json<Value> {
    let inside = slow.inside.fetch_add(1, Ordering::SeqCst) + 1;
    slow.most.fetch_max(inside, Ordering::SeqCst);
    slow.entered.notify_one();
    permits.acquire().await.unwrap().forget();
    slow.inside.fetch_sub(1, Ordering::SeqCst);
    Json(samples::pool())
}

async fn serve(shared: Shared) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let token = Json(grant("token", "manage_configuration identity"));
    let router = Router::new()
        .route("/{tenant}/system/oauth2/token", any(async move || token))
        .fallback(answer)
        .with_state(shared);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    uri
}

#[tokio::test]
async fn at_most_so_many_requests_are_in_flight_as_the_setting_says() {
    const LIMIT: usize = 3;
    let (slow, permits) = (Arc::new(Slow::default()), Arc::new(Semaphore::new(0)));
    let mut config = config(&serve((Arc::clone(&slow), Arc::clone(&permits))).await);
    config.max_in_flight = LIMIT;
    let api = api(config);
    let calls: Vec<_> = (0..12)
        .map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.pool(&pool_of_samples()).await })
        })
        .collect();
    while slow.inside.load(Ordering::SeqCst) < LIMIT {
        timeout(LONG, slow.entered.notified()).await.unwrap();
    }
    permits.add_permits(calls.len());
    for call in calls {
        assert!(timeout(LONG, call).await.unwrap().unwrap().unwrap().is_some());
    }
    assert_eq!(slow.most.load(Ordering::SeqCst), LIMIT);
}
