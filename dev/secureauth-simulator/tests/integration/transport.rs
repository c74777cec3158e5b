//! Errors, headers, idempotency keys, limits, faults and lag: rows 9 to 17.

use std::collections::HashSet;
use std::time::Duration;

use reqwest::Method;
use secureauth_simulator::{Fault, FaultBody, FaultKind, FaultStatus};
use serde_json::{Value, json};

use crate::support::{Chunk, Tenant, identity, organizations, pools, send};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn status(status: u16) -> FaultStatus {
    FaultStatus {
        status,
        ..FaultStatus::default()
    }
}

#[tokio::test]
async fn error_bodies_have_their_members_and_details_of_every_form() {
    let tenant = Tenant::new().await;
    let mut forms = HashSet::new();
    for _ in 0..3 {
        let answer = tenant.get(&organizations("/nobody")).await.expect(404);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(
            (answer.at("/status_code"), answer.at("/error_code")),
            (404.into(), "not_found".into())
        );
        assert!(answer.at("/error").is_string());
        forms.insert(match answer.json().get("details") {
            None => "absent",
            Some(Value::String(_)) => "string",
            Some(Value::Object(_)) => "object",
            Some(other) => panic!("{other}"),
        });
    }
    assert_eq!(forms.len(), 3, "{forms:?}");
    tenant.switch("error-details", "object");
    assert!(
        tenant
            .get(&organizations("/nobody"))
            .await
            .at("/details")
            .is_object()
    );
}

#[tokio::test]
async fn gateway_errors_may_have_an_html_or_an_empty_body() {
    let tenant = Tenant::new().await;
    let faults = tenant.simulator.faults();
    faults.add(Fault::on("list_pools", FaultKind::Status(status(502))));
    tenant.switch("gateway-error-body", "html");
    let answer = tenant.get(&pools("")).await.expect(502);
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert!(answer.text.starts_with("<html>"));
    tenant.switch("gateway-error-body", "empty");
    assert_eq!(tenant.get(&pools("")).await.expect(502).text, "");
    faults.clear();
    let html = FaultStatus {
        body: Some(FaultBody::Html),
        ..status(500)
    };
    faults.add(Fault::on("list_pools", FaultKind::Status(html)));
    assert!(
        tenant
            .get(&pools(""))
            .await
            .expect(500)
            .text
            .starts_with("<html>")
    );
}

#[tokio::test]
async fn single_objects_carry_an_etag_and_every_answer_a_trace_id() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant
        .import(&Chunk::new("pool").user("ann"))
        .await
        .expect(204);
    let with_etag = [
        organizations("/biller"),
        organizations(""),
        pools("/pool"),
        pools("/pool/users/u-ann"),
    ];
    for path in with_etag {
        let answer = tenant.get(&path).await.expect(200);
        assert!(
            answer.header("etag").is_some() && answer.header("x-trace-id").is_some(),
            "{path}"
        );
    }
    let without = [
        pools("/pool/users"),
        pools(""),
        identity("/system/workspace/biller/pools"),
    ];
    for path in without {
        let answer = tenant.get(&path).await.expect(200);
        assert!(
            answer.header("etag").is_none() && answer.header("x-trace-id").is_some(),
            "{path}"
        );
    }
    assert!(
        tenant
            .get(&organizations("/nobody"))
            .await
            .expect(404)
            .header("x-trace-id")
            .is_some()
    );
    assert!(
        tenant
            .delete(&pools("/pool"))
            .await
            .expect(204)
            .header("x-trace-id")
            .is_some()
    );
    assert!(
        tenant
            .get("/no/such/path")
            .await
            .expect(404)
            .header("x-trace-id")
            .is_some()
    );
    tenant.switch("trace-id-everywhere", "off");
    assert!(
        tenant
            .get(&pools(""))
            .await
            .expect(200)
            .header("x-trace-id")
            .is_none()
    );
    assert!(
        tenant
            .get(&organizations("/biller"))
            .await
            .header("x-trace-id")
            .is_some()
    );
}

