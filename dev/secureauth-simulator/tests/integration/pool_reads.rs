//! Lists, counts and updates of identity pools: rows 49 and 50.

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
