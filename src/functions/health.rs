//! `function-health`: the handler answers, and which build it is. `function-readiness`: whether a run could start now.

use std::cmp::Ordering;
use std::future::Future;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};
use tracing::error;

use super::answer::{Answer, HttpAnswer};
use super::services::{NotReady, ServicesSource};
use crate::telemetry::{COMMIT, VERSION, chain};

/// Each builds on the one before it.
const CHECKS: [&str; 5] = ["settings", "vault", "database", "schema", "token"];

pub(super) fn alive() -> Answer {
    let body = json!({ "alive": true, "version": VERSION, "commit": COMMIT });
    Answer::http(HttpAnswer::json(StatusCode::OK, body))
}

/// Says which check failed, never why: that is in the log.
pub(super) async fn ready(source: &dyn ServicesSource, deadline: Instant) -> Answer {
    let passed = passed(source, deadline).await;
    let word = |number: usize| match number.cmp(&passed) {
        Ordering::Less => "ok",
        Ordering::Equal => "failed",
        Ordering::Greater => "not_checked",
    };
    let numbered = CHECKS.into_iter().enumerate();
    let checks: Map<String, Value> = numbered
        .map(|(number, name)| (name.to_owned(), word(number).into()))
        .collect();
    let is_ready = passed == CHECKS.len();
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({ "ready": is_ready, "version": VERSION, "commit": COMMIT, "checks": checks });
    Answer::http(HttpAnswer::json(status, body))
}

/// How many checks passed, in their order.
async fn passed(source: &dyn ServicesSource, deadline: Instant) -> usize {
    let services = match timeout_at(deadline, source.services()).await {
        Ok(Ok(services)) => services,
        Ok(Err(NotReady::Configuration)) => return 0,
        Ok(Err(NotReady::Vault)) => return 1,
        Ok(Err(NotReady::Database)) | Err(_) => return 2,
        Ok(Err(NotReady::Schema)) => return 3,
    };
    // The services were built at some time before; what they rely on has to answer now.
    match within(deadline, services.saga.schema_fits()).await {
        None => return 2,
        Some(false) => return 3,
        Some(true) => {}
    }
    match within(deadline, services.saga.token_is_granted()).await {
        Some(()) => CHECKS.len(),
        None => 4,
    }
}

async fn within<T, E: std::error::Error>(
    deadline: Instant,
    check: impl Future<Output = Result<T, E>> + Send,
) -> Option<T> {
    match timeout_at(deadline, check).await {
        Ok(Ok(value)) => Some(value),
        Ok(Err(failure)) => {
            error!(error = %chain(&failure), "not ready");
            None
        }
        Err(_) => {
            error!("not ready: no answer within HTTP_DEADLINE");
            None
        }
    }
}
