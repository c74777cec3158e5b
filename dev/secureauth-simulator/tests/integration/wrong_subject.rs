//! Reads that are answered with another resource (row 13).

use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Chunk, TENANT, Tenant, identity, organizations, pools, send};

/// Two billers with a pool and users each.
async fn two_billers() -> Tenant {
    let tenant = Tenant::new().await;
    for (organization, pool) in [("one", "pool-one"), ("two", "pool-two")] {
        tenant.organization(organization).await;
        tenant.pool(pool, organization).await;
        let users = Chunk::new(pool)
            .user(&format!("a-{organization}"))
            .user(&format!("b-{organization}"));
        tenant.import(&users).await.expect(204);
    }
    tenant
}

fn wrong(operation: &str) -> Fault {
    Fault::on(operation, FaultKind::WrongSubject)
}

#[tokio::test]
async fn every_read_of_one_thing_can_be_answered_with_another_of_its_kind() {
    let tenant = two_billers().await;
    let audit = format!("/api/system/{TENANT}/servers/one/audit-events");
    let dump = format!("/api/system/{TENANT}/configuration?workspace_id=one");
    let idps = format!("/api/system/{TENANT}/pools/pool-one/idps");
    let cases = [
        ("get_organization", organizations("/one"), "/id", "two"),
        (
            "list_organizations",
            organizations("?search_phrase=one"),
            "/organizations/0/id",
            "two",
        ),
        ("list_audit_events", audit, "/audit_events/0/server_id", "two"),
        ("export_configuration", dump, "/servers/0/id", "two"),
        ("get_pool", pools("/pool-one"), "/id", "pool-two"),
        (
            "list_workspace_pools",
            identity("/system/workspace/one/pools"),
            "/pools/0/workspace_id",
            "two",
        ),
        ("list_pool_idps", idps, "/idps/0/identity_pool_id", "pool-two"),
        (
            "list_users",
            pools("/pool-one/users"),
            "/users/0/user_pool_id",
            "pool-two",
        ),
        ("get_user", pools("/pool-one/users/u-a-one"), "/id", "u-b-one"),
        (
            "get_schema",
            identity("/system/schemas/default_payload_v2"),
            "/id",
            "5d5ced58793b41178123b2d1cc5fb658",
        ),
    ];
    for (operation, path, member, other) in cases {
        let own = tenant.get(&path).await.expect(200).at(member);
        assert_ne!(own, Value::from(other), "{operation}");
        let fault = tenant.simulator.faults().add(wrong(operation));
        assert_eq!(tenant.get(&path).await.expect(200).at(member), other, "{operation}");
        assert!(tenant.simulator.faults().remove(fault));
        assert_eq!(tenant.get(&path).await.expect(200).at(member), own, "{operation}");
    }
}

#[tokio::test]
async fn a_search_by_key_can_find_somebody_else() {
    let tenant = two_billers().await;
    tenant.simulator.faults().add(wrong("get_user_by_key"));
    let by_key = async |key: Value| tenant.post(&pools("/pool-one/users/by_key"), &key).await.expect(200);
    assert_eq!(by_key(json!({ "identifier": "a-one" })).await.at("/id"), "u-b-one");
    assert_eq!(by_key(json!({ "identifier": "b-one" })).await.at("/id"), "u-a-one");
    assert_eq!(
        by_key(json!({ "address": "a-one@example.com" })).await.at("/id"),
        "u-b-one"
    );
}

#[tokio::test]
async fn a_read_of_an_unknown_id_can_be_answered_with_an_existing_resource() {
    let tenant = two_billers().await;
    for operation in ["get_organization", "get_pool", "get_user"] {
        tenant.simulator.faults().add(wrong(operation));
    }
    tenant.get(&organizations("/absent")).await.expect(200);
    tenant.get(&pools("/absent")).await.expect(200);
    let user = tenant.get(&pools("/absent/users/absent")).await.expect(200);
    assert_eq!(user.at("/user_pool_id"), "pool-one");
}

#[tokio::test]
async fn a_tenant_of_an_installation_can_be_another_one_and_without_another_the_answer_is_the_usual() {
    let mut tenant = Tenant::new().await;
    tenant.simulator.faults().add(wrong("get_organization"));
    tenant.get(&organizations("/invoice-cloud")).await.expect(200);
    tenant.simulator.faults().add(wrong("get_tenant"));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "setup"),
        ("client_secret", "simulator-setup-secret"),
    ];
    let token = tenant
        .token_request("system", &form)
        .await
        .expect(200)
        .at("/access_token");
    tenant.use_token(token.as_str().expect("a token"));
    let path = "/api/system/tenants";
    tenant
        .post(path, &json!({ "id": "acme", "name": "Acme" }))
        .await
        .expect(201);
    let answer = tenant.get(&format!("{path}/acme")).await.expect(200);
    assert_eq!(answer.at("/id"), TENANT);
}

#[tokio::test]
async fn only_a_read_of_one_resource_can_be_answered_with_another() {
    let tenant = Tenant::new().await;
    for operation in ["create_pool", "list_schemas", "token"] {
        let fault = json!({ "operation": operation, "kind": "wrong_subject" });
        let request = tenant.request(Method::POST, "/admin/faults").json(&fault);
        send(request).await.expect("an answer").expect(400);
    }
    let fault = json!({ "operation": "get_pool", "kind": "wrong_subject", "nth": 1 });
    let request = tenant.request(Method::POST, "/admin/faults").json(&fault);
    assert!(send(request).await.expect("an answer").status < 300);
}