#[tokio::test]
async fn an_idempotency_key_replays_the_answer_for_a_minute() {
    let tenant = Tenant::new().await;
    let body = json!({ "name": "One" });
    let first = tenant
        .post_with_key(&organizations(""), KEY, &body)
        .await
        .expect(201);
    assert_eq!(first.header("x-idempotent-replayed"), None);
    let again = tenant
        .post_with_key(&organizations(""), KEY, &body)
        .await
        .expect(201);
    assert_eq!(again.header("x-idempotent-replayed"), Some("true"));
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(tenant.simulator.inventory().organizations.len(), 2);
    tenant.simulator.advance(Duration::from_secs(61));
    let later = tenant
        .post_with_key(&organizations(""), KEY, &body)
        .await
        .expect(201);
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
    tenant
        .post_with_key(&organizations(""), KEY, &other)
        .await
        .expect(422);
    tenant.switch("idempotency-other-body", "409");
    tenant
        .post_with_key(&organizations(""), KEY, &other)
        .await
        .expect(409);
    tenant.switch("idempotency-other-body", "replayed");
    let replayed = tenant
        .post_with_key(&organizations(""), KEY, &other)
        .await
        .expect(201);
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
    while !tenant
        .calls_of("create_organization")
        .iter()
        .any(|call| call.body.is_some())
    {
        tokio::task::yield_now().await;
    }
    tenant
        .post_with_key(&organizations(""), KEY, &body)
        .await
        .expect(409);
    tenant.switch("idempotency-concurrent", "executed");
    tenant
        .post_with_key(&organizations(""), KEY, &body)
        .await
        .expect(201);
    first.abort();
}

#[tokio::test]
async fn an_empty_token_bucket_answers_429_with_retry_after() {
    let tenant = Tenant::with(&[("rate-limit-system", "1/10000/2")]).await;
    let path = organizations("/invoice-cloud");
    tenant.get(&path).await.expect(200);
    tenant.get(&path).await.expect(200);
    let refused = tenant.get(&path).await.expect(429);
    assert_eq!(refused.at("/error"), "Too many requests");
    let seconds: u64 = refused
        .header("retry-after")
        .expect("a wait")
        .parse()
        .expect("seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
    tenant.get(&pools("")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(seconds));
    tenant.get(&path).await.expect(200);
    tenant.switch("retry-after-format", "date");
    let refused = tenant.get(&path).await.expect(429);
    assert!(
        refused
            .header("retry-after")
            .is_some_and(|date| date.ends_with("GMT")),
        "{refused:?}"
    );
    tenant.switch("rate-limit-system", "off");
    tenant.get(&path).await.expect(200);
    tenant.switch("rate-limit-oauth2", "1/3600000/1");
    tenant.new_token("").await;
    let form = [("grant_type", "client_credentials")];
    tenant
        .token_request(crate::support::TENANT, &form)
        .await
        .expect(429);
    tenant.switch("rate-limit-identity", "1/3600000/1");
    tenant.get(&pools("")).await.expect(200);
    tenant.get(&pools("")).await.expect(429);
}

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
        tenant
            .get(&organizations(&format!("/{id}")))
            .await
            .expect(exists);
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
        ms: 300,
        after_effect: false,
    };
    tenant
        .simulator
        .faults()
        .add(Fault::on("create_organization", late));
    let request = tenant
        .request(Method::POST, &organizations(""))
        .timeout(Duration::from_millis(100))
        .json(&json!({ "id": "late", "name": "Late" }));
    assert!(send(request).await.expect_err("no answer").is_timeout());
    let arrived = || {
        tenant
            .simulator
            .inventory()
            .organizations
            .iter()
            .any(|it| it.id == "late")
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !arrived() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the effect never came"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
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

#[tokio::test]
async fn a_stale_if_match_on_a_write_is_412_and_on_a_read_asks_for_a_fresh_answer() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant
        .import(&Chunk::new("pool").user("ann"))
        .await
        .expect(204);
    let user = json!({ "status": "inactive" });
    let pool = json!({ "name": "Renamed", "tenant_id": crate::support::TENANT });
    let organization = json!({ "name": "Renamed", "parent_id": "invoice-cloud" });
    for (path, body) in [
        (pools("/pool/users/u-ann"), user),
        (pools("/pool"), pool),
        (organizations("/biller"), organization),
    ] {
        let etag = tenant
            .get(&path)
            .await
            .header("etag")
            .expect("an etag")
            .to_owned();
        let put = |etag: String| {
            send(
                tenant
                    .request(Method::PUT, &path)
                    .header("If-Match", etag)
                    .json(&body),
            )
        };
        put(etag.clone()).await.expect("an answer").expect(200);
        let stale = put(etag.clone()).await.expect("an answer").expect(412);
        assert_eq!(stale.at("/error_code"), "precondition_failed");
        let delete = tenant
            .request(Method::DELETE, &path)
            .header("If-Match", &etag);
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
    tenant
        .import(&Chunk::new("pool").user("ann"))
        .await
        .expect(204);
    for path in [
        organizations("/biller"),
        pools("/pool"),
        pools("/pool/users/u-ann"),
    ] {
        tenant.get(&path).await.expect(404);
        let fresh = tenant.request(Method::GET, &path).header("If-Match", "*");
        send(fresh).await.expect("an answer").expect(200);
    }
    tenant.simulator.advance(Duration::from_secs(6));
    for path in [
        organizations("/biller"),
        pools("/pool"),
        pools("/pool/users/u-ann"),
    ] {
        tenant.get(&path).await.expect(200);
    }
    let body = json!({ "name": "New", "parent_id": "invoice-cloud", "deactivated": true });
    tenant
        .put(&organizations("/biller"), &body)
        .await
        .expect(200);
    assert_eq!(
        tenant
            .get(&organizations("/biller"))
            .await
            .at("/deactivated"),
        false
    );
    tenant.delete(&pools("/pool/users/u-ann")).await.expect(204);
    tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(6));
    assert_eq!(
        tenant
            .get(&organizations("/biller"))
            .await
            .at("/deactivated"),
        true
    );
    tenant.get(&pools("/pool/users/u-ann")).await.expect(404);
}

