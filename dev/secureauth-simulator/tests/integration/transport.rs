//! Errors, headers, rate limits and bodies: rows 9, 10, 12, 16 and 17.

use std::collections::HashSet;
use std::time::Duration;

use secureauth_simulator::{Fault, FaultBody, FaultKind, FaultStatus};
use serde_json::{Value, json};

use crate::support::{Chunk, TENANT, Tenant, identity, organizations, pools, status};

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
    assert!(tenant.get(&organizations("/nobody")).await.at("/details").is_object());
    tenant.switch("error-details", "string");
    assert!(tenant.get(&organizations("/nobody")).await.at("/details").is_string());
    tenant.switch("error-details", "absent");
    assert_eq!(tenant.get(&organizations("/nobody")).await.json().get("details"), None);
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
    assert!(tenant.get(&pools("")).await.expect(500).text.starts_with("<html>"));
}

#[tokio::test]
async fn single_objects_carry_an_etag_and_every_answer_a_trace_id() {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
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
    assert!(tenant.get(&pools("")).await.expect(200).header("x-trace-id").is_none());
    assert!(
        tenant
            .get(&organizations("/biller"))
            .await
            .header("x-trace-id")
            .is_some()
    );
}

#[tokio::test]
async fn an_empty_token_bucket_answers_429_with_retry_after() {
    let tenant = Tenant::with(&[("rate-limit-system", "1/10000/2")]).await;
    let path = organizations("/invoice-cloud");
    tenant.get(&path).await.expect(200);
    tenant.get(&path).await.expect(200);
    let refused = tenant.get(&path).await.expect(429);
    assert_eq!(refused.at("/error"), "Too many requests");
    let seconds: u64 = refused.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
    tenant.get(&pools("")).await.expect(200);
    tenant.simulator.advance(Duration::from_secs(seconds));
    tenant.get(&path).await.expect(200);
    tenant.switch("retry-after-format", "date");
    let refused = tenant.get(&path).await.expect(429);
    assert!(
        refused.header("retry-after").is_some_and(|date| date.ends_with("GMT")),
        "{refused:?}"
    );
    tenant.switch("rate-limit-system", "off");
    tenant.get(&path).await.expect(200);
    tenant.switch("rate-limit-oauth2", "1/3600000/1");
    tenant.new_token("").await;
    let form = [("grant_type", "client_credentials")];
    tenant.token_request(TENANT, &form).await.expect(429);
    tenant.switch("rate-limit-identity", "1/3600000/1");
    tenant.get(&pools("")).await.expect(200);
    tenant.get(&pools("")).await.expect(429);
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let tenant = Tenant::new().await;
    let body = json!({ "id": "extra", "name": "Extra", "invented": { "a": 1 } });
    let created = tenant.post(&organizations(""), &body).await.expect(201);
    assert_eq!(created.at("/invented"), Value::Null);
    tenant.pool("pool", "extra").await;
    let chunk = Chunk::new("pool").user("ann").set("users", "invented", json!(1));
    tenant.import(&chunk).await.expect(204);
    tenant.switch("unknown-fields", "400");
    tenant.post(&organizations(""), &body).await.expect(400);
    tenant.import(&chunk).await.expect(400);
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    let pool = json!({ "name": "P", "tenant_id": TENANT, "invented": 1 });
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
