//! Lists, counts, identity providers and updates of identity pools: rows 49, 50 and 110.

use std::time::Duration;

use serde_json::json;

use crate::support::{Chunk, TENANT, Tenant, identity, organizations, pools};

#[tokio::test]
async fn pools_of_an_unknown_workspace_are_an_empty_list() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let path = identity("/system/workspace/nobody/pools");
    assert_eq!(tenant.get(&path).await.expect(200).json(), json!({ "pools": [] }));
    let of_biller = tenant
        .get(&identity("/system/workspace/biller/pools"))
        .await
        .expect(200);
    assert_eq!(of_biller.at("/pools/0/id"), "pool");
    tenant.switch("pools-of-unknown-workspace", "404");
    tenant.get(&path).await.expect(404);
}

#[tokio::test]
async fn the_identity_providers_of_a_pool_are_listed_without_secrets() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let path = |pool: &str| format!("/api/system/{TENANT}/pools/{pool}/idps");
    let listed = tenant.get(&path("pool")).await.expect(200).at("/idps");
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let idp = &listed[0];
    assert_eq!(
        (&idp["identity_pool_id"], &idp["authorization_server_id"]),
        (&json!("pool"), &json!("biller"))
    );
    assert_eq!(
        (&idp["method"], &idp["disabled"]),
        (&json!("identity_pool"), &json!(false))
    );
    assert!(idp.get("settings").is_none() && idp.get("credentials").is_none());
    let without = json!({ "id": "plain", "name": "Plain", "tenant_id": TENANT, "workspace_id": "biller" });
    tenant.post(&pools(""), &without).await.expect(201);
    assert_eq!(tenant.get(&path("plain")).await.expect(200).at("/idps"), json!([]));
    tenant.get(&path("nobody")).await.expect(404);
    tenant.switch("idps-of-unknown-pool", "empty");
    assert_eq!(tenant.get(&path("nobody")).await.expect(200).at("/idps"), json!([]));
}

#[tokio::test]
async fn an_identity_provider_that_is_disabled_or_of_another_kind_lets_nobody_in() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("jane")).await.expect(204);
    assert!(tenant.simulator.enroll("pool", "u-jane"));
    let path = format!("/api/system/{TENANT}/pools/pool/idps");
    assert!(tenant.simulator.sign_in("biller", "jane").allowed);
    tenant.switch("idp-disabled", "on");
    assert_eq!(tenant.get(&path).await.expect(200).at("/idps/0/disabled"), true);
    assert!(!tenant.simulator.sign_in("biller", "jane").allowed);
    tenant.switch("idp-disabled", "off");
    tenant.switch("idp-method", "oidc");
    assert_eq!(tenant.get(&path).await.expect(200).at("/idps/0/method"), "oidc");
    assert!(!tenant.simulator.sign_in("biller", "jane").allowed);
    let dump = format!("/api/system/{TENANT}/configuration?workspace_id=biller");
    assert_eq!(tenant.get(&dump).await.expect(200).at("/idps/0/method"), "oidc");
}

#[tokio::test]
async fn pools_are_listed_by_id_and_searched() {
    let tenant = Tenant::new().await;
    tenant.organization("biller").await;
    for id in ["p3", "p1", "p2"] {
        tenant
            .post(
                &pools(""),
                &json!({ "id": id, "name": id, "tenant_id": TENANT, "workspace_id": "biller" }),
            )
            .await
            .expect(201);
    }
    let ids = |rest: &'static str| {
        let tenant = &tenant;
        async move {
            let rows = tenant.get(&pools(rest)).await.expect(200).at("/pools");
            rows.as_array()
                .expect("rows")
                .iter()
                .map(|row| row["id"].clone())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(ids("?limit=2").await, ["p1", "p2"]);
    assert_eq!(ids("?after_pool_id=p2").await, ["p3"]);
    assert_eq!(ids("?search_phrase=P2").await, ["p2"]);
    assert_eq!(ids("?limit=2&before_pool_id=p3").await, ["p1", "p2"]);
    tenant.get(&pools("?limit=101")).await.expect(400);
}

#[tokio::test]
async fn a_pool_update_keeps_what_it_leaves_out() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let update = json!({ "name": "Renamed", "tenant_id": TENANT, "workspace_id": "biller" });
    let updated = tenant.put(&pools("/pool"), &update).await.expect(200);
    assert_eq!(
        (updated.at("/name"), updated.at("/identifier_case_insensitive")),
        ("Renamed".into(), true.into())
    );
    tenant.pool("pool-2", "biller").await;
    let taken = json!({ "name": "Renamed", "tenant_id": TENANT, "workspace_id": "biller" });
    tenant.put(&pools("/pool-2"), &taken).await.expect(409);
    tenant.put(&pools("/nobody"), &update).await.expect(404);
    assert_eq!(
        tenant.get(&organizations("/biller")).await.expect(200).at("/id"),
        "biller"
    );
}

#[tokio::test]
async fn users_are_counted_by_origin_and_the_count_may_lag() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let jit = json!({ "users": [{ "user_pool_id": "pool", "status": "active", "jit": true }] });
    tenant.post("/admin/seed", &jit).await.expect(204);
    tenant.import(&Chunk::new("pool").user("a").user("b")).await.expect(204);
    let counts = || async {
        let pool = tenant.get(&pools("/pool")).await.expect(200);
        ["users", "standard_users", "jit_users"].map(|of| pool.at(&format!("/number_of_{of}")))
    };
    assert_eq!(counts().await, [json!(3), json!(2), json!(1)]);
    tenant.switch("user-count-lag-ms", "5000");
    tenant.import(&Chunk::new("pool").user("c").user("d")).await.expect(204);
    assert_eq!(counts().await[0], 3);
    tenant.simulator.advance(Duration::from_secs(6));
    assert_eq!(counts().await[0], 5);
}

#[tokio::test]
async fn the_number_of_users_may_be_left_out() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.switch("user-count", "absent");
    let pool = tenant.get(&pools("/pool")).await.expect(200).json();
    let listed = tenant.get(&identity("/system/workspace/biller/pools")).await;
    for shown in [&pool, &listed.expect(200).at("/pools/0")] {
        assert!(shown.get("id").is_some() && shown.get("number_of_users").is_none());
    }
}
