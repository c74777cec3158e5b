//! Mistakes that the real host hides and strict mode reports at once (S21, S23, S25).

use serde_json::{Value, json};

use crate::support::{App, last_failure, tell};

/// Asserts that the answer fails the invocation, that the failure is listed as a violation, and that it says `text`.
async fn is_a_violation(instruction: Value, text: &str) {
    let app = App::new();
    let host = app.start().await;
    assert_eq!(tell(&host, instruction).await.status(), 500);
    let failure = last_failure(&host);
    assert!(
        failure.starts_with("strict mode: ") && failure.contains(text),
        "{failure}"
    );
    assert_eq!(host.violations(), [format!("call: {failure}")]);
    assert_eq!(host.queue("items").len(), 0);
}

#[tokio::test]
async fn a_2xx_without_a_body_is_a_violation() {
    is_a_violation(json!({ "status": 204 }), "would hang until functionTimeout").await;
}

#[tokio::test]
async fn a_null_body_is_a_violation() {
    is_a_violation(
        json!({ "content_type": "application/json", "body": "null" }),
        "would hang",
    )
    .await;
}

#[tokio::test]
async fn an_unknown_output_is_a_violation_and_nothing_is_bound() {
    let envelope = json!({ "Outputs": { "itmes": ["lost"], "items": ["kept"] } });
    is_a_violation(json!({ "envelope": envelope }), "\"itmes\" is not an output").await;
}

#[tokio::test]
async fn a_bare_string_as_queue_output_is_a_violation() {
    let envelope = json!({ "Outputs": { "items": "test" } });
    is_a_violation(json!({ "envelope": envelope }), "send an array of strings").await;
}
