//! `If-Match` and reads that lag: rows 14 and 15.

use std::time::Duration;

use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Chunk, TENANT, Tenant, organizations, pools, send};

#[tokio::test]
async fn a_stale_if_match_on_a_write_is_412_and_on_a_read_asks_for_a_fresh_answer() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    let user = json!({ "status": "inactive" });
    let pool = json!({ "name": "Renamed", "tenant_id": TENANT });
    let organization = json!({ "name": "Renamed", "parent_id": "invoice-cloud" });
    for (path, body) in [
        (pools("/pool/users/u-ann"), user),
        (pools("/pool"), pool),
        (organizations("/biller"), organization),
    ] {
        let etag = tenant.get(&path).await.header("etag").expect("an etag").to_owned();
        let put = |etag: String| send(tenant.request(Method::PUT, &path).header("If-Match", etag).json(&body));
        put(etag.clone()).await.expect("an answer").expect(200);
        let stale = put(etag.clone()).await.expect("an answer").expect(412);
        assert_eq!(stale.at("/error_code"), "precondition_failed");
        let delete = tenant.request(Method::DELETE, &path).header("If-Match", &etag);
        send(delete).await.expect("an answer").expect(412);
        let read = tenant.request(Method::GET, &path).header("If-Match", &etag);
        send(read).await.expect("an answer").expect(200);
        put("*".to_owned()).await.expect("an answer").expect(200);
        tenant.switch("stale-if-match", "ignored");
        put(etag).await.expect("an answer").expect(200);
        tenant.switch("stale-if-match", "412");
    }
}

#[tokio::test]
async fn reads_may_lag_behind_writes_unless_if_match_is_sent() {
    let tenant = Tenant::with(&[("read-lag-ms", "5000")]).await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    for path in [organizations("/biller"), pools("/pool"), pools("/pool/users/u-ann")] {
        tenant.get(&path).await.expect(404);
        let fresh = tenant.request(Method::GET, &path).header("If-Match", "*");
        send(fresh).await.expect("an answer").expect(200);
    }
    tenant.simulator.advance(Duration::from_secs(6));
    for path in [organizations("/biller"), pools("/pool"), pools("/pool/users/u-ann")] {
        tenant.get(&path).await.expect(200);
    }
    let body = json!({ "name": "New", "parent_id": "invoice-cloud", "deactivated": true });
    tenant.put(&organizations("/biller"), &body).await.expect(200);
    assert_eq!(tenant.get(&organizations("/biller")).await.at("/deactivated"), false);
    tenant.delete(&pools("/pool/users/u-ann")).await.expect(204);
    tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(6));
    assert_eq!(tenant.get(&organizations("/biller")).await.at("/deactivated"), true);
    tenant.get(&pools("/pool/users/u-ann")).await.expect(404);
}

#[tokio::test]
async fn the_users_list_lags_whatever_the_reader_sends() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("a").user("c")).await.expect(204);
    tenant.switch("users-list-lag-ms", "5000");
    tenant.import(&Chunk::new("pool").user("b").user("d")).await.expect(204);
    tenant.delete(&pools("/pool/users/u-a")).await.expect(204);
    let list = tenant
        .request(Method::GET, &pools("/pool/users"))
        .header("If-Match", "*");
    let listed = send(list).await.expect("an answer").expect(200);
    assert_eq!(
        (listed.at("/users/0/id"), listed.at("/users/1/id")),
        ("u-a".into(), "u-c".into())
    );
    assert_eq!(listed.at("/users/2"), Value::Null);
    assert_eq!(
        tenant
            .get(&pools("/pool/users?limit=1&after_user_id=u-a"))
            .await
            .at("/users/0/id"),
        "u-c"
    );
    tenant.get(&pools("/pool/users/u-b")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(6));
    assert_eq!(tenant.listed("pool").await, ["u-b", "u-c", "u-d"]);
}

#[tokio::test]
async fn a_lag_fault_hides_the_effect_of_one_write() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let lag = FaultKind::ReadLag { ms: 2000 };
    tenant
        .simulator
        .faults()
        .add(Fault::on("import_identity_configuration", lag).nth(1));
    tenant.import(&Chunk::new("pool").user("hidden")).await.expect(204);
    tenant.import(&Chunk::new("pool").user("seen")).await.expect(204);
    assert_eq!(tenant.listed("pool").await, ["u-seen"]);
    tenant.simulator.advance(Duration::from_secs(3));
    assert_eq!(tenant.listed("pool").await, ["u-hidden", "u-seen"]);
}
