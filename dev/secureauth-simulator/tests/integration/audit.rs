//! Audit events and sign-in: rows 83 and 84.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Chunk, TENANT, Tenant, identity, organizations, pools, send};

#[tokio::test]
async fn audit_events_carry_the_correlation_id_of_the_request() {
    let tenant = Tenant::new().await;
    let correlated = |method: Method, path: String, body: Value| {
        send(
            tenant
                .request(method, &path)
                .header("X-Correlation-ID", "run-7")
                .json(&body),
        )
    };
    let organization = json!({ "id": "o", "name": "N" });
    correlated(Method::POST, organizations(""), organization)
        .await
        .expect("an answer")
        .expect(201);
    let pool = json!({ "id": "p", "name": "P", "tenant_id": TENANT, "workspace_id": "o" });
    correlated(Method::POST, pools(""), pool)
        .await
        .expect("an answer")
        .expect(201);
    let chunk = Chunk::new("p").user("ann").body;
    let imported = correlated(Method::PUT, identity("/configuration"), chunk).await;
    let trace_id = imported
        .expect("an answer")
        .expect(204)
        .header("x-trace-id")
        .map(str::to_owned);
    correlated(Method::DELETE, pools("/p/users/u-ann"), Value::Null)
        .await
        .expect("an answer")
        .expect(204);
    let events = |query: &'static str| {
        let tenant = &tenant;
        async move {
            let path = format!("/api/system/{TENANT}/servers/o/audit-events{query}");
            tenant
                .get(&path)
                .await
                .expect(200)
                .at("/audit_events")
                .as_array()
                .expect("events")
                .clone()
        }
    };
    let all = events("").await;
    let kinds: Vec<_> = all
        .iter()
        .map(|event| (event["event_subject"].as_str(), event["action"].as_str()))
        .collect();
    let expected = [
        (Some("organization"), Some("created")),
        (Some("pool"), Some("created")),
        (Some("import"), Some("succeeded")),
        (Some("user"), Some("deleted")),
    ];
    assert_eq!(kinds, expected);
    for event in &all {
        assert_eq!(event["metadata"]["request_correlation_id"], "run-7");
        assert_eq!(event["metadata"]["client_id"], "onboarding");
        assert_eq!(event["metadata"]["organization_id"], "o");
    }
    assert_eq!(all[2]["metadata"]["trace_id"].as_str(), trace_id.as_deref());
    assert_eq!(events("?event_subject=import,user").await.len(), 2);
    assert_eq!(events("?event_action=deleted").await.len(), 1);
    assert_eq!(events("?affected_user_id=u-ann").await.len(), 1);
    assert_eq!(events("?limit=1").await.len(), 1);
    assert!(events("?timestamp_to=2020-01-01T00:00:00Z").await.is_empty());
    tenant
        .get(&format!("/api/system/{TENANT}/servers/nobody/audit-events"))
        .await
        .expect(404);
    tenant
        .get(&format!("/api/system/{TENANT}/servers/o/audit-events?limit=101"))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_deactivated_organization_refuses_sign_in_and_not_management() {
    let tenant = Tenant::new().await;
    let body = json!({ "id": "biller", "name": "N", "deactivated": true });
    tenant.post(&organizations(""), &body).await.expect(201);
    tenant.pool("pool", "biller").await;
    tenant
        .import(
            &Chunk::new("pool")
                .user("ann")
                .user("off")
                .set("users", "status", json!("new")),
        )
        .await
        .expect(204);
    let sign_in = |name: &str| tenant.simulator.sign_in("biller", name).reason;
    assert_eq!(sign_in("ann"), "organization-deactivated");
    tenant.switch("sign-in-factors", "not-checked");
    let live = json!({ "name": "N", "deactivated": false });
    tenant.put(&organizations("/biller"), &live).await.expect(200);
    assert_eq!(
        (sign_in("ANN").as_str(), sign_in("off").as_str()),
        ("ok", "user-not-active")
    );
    assert_eq!(sign_in("nobody"), "unknown-user");
    let request = json!({ "workspace_id": "biller", "identifier": "ann" });
    assert_eq!(
        tenant.post("/admin/sign-in", &request).await.expect(200).at("/allowed"),
        true
    );
    tenant
        .put(&organizations("/biller"), &json!({ "name": "N", "deactivated": true }))
        .await
        .expect(200);
    tenant.switch("deactivated-management", "409");
    tenant.import(&Chunk::new("pool").user("bob")).await.expect(409);
    let pool = json!({ "name": "P", "tenant_id": TENANT, "workspace_id": "biller" });
    tenant.post(&pools(""), &pool).await.expect(409);
}
