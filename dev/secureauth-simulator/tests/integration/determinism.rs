//! Two simulators with the same seed and the same calls give the same answers, byte for byte.

use reqwest::Method;
use secureauth_simulator::{ClockSource, Options, Seed};
use serde_json::json;
use time::OffsetDateTime;

use crate::support::{Answer, Chunk, TENANT, Tenant, identity, organizations, pools, send};

/// An answer without its date: status, headers and body.
fn recorded(answer: &Answer) -> String {
    let mut headers = answer.headers.clone();
    headers.remove("date");
    format!("{} {headers:?}\n{}\n", answer.status, answer.text)
}

/// What a simulator with this seed answers to a fixed series of calls, refused ones among them.
async fn answers(seed: u64) -> Vec<String> {
    let tenant = Tenant::start(Options {
        seed,
        clock: ClockSource::Fixed(OffsetDateTime::UNIX_EPOCH),
        ..Options::default()
    })
    .await;
    let organization = json!({ "name": "Generated", "parent_id": "invoice-cloud" });
    let pool = json!({ "name": "P", "tenant_id": TENANT, "workspace_id": "biller" });
    let user = json!({
        "status": "active",
        "identifiers": [{ "identifier": "ann", "type": "uid" }],
        "credentials": [{ "type": "password", "password": "x" }],
    });
    let nameless = Chunk::new("pool").bare_user("u").set("users", "id", json!(null)).body;
    tenant.biller().await;
    tenant
        .simulator
        .seed(Seed::default().generated_users("pool", 150))
        .expect("a seed");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "onboarding"),
        ("client_secret", "simulator-secret"),
    ];
    let mut answers = vec![recorded(&tenant.token_request(TENANT, &form).await)];
    let calls = [
        (Method::POST, organizations(""), organization),
        (Method::POST, pools("?with_idp=true"), pool),
        (Method::POST, pools("/pool/users"), user),
        (Method::PUT, identity("/configuration"), nameless),
        (Method::PUT, identity("/configuration"), json!({ "users": [{}] })),
        (Method::GET, organizations(""), json!(null)),
        (Method::GET, organizations("/nobody"), json!(null)),
        (Method::GET, pools("/pool/users?limit=100"), json!(null)),
        (Method::GET, identity("/configuration"), json!(null)),
        (Method::GET, format!("/api/system/{TENANT}/configuration"), json!(null)),
        (
            Method::GET,
            format!("/api/system/{TENANT}/servers/system/audit-events"),
            json!(null),
        ),
        (Method::DELETE, pools("/pool?with_idp=true"), json!(null)),
        (Method::GET, "/admin/inventory".to_owned(), json!(null)),
        (Method::GET, "/admin/calls".to_owned(), json!(null)),
    ];
    for (method, path, body) in calls {
        let answer = send(tenant.request(method, &path).json(&body))
            .await
            .expect("an answer");
        answers.push(recorded(&answer));
    }
    answers
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_bytes() {
    let (first, second) = (answers(7).await, answers(7).await);
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first, second);
    }
    assert_eq!(first.len(), second.len());
    let other = answers(8).await;
    let different = first.iter().zip(&other).filter(|(first, other)| first != other);
    assert_eq!(
        different.count(),
        first.len(),
        "every answer has at least its trace id from the seed"
    );
}
