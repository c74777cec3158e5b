//! The admin API.

use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind, Inventory, Seed};
use serde_json::json;

use crate::support::{Chunk, Tenant, organizations, pools, send};

#[tokio::test]
async fn a_biller_is_onboarded_and_shows_in_the_inventory() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant
        .import(&Chunk::new("pool").user("ann").user("bob"))
        .await
        .expect(204);
    let inventory: Inventory =
        serde_json::from_value(tenant.get("/admin/inventory").await.expect(200).json()).expect("the form");
    assert_eq!(inventory, tenant.simulator.inventory());
    let biller = inventory
        .organizations
        .iter()
        .find(|it| it.id == "biller")
        .expect("the biller");
    let pool = biller.pools.first().expect("its pool");
    assert_eq!((pool.number_of_users, pool.users.active, pool.idp), (2, 2, true));
    let users = tenant
        .get("/admin/inventory/pools/pool/users?after=u-ann&limit=5")
        .await
        .expect(200);
    assert_eq!(users.at("/users/0/identifiers"), json!(["bob"]));
    assert_eq!(users.at("/users").as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_seed_is_there_at_once_and_leaves_no_trace_in_the_call_log() {
    let tenant = Tenant::new().await;
    tenant.simulator.clear_calls();
    let seed = Seed {
        workspaces: vec!["retail".to_owned()],
        ..Seed::default()
    }
    .organization(&json!({
        "id": "1876", "name": "Acme", "parent_id": "invoice-cloud", "deactivated": true,
        "metadata": { "payload": { "ic_bid": "1876" } },
    }))
    .pool(&json!({ "id": "p", "name": "Users", "workspace_id": "1876" }))
    .user(&json!({ "user_pool_id": "p", "id": "u1", "status": "new" }))
    .generated_users("p", 250);
    tenant.simulator.seed(seed).expect("a valid seed");
    assert!(tenant.simulator.calls().is_empty());
    let inventory = tenant.simulator.inventory();
    let biller = inventory
        .organizations
        .iter()
        .find(|it| it.id == "1876")
        .expect("seeded");
    assert!(biller.deactivated);
    assert_eq!(biller.metadata["ic_bid"], "1876");
    assert_eq!((biller.pools[0].users.new, biller.pools[0].users.active), (1, 250));
    assert!(inventory.workspaces.contains(&"retail".to_owned()));
    let refused = json!({ "organizations": [{ "id": "1876", "name": "Acme" }] });
    let answer = tenant.post("/admin/seed", &refused).await.expect(422);
    assert!(answer.text.contains("409"), "{answer:?}");
}

#[tokio::test]
async fn the_call_log_shows_what_was_asked_and_no_header_values() {
    let tenant = Tenant::with(&[("keep-request-bodies", "on")]).await;
    let body = json!({ "id": "logged", "name": "Logged" });
    let request = tenant
        .request(Method::POST, &organizations("?x=1"))
        .header("X-Correlation-ID", "run-1")
        .header("X-Idempotency-Key", "k".repeat(40))
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .json(&body);
    let answer = send(request).await.expect("an answer").expect(201);
    let logged = tenant.get("/admin/calls").await.expect(200);
    let call = logged.at("/calls/1");
    assert_eq!(call["operation"], "create_organization");
    assert_eq!(
        (call["method"].as_str(), call["status"].as_u64()),
        (Some("POST"), Some(201))
    );
    assert_eq!(
        (call["path"].as_str(), call["query"].as_str()),
        (Some(&*organizations("")), Some("x=1"))
    );
    assert_eq!(call["correlation_id"], "run-1");
    assert_eq!(call["idempotency_key"], "k".repeat(40));
    assert!(call["traceparent"].as_str().is_some_and(|it| it.starts_with("00-0af7")));
    assert_eq!(call["trace_id"].as_str(), answer.header("x-trace-id"));
    assert!(
        call["header_names"]
            .as_array()
            .is_some_and(|it| it.contains(&json!("authorization")))
    );
    assert_eq!(call["body"], body.to_string());
    assert_eq!(logged.at("/calls/0/operation"), "token");
    assert_eq!(logged.at("/calls/0/body"), json!(null));
    assert!(!logged.text.contains("simulator-secret") && !logged.text.contains("Bearer"));
    tenant.delete("/admin/calls").await.expect(204);
    assert!(tenant.simulator.calls().is_empty());
}

#[tokio::test]
async fn admin_lists_every_operation_and_sets_switches() {
    let tenant = Tenant::new().await;
    let overview = tenant.get("/admin").await.expect(200);
    let operations = overview.at("/operations");
    assert!(
        operations
            .as_array()
            .expect("a list")
            .iter()
            .any(|it| it["name"] == "create_pool")
    );
    let body = json!({ "failing-import": "prefix", "token-ttl-seconds": 7 });
    let changed = tenant.put("/admin/switches", &body).await.expect(200);
    let value = |name: &str| {
        let list = changed.json();
        let found = list
            .as_array()
            .expect("a list")
            .iter()
            .find(|it| it["name"] == name)
            .cloned();
        found.expect("the switch")["value"].clone()
    };
    assert_eq!(
        (value("failing-import"), value("token-ttl-seconds")),
        (json!("prefix"), json!("7"))
    );
    tenant
        .put(
            "/admin/switches",
            &json!({ "failing-import": "nothing", "no-such": "1" }),
        )
        .await
        .expect(400);
    assert_eq!(value("failing-import"), "prefix");
    tenant
        .put("/admin/switches", &json!({ "failing-import": "maybe" }))
        .await
        .expect(400);
}

#[tokio::test]
async fn faults_are_added_listed_and_removed_by_the_admin_route() {
    let tenant = Tenant::new().await;
    let fault = json!({ "operation": "get_organization", "kind": "status", "status": 503, "nth": 2 });
    let added = tenant.post("/admin/faults", &fault).await.expect(201);
    assert_eq!(added.at("/id"), 1);
    let path = organizations("/invoice-cloud");
    tenant.get(&path).await.expect(200);
    tenant.get(&path).await.expect(503);
    tenant.get(&path).await.expect(200);
    let listed = tenant.get("/admin/faults").await.expect(200);
    assert_eq!((listed.at("/0/matched"), listed.at("/0/fired")), (json!(3), json!(1)));
    tenant.delete("/admin/faults/1").await.expect(204);
    tenant.delete("/admin/faults/1").await.expect(404);
    tenant
        .post(
            "/admin/faults",
            &json!({ "operation": "nothing", "kind": "reset_before" }),
        )
        .await
        .expect(400);
    tenant
        .post("/admin/faults", &json!({ "kind": "status", "status": 200 }))
        .await
        .expect(400);
    tenant
        .simulator
        .faults()
        .add(Fault::on("get_pool", FaultKind::ResetBefore));
    tenant.delete("/admin/faults").await.expect(204);
    assert!(tenant.simulator.faults().list().is_empty());
}

#[tokio::test]
async fn an_admin_body_with_an_unknown_member_is_refused_by_its_name() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let user = json!({ "user_pool_id": "pool", "status": "new", "invented": 1 });
    let pool = json!({ "id": "p", "name": "P", "workspace_id": "biller", "invented": 1 });
    let refused = [
        (
            "/admin/faults",
            json!({ "operation": "get_pool", "kind": "reset_before", "invented": 1 }),
        ),
        ("/admin/faults", json!({ "kind": "delay", "ms": 1, "invented": 1 })),
        (
            "/admin/faults",
            json!({ "kind": "status", "status": 503, "invented": 1 }),
        ),
        ("/admin/seed", json!({ "invented": [] })),
        (
            "/admin/seed",
            json!({ "organizations": [{ "id": "o", "name": "O", "invented": 1 }] }),
        ),
        ("/admin/seed", json!({ "pools": [pool] })),
        ("/admin/seed", json!({ "users": [user] })),
        (
            "/admin/seed",
            json!({ "schemas": [{ "id": "s", "name": "S", "schema": {}, "invented": 1 }] }),
        ),
        (
            "/admin/seed",
            json!({ "generate": [{ "user_pool_id": "pool", "count": 1, "invented": 1 }] }),
        ),
        ("/admin/clock", json!({ "advance_ms": 1, "invented": 1 })),
        (
            "/admin/sign-in",
            json!({ "workspace_id": "w", "identifier": "i", "invented": 1 }),
        ),
        (
            "/admin/may-sign-in",
            json!({ "workspace_id": "w", "identifier": "i", "invented": 1 }),
        ),
        (
            "/admin/activate",
            json!({ "pool_id": "p", "user_id": "u", "invented": 1 }),
        ),
        (
            "/admin/password-reset",
            json!({ "workspace_id": "w", "address": "a@example.com", "invented": 1 }),
        ),
        ("/admin/code", json!({ "code": "c", "invented": 1 })),
    ];
    for (path, body) in refused {
        let answer = tenant.post(path, &body).await;
        assert!((400..500).contains(&answer.status), "{path} {body}: {answer:?}");
        assert!(answer.text.contains("invented"), "{path} {body}: {answer:?}");
    }
    let switches = tenant
        .put("/admin/switches", &json!({ "invented": "on" }))
        .await
        .expect(400);
    assert!(switches.text.contains("invented"));
    let page = tenant
        .get("/admin/inventory/pools/pool/users?invented=1")
        .await
        .expect(400);
    assert!(page.text.contains("invented"));
    assert!(tenant.simulator.faults().list().is_empty());
    assert_eq!(tenant.listed("pool").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_clock_is_moved_by_the_admin_route() {
    let tenant = Tenant::new().await;
    tenant
        .post("/admin/clock", &json!({ "advance_ms": 3_600_000 }))
        .await
        .expect(200);
    tenant.get(&pools("")).await.expect(401);
}
