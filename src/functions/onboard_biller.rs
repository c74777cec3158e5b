//! `function-onboard-biller`: toggle events of the CRM (POST), and the status for polling (GET).
//!
//! The run is committed before its message is sent. If the message is lost, the timer finds the run
//! (docs/decisions.md#row-before-message).

use axum::http::StatusCode;
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use super::accepted::accepted;
use super::answer::{Answer, HttpAnswer};
use super::content_type;
use super::invocation::{HttpTrigger, Invocation};
use super::problem::{Code, Problem};
use super::retry_after;
use super::services::{HttpLimits, ServicesSource};
use super::status_view::{status_json, status_url};
use super::toggle_request::ToggleRequest;
use crate::domain::ids::BillerId;
use crate::domain::run::RunState;
use crate::domain::toggle_event::{Source, ToggleEvent};
use crate::store::StoreError;

pub(super) async fn invoke(
    source: &dyn ServicesSource,
    limits: HttpLimits,
    deadline: Instant,
    trigger: &HttpTrigger,
    invocation: &Invocation,
) -> Answer {
    let biller_id = trigger.param("billerId").unwrap_or_default();
    let Ok(biller_id) = BillerId::try_new(biller_id) else {
        let detail = "billerId must match ^[A-Za-z0-9_-]{1,64}$";
        return refused(Problem::bad_request("billerId", detail));
    };
    let handled = handle(source, limits, trigger, invocation, &biller_id);
    match timeout_at(deadline, handled).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(problem)) => refused(problem),
        Err(_) => refused(late(&biller_id)),
    }
}

/// The database may still be about to record the event, and then its run starts.
fn late(biller_id: &BillerId) -> Problem {
    let detail = "no answer in time; a run may start all the same, so ask statusUrl before sending the request again";
    Problem::unavailable(Code::Deadline, detail).with("statusUrl", status_url(biller_id))
}

/// The answer when the host's envelope itself is too long to be read.
pub(super) fn refuse_unread(limits: HttpLimits) -> Answer {
    refused(too_large(limits))
}

fn too_large(limits: HttpLimits) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        Code::BodyTooLarge,
        format!("the body may have {} bytes at most", limits.max_body),
    )
}

/// The host hands over no body that came in chunks (docs/reference/functions-host.md#http-trigger).
fn without_length() -> Problem {
    Problem::new(
        StatusCode::LENGTH_REQUIRED,
        Code::LengthRequired,
        "the body did not arrive; send it with Content-Length and not in chunks",
    )
}

/// A request without `Content-Type` is judged by its body (docs/decisions.md#content-type).
fn not_json() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::UnsupportedMediaType,
        "send the body as JSON, with the Content-Type application/json",
    )
}

fn refused(problem: Problem) -> Answer {
    warn!(code = %problem.code(), "request refused");
    let line = format!("refused: {}", problem.code());
    Answer::http(problem.into()).log(line)
}

async fn handle(
    source: &dyn ServicesSource,
    limits: HttpLimits,
    trigger: &HttpTrigger,
    invocation: &Invocation,
    biller_id: &BillerId,
) -> Result<Answer, Problem> {
    match trigger.method.to_ascii_uppercase().as_str() {
        "GET" => status(source, biller_id).await,
        "POST" => accept(source, limits, trigger, invocation, biller_id.clone()).await,
        _ => Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::MethodNotAllowed,
            "GET and POST are allowed",
        )
        .header("allow", "GET, POST")),
    }
}

async fn accept(
    source: &dyn ServicesSource,
    limits: HttpLimits,
    trigger: &HttpTrigger,
    invocation: &Invocation,
    biller_id: BillerId,
) -> Result<Answer, Problem> {
    if trigger.body.as_ref().is_some_and(|body| body.len() > limits.max_body) {
        return Err(too_large(limits));
    }
    if trigger.body.is_none() && trigger.header("content-length").next().is_none() {
        return Err(without_length());
    }
    if !trigger.header("content-type").all(content_type::is_json) {
        return Err(not_json());
    }
    let request = ToggleRequest::parse(trigger.body.as_deref())?;
    let services = source.services().await?;
    let wizard = request.source == Source::BillerWizard;
    let event = ToggleEvent {
        biller_id,
        enable: request.ciam_enabled,
        source: request.source,
        fingerprint: request.fingerprint(),
        requested_by: request.requested_by,
        event_id: request.event_id,
        onboarding_id: services.saga.new_run_id(),
        traceparent: Some(
            invocation
                .traceparent
                .unwrap_or_else(|| services.saga.new_trace())
                .to_string(),
        ),
    };
    let acceptance = services
        .saga
        .accept(&event)
        .await
        .map_err(|error| database_problem(&error))?;
    accepted(&acceptance, wizard, services.saga.now())
}

async fn status(source: &dyn ServicesSource, biller_id: &BillerId) -> Result<Answer, Problem> {
    let services = source.services().await?;
    let view = services
        .saga
        .view(biller_id)
        .await
        .map_err(|error| database_problem(&error))?
        .ok_or_else(Problem::biller_not_found)?;
    let left = match view.run.as_ref().filter(|run| run.state == RunState::Stuck) {
        Some(run) => Some(services.saga.left_by(run.id).await),
        None => None,
    };
    let seconds = view
        .run
        .as_ref()
        .and_then(|run| retry_after::seconds(run, services.saga.now()));
    let first_sign_in = services.saga.first_sign_in(view.run.as_ref().map(|run| run.id)).await;
    let answer = HttpAnswer::json(StatusCode::OK, status_json(&view, left.as_deref(), first_sign_in));
    Ok(Answer::http(answer.retry_after(seconds)))
}

fn database_problem(error: &StoreError) -> Problem {
    error!(error = %crate::telemetry::chain(error), "the database failed; the request is refused");
    Problem::unavailable(
        Code::DatabaseUnavailable,
        "the database is not available; the same request may be sent again",
    )
}

#[cfg(test)]
mod tests;
