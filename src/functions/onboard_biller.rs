//! `function-onboard-biller`: the CRM's toggle and the Wizard's submission (POST), and the status to poll (GET).
//!
//! Row first, then output: the run is committed before its message leaves. If the message is lost, the timer finds the row.

use axum::http::StatusCode;
use tracing::{error, warn};

use super::accepted::accepted;
use super::answer::{Answer, HttpAnswer};
use super::invocation::{HttpTrigger, Invocation};
use super::problem::{Code, Problem};
use super::services::{HttpLimits, ServicesSource};
use super::status_view::status_json;
use super::toggle_request::ToggleRequest;
use crate::domain::ids::BillerId;
use crate::domain::toggle_event::{Source, ToggleEvent};
use crate::store::StoreError;

pub(super) async fn invoke(
    source: &dyn ServicesSource,
    limits: HttpLimits,
    trigger: &HttpTrigger,
    invocation: &Invocation,
) -> Answer {
    let answered = tokio::time::timeout(limits.deadline, handle(source, limits, trigger, invocation));
    match answered.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(problem)) => refused(problem),
        Err(_) => refused(Problem::unavailable(
            Code::Deadline,
            "no answer in time; ask for the status before trying again",
        )),
    }
}

/// The answer to a request whose body is so long that the host's envelope around it was not even read.
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
) -> Result<Answer, Problem> {
    let biller_id = BillerId::try_new(trigger.param("billerId").unwrap_or_default())
        .map_err(|_| Problem::bad_request("billerId", "billerId must match ^[A-Za-z0-9_-]{1,64}$"))?;
    match trigger.method.to_ascii_uppercase().as_str() {
        "GET" => status(source, &biller_id).await,
        "POST" => accept(source, limits, trigger, invocation, biller_id).await,
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
        traceparent: invocation.traceparent.map(|parent| parent.to_string()),
    };
    let acceptance = services
        .saga
        .accept(&event)
        .await
        .map_err(|error| database_problem(&error))?;
    accepted(&acceptance, wizard)
}

async fn status(source: &dyn ServicesSource, biller_id: &BillerId) -> Result<Answer, Problem> {
    let services = source.services().await?;
    let view = services
        .saga
        .view(biller_id)
        .await
        .map_err(|error| database_problem(&error))?
        .ok_or_else(Problem::biller_not_found)?;
    Ok(Answer::http(HttpAnswer::json(StatusCode::OK, status_json(&view))))
}

fn database_problem(error: &StoreError) -> Problem {
    error!(error = %crate::telemetry::chain(error), "the database could not be used");
    Problem::unavailable(
        Code::DatabaseUnavailable,
        "the database is not available; the same request may be sent again",
    )
}

#[cfg(test)]
mod tests;
