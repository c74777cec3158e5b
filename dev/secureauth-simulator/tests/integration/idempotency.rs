//! `X-Idempotency-Key`: row 11.

use std::time::Duration;

use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind};
use serde_json::json;

use crate::support::{Tenant, eventually, organizations, send};

const KEY: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn an_idempotency_key_replays_the_answer_for_a_minute() {
    let tenant = Tenant::new().await;
    let body = json!({ "name": "One" });
    let first = tenant.post_with_key(&organizations(""), KEY, &body).await.expect(201);
    assert_eq!(first.header("x-idempotent-replayed"), None);
    let again = tenant.post_with_key(&organizations(""), KEY, &body).await.expect(201);
    assert_eq!(again.header("x-idempotent-replayed"), Some("true"));
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(tenant.simulator.inventory().organizations.len(), 2);
    tenant.simulator.advance(Duration::from_secs(61));
    let later = tenant.post_with_key(&organizations(""), KEY, &body).await.expect(201);
    assert_ne!(later.at("/id"), first.at("/id"));
    assert_eq!(tenant.simulator.inventory().organizations.len(), 3);
}

#[tokio::test]
async fn an_idempotency_key_has_32_to_255_characters() {
    let tenant = Tenant::new().await;
    let body = json!({ "name": "One" });
    for length in [31, 256] {
        tenant
            .post_with_key(&organizations(""), &"k".repeat(length), &body)
            .await
            .expect(400);
    }
    tenant
        .post_with_key(&organizations(""), &"k".repeat(255), &body)
        .await
        .expect(201);
    tenant.switch("idempotency-key-length", "ignored");
    for _ in 0..2 {
        tenant
            .post_with_key(&organizations(""), "short", &body)
            .await
            .expect(201);
    }
    assert_eq!(tenant.simulator.inventory().organizations.len(), 4);
}

#[tokio::test]
async fn an_idempotency_key_with_another_body_is_refused() {
    let tenant = Tenant::new().await;
    let first = tenant
        .post_with_key(&organizations(""), KEY, &json!({ "name": "One" }))
        .await;
    let other = json!({ "name": "Two" });
    tenant.post_with_key(&organizations(""), KEY, &other).await.expect(422);
    tenant.switch("idempotency-other-body", "409");
    tenant.post_with_key(&organizations(""), KEY, &other).await.expect(409);
    tenant.switch("idempotency-other-body", "replayed");
    let replayed = tenant.post_with_key(&organizations(""), KEY, &other).await.expect(201);
    assert_eq!(replayed.at("/id"), first.at("/id"));
}

#[tokio::test]
async fn a_key_whose_first_request_still_runs_is_refused() {
    let tenant = Tenant::with(&[("keep-request-bodies", "on")]).await;
    let body = json!({ "id": "slow", "name": "Slow" });
    let forever = FaultKind::Delay {
        ms: 600_000,
        after_effect: false,
    };
    tenant
        .simulator
        .faults()
        .add(Fault::on("create_organization", forever).nth(1));
    let first = tenant
        .request(Method::POST, &organizations(""))
        .header("X-Idempotency-Key", KEY)
        .json(&body);
    let first = tokio::spawn(send(first));
    // A kept body means that the key was taken.
    let taken = async || {
        tenant
            .calls_of("create_organization")
            .iter()
            .any(|call| call.body.is_some())
    };
    eventually("the key is taken", taken).await;
    tenant.post_with_key(&organizations(""), KEY, &body).await.expect(409);
    tenant.switch("idempotency-concurrent", "executed");
    tenant.post_with_key(&organizations(""), KEY, &body).await.expect(201);
    first.abort();
}
