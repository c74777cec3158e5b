//! Fault injection: row 13.

use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind, FaultStatus};
use serde_json::json;

use crate::support::{Chunk, Tenant, eventually, organizations, send, status};

#[tokio::test]
async fn a_reset_is_a_cut_connection_with_or_without_the_effect() {
    let tenant = Tenant::new().await;
    let faults = tenant.simulator.faults();
    faults.add(Fault::on("create_organization", FaultKind::ResetBefore).nth(1));
    faults.add(Fault::on("create_organization", FaultKind::ResetAfter).nth(2));
    let create = |id: &str| {
        let body = json!({ "id": id, "name": id });
        send(tenant.request(Method::POST, &organizations("")).json(&body))
    };
    for (id, exists) in [("before", 404), ("after", 200)] {
        let error = create(id).await.expect_err("no answer");
        assert!(error.is_request() && error.status().is_none(), "{error:?}");
        tenant.get(&organizations(&format!("/{id}"))).await.expect(exists);
    }
    let calls = tenant.calls_of("create_organization");
    assert!(calls.iter().all(|call| call.reset && call.status.is_none()));
    create("third").await.expect("an answer").expect(201);
}

#[tokio::test]
async fn a_status_fault_answers_before_or_after_the_effect() {
    let tenant = Tenant::new().await;
    let faults = tenant.simulator.faults();
    for (nth, code) in [(1, 500), (2, 502), (3, 503), (4, 504), (5, 409)] {
        let fault = FaultKind::Status(status(code));
        faults.add(Fault::on("create_organization", fault).nth(nth));
    }
    let rich = FaultStatus {
        retry_after: Some("7".to_owned()),
        external_error: true,
        error_code: Some("script_failed".to_owned()),
        after_effect: true,
        ..status(500)
    };
    faults.add(Fault::on("create_organization", FaultKind::Status(rich)).nth(6));
    let body = json!({ "id": "x", "name": "x" });
    for code in [500, 502, 503, 504, 409] {
        let answer = tenant.post(&organizations(""), &body).await.expect(code);
        assert_eq!(answer.at("/status_code"), code);
    }
    tenant.get(&organizations("/x")).await.expect(404);
    let answer = tenant.post(&organizations(""), &body).await.expect(500);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("x-external-error"), Some("true"));
    assert_eq!(answer.at("/error_code"), "script_failed");
    tenant.get(&organizations("/x")).await.expect(200);
}

#[tokio::test]
async fn a_delayed_effect_happens_although_the_client_has_gone() {
    let tenant = Tenant::new().await;
    let late = FaultKind::Delay {
        ms: 1000,
        after_effect: false,
    };
    tenant.simulator.faults().add(Fault::on("create_organization", late));
    let request = tenant
        .request(Method::POST, &organizations(""))
        .json(&json!({ "id": "late", "name": "Late" }));
    let request = tokio::spawn(send(request));
    let under_way = async || !tenant.calls_of("create_organization").is_empty();
    eventually("the request is there", under_way).await;
    request.abort();
    let arrived = async || {
        tenant
            .simulator
            .inventory()
            .organizations
            .iter()
            .any(|it| it.id == "late")
    };
    eventually("the effect comes", arrived).await;
}

#[tokio::test]
async fn a_partial_import_applies_some_users_and_answers_500() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let faults = tenant.simulator.faults();
    let operation = "import_identity_configuration";
    faults.add(Fault::on(operation, FaultKind::PartialImport { users: None }).nth(1));
    faults.add(Fault::on(operation, FaultKind::PartialImport { users: Some(3) }).nth(2));
    let chunk = Chunk::new("pool").user("a").user("b").user("c").user("d");
    tenant.import(&chunk).await.expect(500);
    assert_eq!(tenant.listed("pool").await, ["u-a", "u-b"]);
    tenant.import(&chunk).await.expect(500);
    assert_eq!(tenant.listed("pool").await, ["u-a", "u-b", "u-c"]);
    tenant.import(&chunk).await.expect(204);
    assert_eq!(tenant.listed("pool").await.len(), 4);
}

#[tokio::test]
async fn faults_meet_the_calls_they_name() {
    let tenant = Tenant::new().await;
    let faults = tenant.simulator.faults();
    let get = |id: &'static str| {
        let tenant = &tenant;
        async move { tenant.get(&organizations(&format!("/{id}"))).await.status }
    };
    faults.add(
        Fault::on("get_organization", FaultKind::Status(status(503)))
            .every(2)
            .times(2),
    );
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(get("invoice-cloud").await);
    }
    assert_eq!(seen, [200, 503, 200, 503, 200, 200]);
    faults.clear();
    faults.add(Fault::on("get_organization", FaultKind::Status(status(500))).path("/1876"));
    assert_eq!((get("invoice-cloud").await, get("1876").await), (200, 500));
    faults.clear();
    faults.add(
        Fault::on("get_organization", FaultKind::Status(status(500)))
            .nth(2)
            .times(2),
    );
    assert_eq!((get("1876").await, get("1876").await), (404, 500));
}
