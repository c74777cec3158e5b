//! The caller's guard: no attempt starts without its permission, and it is told of attempts that may still take effect.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ic_secureauth_api::{CallGuard, CallNotAllowed, Class, SecureAuth};
use serde_json::json as object;

use crate::support::{
    Server, context, json, reply,
    samples::{self, key, pool_of_samples, user_id},
};

/// Allows `open` attempts.
struct Guard {
    open: AtomicU32,
    deadlines: Mutex<Vec<Duration>>,
    /// Attempts without a known outcome.
    unknown: AtomicU32,
}

impl Guard {
    fn new(open: u32) -> Arc<Self> {
        Arc::new(Self {
            open: AtomicU32::new(open),
            deadlines: Mutex::default(),
            unknown: AtomicU32::new(0),
        })
    }
}

impl CallGuard for Guard {
    fn may_start(&self, deadline: Duration) -> Result<(), CallNotAllowed> {
        self.deadlines.lock().unwrap().push(deadline);
        let left = self
            .open
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |open| open.checked_sub(1));
        left.map(|_| ()).map_err(|_| CallNotAllowed)
    }

    fn outcome_unknown(&self, _: tokio::time::Instant) {
        self.unknown.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn without_the_guards_permission_nothing_is_sent() {
    let server = Server::scripted([reply(204)]).await;
    let guard = Guard::new(0);
    let api = SecureAuth::new(server.config())
        .unwrap()
        .call(context(Some(guard.clone())));
    let error = api.import(&samples::chunk()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.attempts(), error.outcome_unknown()),
        (Class::NotStarted, 0, false)
    );
    assert!(server.requests().await.is_empty());
    assert!(api.delete_user(&pool_of_samples(), &user_id(), None).await.is_err());
    let deadlines = guard.deadlines.lock().unwrap().clone();
    assert_eq!(
        deadlines,
        [Duration::from_mins(1), Duration::from_secs(30)],
        "each with its own deadline"
    );
}

#[tokio::test]
async fn a_guard_that_refuses_the_second_attempt_leaves_the_outcome_of_the_first_unknown() {
    let server = Server::scripted([reply(503)]).await;
    let api = SecureAuth::new(server.config())
        .unwrap()
        .call(context(Some(Guard::new(1))));
    let error = api.import(&samples::chunk()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.attempts(), error.outcome_unknown()),
        (Class::NotStarted, 1, true)
    );
    assert_eq!(server.requests().await.len(), 1);
}

#[tokio::test]
async fn an_answer_to_a_write_that_is_not_about_it_leaves_the_write_under_way() {
    let page = || reply(200).set_body_string("<html>");
    let another_pool = || json(201, &object!({ "id": "another", "workspace_id": "another" }));
    let server = Server::scripted([
        page(),
        another_pool(),
        another_pool(),
        json(201, &samples::pool()),
        reply(204),
    ])
    .await;
    let guard = Guard::new(10);
    let api = SecureAuth::new(server.config())
        .unwrap()
        .call(context(Some(guard.clone())));
    let unknown = || guard.unknown.load(Ordering::SeqCst);
    api.import(&samples::chunk()).await.unwrap_err();
    assert_eq!(unknown(), 1);
    api.create_pool(&samples::new_pool(), &key("pool")).await.unwrap_err();
    assert_eq!(unknown(), 2);
    api.pool(&pool_of_samples()).await.unwrap_err();
    api.create_pool(&samples::new_pool(), &key("pool")).await.unwrap();
    api.import(&samples::chunk()).await.unwrap();
    assert_eq!(unknown(), 2, "neither a read nor a write that was confirmed");
}
