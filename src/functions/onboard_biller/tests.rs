use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::*;
use crate::functions::invocation::Envelope;
use crate::functions::services::{NotReady, Services};

/// Settings with findings.
struct Unset;

#[async_trait]
impl ServicesSource for Unset {
    async fn services(&self) -> Result<Arc<Services>, NotReady> {
        Err(NotReady::Configuration)
    }
}

/// The HTTP output of an invocation.
async fn answered(method: &str, body: Option<&str>) -> Value {
    let request = json!({"Method": method, "Params": {"billerId": "1876"}, "Body": body});
    let envelope = json!({"Data": {"req": request}, "Metadata": {}}).to_string();
    let trigger = Envelope::parse(envelope.as_bytes()).and_then(Envelope::http_trigger);
    let invocation = Invocation::of(&HeaderMap::new());
    let limits = HttpLimits::default();
    let answer = invoke(
        &Unset,
        limits,
        Instant::now() + limits.deadline,
        &trigger.unwrap(),
        &invocation,
    )
    .await;
    let body = answer.into_response().into_body();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let envelope: Value = serde_json::from_slice(&bytes).unwrap();
    envelope["Outputs"]["res"].clone()
}

const YES: &str = r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane"}"#;

#[tokio::test]
async fn without_settings_the_caller_is_told_to_try_again_and_no_message_is_sent() {
    for (method, body) in [("GET", None), ("get", None), ("POST", Some(YES))] {
        let answer = answered(method, body).await;
        assert_eq!(answer["statusCode"], 503, "{method}");
        assert_eq!(answer["headers"]["retry-after"], "10");
        assert!(answer["body"].as_str().unwrap().contains(r#""code":"configuration""#));
    }
}

#[tokio::test]
async fn an_invalid_request_is_refused_even_without_settings() {
    assert_eq!(answered("POST", None).await["statusCode"], 411);
    assert_eq!(answered("POST", Some("{}")).await["statusCode"], 400);
    let long = "x".repeat(HttpLimits::default().max_body + 1);
    assert_eq!(answered("POST", Some(&long)).await["statusCode"], 413);
}

#[tokio::test]
async fn other_methods_than_get_and_post_are_refused() {
    for method in ["PUT", "DELETE", "HEAD"] {
        let answer = answered(method, Some(YES)).await;
        assert_eq!(answer["statusCode"], 405, "{method}");
        assert_eq!(answer["headers"]["allow"], "GET, POST");
    }
}