#[tokio::test]
async fn the_users_list_lags_whatever_the_reader_sends() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant
        .import(&Chunk::new("pool").user("a").user("c"))
        .await
        .expect(204);
    tenant.switch("users-list-lag-ms", "5000");
    tenant
        .import(&Chunk::new("pool").user("b").user("d"))
        .await
        .expect(204);
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
    tenant
        .import(&Chunk::new("pool").user("hidden"))
        .await
        .expect(204);
    tenant
        .import(&Chunk::new("pool").user("seen"))
        .await
        .expect(204);
    assert_eq!(tenant.listed("pool").await, ["u-seen"]);
    tenant.simulator.advance(Duration::from_secs(3));
    assert_eq!(tenant.listed("pool").await, ["u-hidden", "u-seen"]);
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let tenant = Tenant::new().await;
    let body = json!({ "id": "extra", "name": "Extra", "invented": { "a": 1 } });
    let created = tenant.post(&organizations(""), &body).await.expect(201);
    assert_eq!(created.at("/invented"), Value::Null);
    tenant.pool("pool", "extra").await;
    let chunk = Chunk::new("pool")
        .user("ann")
        .set("users", "invented", json!(1));
    tenant.import(&chunk).await.expect(204);
    tenant.switch("unknown-fields", "400");
    tenant.post(&organizations(""), &body).await.expect(400);
    tenant.import(&chunk).await.expect(400);
    tenant
        .import(&Chunk::new("pool").user("ann"))
        .await
        .expect(204);
    let pool = json!({ "name": "P", "tenant_id": crate::support::TENANT, "invented": 1 });
    tenant.post(&pools(""), &pool).await.expect(400);
}

#[tokio::test]
async fn a_body_above_the_limit_is_413() {
    let tenant = Tenant::with(&[("keep-request-bodies", "on")]).await;
    let body = json!({ "name": "x".repeat(1_048_577) });
    let refused = tenant.post(&organizations(""), &body).await.expect(413);
    assert_eq!(refused.at("/error_code"), "payload_too_large");
    tenant.switch("body-limit-bytes", "20");
    tenant
        .post(&organizations(""), &json!({ "name": "twenty or more" }))
        .await
        .expect(413);
    tenant.switch("body-limit-bytes", "2000000");
    tenant.post(&organizations(""), &body).await.expect(201);
}
