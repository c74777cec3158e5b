//! Fault injection: row 13.

use reqwest::Method;
use secureauth_simulator::{Fault, FaultBody, FaultKind, FaultStatus};
use serde_json::{Value, json};

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
async fn a_401_and_a_403_have_any_spelling() {
    let tenant = Tenant::new().await;
    let faults = tenant.simulator.faults();
    let spelt = |code: u16, body, error_code: Option<&str>| FaultStatus {
        body: Some(body),
        error_code: error_code.map(str::to_owned),
        www_authenticate: (code == 401).then(|| r#"Bearer error="invalid_token""#.to_owned()),
        ..status(code)
    };
    let spellings = [
        spelt(401, FaultBody::Empty, None),
        spelt(401, FaultBody::Html, None),
        spelt(401, FaultBody::Bare, None),
        spelt(401, FaultBody::Json, Some("any_code")),
        spelt(401, FaultBody::OAuth, Some("invalid_token")),
        spelt(403, FaultBody::Json, Some("request_forbidden")),
        spelt(403, FaultBody::OAuth, Some("request_forbidden")),
    ];
    let mut seen = Vec::new();
    for spelling in spellings {
        let code = spelling.status;
        faults.clear();
        faults.add(Fault::on("list_organizations", FaultKind::Status(spelling)));
        let answer = tenant.get(&organizations("")).await.expect(code);
        assert_eq!(answer.header("www-authenticate").is_some(), code == 401);
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        seen.push((
            answer.text.len().min(6),
            body["error"].clone(),
            body["error_code"].clone(),
        ));
    }
    let bodies: Vec<_> = seen
        .iter()
        .map(|(_, error, code)| (error.as_str(), code.as_str()))
        .collect();
    assert_eq!(
        bodies,
        [
            (None, None),
            (None, None),
            (Some("unauthorized"), None),
            (Some("unauthorized"), Some("any_code")),
            (Some("invalid_token"), None),
            (Some("forbidden"), Some("request_forbidden")),
            (Some("request_forbidden"), None),
        ]
    );
    assert_eq!((seen[0].0, seen[1].0), (0, 6), "nothing, and a page");
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
async fn a_call_is_held_before_or_after_its_effect_until_the_fault_is_removed() {
    let tenant = Tenant::new().await;
    let faults = tenant.simulator.faults();
    for (id, after_effect) in [("before", false), ("after", true)] {
        let hold = faults.add(Fault::on("create_organization", FaultKind::Hold { after_effect }).nth(1));
        let request = tenant
            .request(Method::POST, &organizations(""))
            .json(&json!({ "id": id, "name": "Held" }));
        let request = tokio::spawn(send(request));
        let is_held = async || faults.list().iter().any(|fault| fault.id == hold && fault.held == 1);
        eventually("the call is held", is_held).await;
        let inventory = tenant.simulator.inventory();
        assert_eq!(inventory.organizations.iter().any(|it| it.id == id), after_effect);
        assert!(faults.remove(hold));
        let answer = request.await.expect("a task").expect("an answer");
        answer.expect(201);
    }
}

#[tokio::test]
async fn an_administrator_sets_flags_and_deletes_users_by_hand() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("a").user("b")).await.expect(204);
    let simulator = &tenant.simulator;
    let organization = simulator.inventory().organizations.pop().expect("an organization");
    for deactivated in [true, false] {
        assert!(simulator.set_deactivated(&organization.id, deactivated));
        let answer = tenant.get(&organizations(&format!("/{}", organization.id))).await;
        assert_eq!(answer.at("/deactivated"), deactivated);
    }
    assert!(simulator.remove_user("pool", "u-a") && !simulator.remove_user("pool", "u-a"));
    assert_eq!(tenant.listed("pool").await, ["u-b"]);
    assert!(!simulator.set_deactivated("nobody", true));
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
