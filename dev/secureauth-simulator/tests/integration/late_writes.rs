//! Writes of users that are answered before they are applied: row 124.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Chunk, Tenant, pools, send};

/// A pool with the users `ann` and `bob`. Their next writes are applied after five seconds.
async fn lagging(late_conflict: &str) -> Tenant {
    let tenant = Tenant::with_pool(&[("late-conflict", late_conflict)]).await;
    tenant
        .import(&Chunk::new("pool").user("ann").user("bob"))
        .await
        .expect(204);
    tenant.switch("user-persistence-lag-ms", "5000");
    tenant
}

fn uid(text: &str) -> Value {
    json!({ "identifier": text, "type": "uid" })
}

fn entry(user: &str, call: &str) -> String {
    pools(&format!("/pool/users/u-{user}/{call}"))
}

/// Everything that a read shows of the users.
async fn shown(tenant: &Tenant) -> Vec<String> {
    let fresh = tenant
        .request(Method::GET, &pools("/pool/users/u-ann"))
        .header("If-Match", "*");
    let by_key = json!({ "identifier": "ann" });
    let answers = [
        tenant.get(&pools("/pool/users/u-ann")).await,
        send(fresh).await.expect("an answer"),
        tenant.get(&pools("/pool/users/u-carl")).await,
        tenant.get(&pools("/pool/users")).await,
        tenant.post(&pools("/pool/users/by_key"), &by_key).await,
        tenant.get("/admin/inventory/pools/pool/users").await,
    ];
    let count = tenant.get(&pools("/pool")).await.at("/number_of_users");
    // Errors have `details` of changing forms.
    let texts = answers.map(|answer| {
        if answer.status < 300 {
            answer.text
        } else {
            answer.status.to_string()
        }
    });
    texts.into_iter().chain([count.to_string()]).collect()
}

fn identifiers(tenant: &Tenant, user: &str) -> Vec<String> {
    let users = tenant.simulator.pool_users("pool", None, 100).expect("the pool");
    let user = users.into_iter().find(|it| it.id == format!("u-{user}"));
    user.expect("the user").identifiers
}

fn pass(tenant: &Tenant, seconds: u64) {
    tenant.simulator.advance(Duration::from_secs(seconds));
}

#[tokio::test]
async fn a_write_is_answered_before_any_read_shows_it() {
    let tenant = lagging("refused-at-request").await;
    let before = shown(&tenant).await;
    let added = tenant
        .post(&entry("ann", "identifiers/add"), &uid("anna"))
        .await
        .expect(200);
    let tag = added.header("etag").expect("an etag").to_owned();
    let remove = tenant
        .request(Method::POST, &entry("ann", "identifiers/remove"))
        .header("If-Match", tag)
        .json(&json!({ "identifier": "ann" }));
    let removed = send(remove).await.expect("an answer").expect(204);
    let updated = tenant
        .put(&pools("/pool/users/u-ann"), &json!({ "status": "inactive" }))
        .await
        .expect(200);
    assert_eq!(
        (updated.at("/status"), updated.at("/identifiers/0/identifier")),
        ("inactive".into(), "anna".into())
    );
    assert_ne!(updated.header("etag"), removed.header("etag"));
    tenant.import(&Chunk::new("pool").user("carl")).await.expect(204);
    tenant.delete(&pools("/pool/users/u-bob")).await.expect(204);
    tenant.delete(&pools("/pool/users/u-bob")).await.expect(404);
    pass(&tenant, 4);
    assert_eq!(shown(&tenant).await, before);
    pass(&tenant, 1);
    assert_eq!(tenant.listed("pool").await, ["u-ann", "u-carl"]);
    let ann = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(ann.text, updated.text);
    assert_eq!(ann.header("etag"), updated.header("etag"));
    assert_eq!(identifiers(&tenant, "ann"), ["anna"]);
}

#[tokio::test]
async fn a_write_does_not_overtake_one_that_waits() {
    let tenant = lagging("refused-at-request").await;
    let status = |status: &str| json!({ "status": status });
    tenant
        .put(&pools("/pool/users/u-ann"), &status("inactive"))
        .await
        .expect(200);
    tenant.switch("user-persistence-lag-ms", "0");
    tenant
        .put(&pools("/pool/users/u-ann"), &status("active"))
        .await
        .expect(200);
    pass(&tenant, 5);
    assert_eq!(tenant.get(&pools("/pool/users/u-ann")).await.at("/status"), "active");
    tenant
        .put(&pools("/pool/users/u-ann"), &status("inactive"))
        .await
        .expect(200);
    assert_eq!(tenant.get(&pools("/pool/users/u-ann")).await.at("/status"), "inactive");
}

#[tokio::test]
async fn a_conflict_with_a_write_that_waits_is_refused_at_the_request() {
    let tenant = lagging("refused-at-request").await;
    tenant
        .post(&entry("ann", "identifiers/add"), &uid("shared"))
        .await
        .expect(200);
    tenant
        .post(&entry("bob", "identifiers/add"), &uid("Shared"))
        .await
        .expect(409);
    tenant.import(&Chunk::new("pool").user("shared")).await.expect(409);
    // What is given away stays taken until it is applied.
    tenant
        .post(&entry("ann", "identifiers/remove"), &json!({ "identifier": "ann" }))
        .await
        .expect(204);
    tenant
        .post(&entry("bob", "identifiers/add"), &uid("ann"))
        .await
        .expect(409);
    pass(&tenant, 5);
    tenant
        .post(&entry("bob", "identifiers/add"), &uid("ann"))
        .await
        .expect(200);
    pass(&tenant, 5);
    assert_eq!(
        (identifiers(&tenant, "ann"), identifiers(&tenant, "bob")),
        (vec!["shared".into()], vec!["bob".into(), "ann".into()])
    );
}

#[tokio::test]
async fn a_conflict_with_a_write_that_waits_may_be_answered_and_have_no_effect() {
    let tenant = lagging("dropped").await;
    tenant
        .post(&entry("ann", "identifiers/add"), &uid("shared"))
        .await
        .expect(200);
    tenant
        .post(&entry("bob", "identifiers/add"), &uid("shared"))
        .await
        .expect(200);
    tenant
        .post(&entry("bob", "identifiers/remove"), &json!({ "identifier": "bob" }))
        .await
        .expect(204);
    tenant
        .import(&Chunk::new("pool").user("shared").user("carl"))
        .await
        .expect(204);
    pass(&tenant, 5);
    assert_eq!(identifiers(&tenant, "ann"), ["ann", "shared"]);
    assert!(
        identifiers(&tenant, "bob").is_empty(),
        "the addition is lost, the removal is not"
    );
    assert_eq!(tenant.listed("pool").await, ["u-ann", "u-bob", "u-carl"]);
}
