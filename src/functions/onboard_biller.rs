//! `function-onboard-biller`: the CRM's toggle and the Wizard's submission (POST), and the status to poll (GET).
//!
//! Row first, then output: the run is committed before its message leaves. If the message is lost, the timer finds the row.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tracing::{error, info, warn};

use super::answer::{Answer, HttpAnswer};
use super::invocation::{HttpTrigger, Invocation};
use super::people::ForPeople;
use super::problem::Problem;
use super::queue_message::QueueMessage;
use super::services::{HttpLimits, ServicesSource};
use super::status_view::{status_json, status_url};
use super::toggle_request::ToggleRequest;
use crate::domain::ids::BillerId;
use crate::domain::messages;
use crate::domain::run::Run;
use crate::domain::wish::{Decision, RunHead, Source};
use crate::onboarding::Event;
use crate::store::{Acceptance, BillerView, StoreError};

/// How often the CRM should ask for the status, in seconds.
const POLL_SECONDS: u64 = 2;
/// When the Wizard should try again: its commit may not be visible yet.
const WIZARD_RETRY_SECONDS: u64 = 5;

pub(super) async fn invoke(
    source: &dyn ServicesSource,
    limits: HttpLimits,
    trigger: &HttpTrigger,
    invocation: &Invocation,
) -> Answer {
    let answered = tokio::time::timeout(limits.deadline, handle(source, limits, trigger, invocation));
    let problem = match answered.await {
        Ok(Ok(answer)) => return answer,
        Ok(Err(problem)) => problem,
        Err(_) => Problem::unavailable("deadline", "no answer in time; ask for the status before trying again"),
    };
    warn!(code = problem.code(), "request refused");
    let line = format!("refused: {}", problem.code());
    Answer::http(problem.into()).log(line)
}

/// The answer to a request whose body is so long that the host's envelope around it was not even read.
pub(super) fn too_large(limits: HttpLimits) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        format!("the body may have {} bytes at most", limits.max_body),
    )
}

async fn handle(
    source: &dyn ServicesSource,
    limits: HttpLimits,
    trigger: &HttpTrigger,
    invocation: &Invocation,
) -> Result<Answer, Problem> {
    let biller_id = BillerId::try_new(trigger.param("billerId").unwrap_or_default())
        .map_err(|_| Problem::bad_request("billerId", "billerId must match ^[A-Za-z0-9_-]{1,64}$"))?;
    if trigger.method.eq_ignore_ascii_case("GET") {
        return status(source, &biller_id).await;
    }
    if trigger.body.as_ref().is_some_and(|body| body.len() > limits.max_body) {
        return Err(too_large(limits));
    }
    let request = ToggleRequest::parse(trigger.body.as_deref())?;
    let services = source.services().await?;
    let wizard = request.source == Source::BillerWizard;
    let event = Event {
        biller_id,
        enable: request.ciam_enabled,
        source: request.source,
        fingerprint: request.fingerprint(),
        requested_by: request.requested_by,
        event_id: request.event_id,
        traceparent: invocation.traceparent.clone(),
    };
    let acceptance = services
        .onboarding
        .accept(event)
        .await
        .map_err(|error| database_problem(&error))?;
    accepted(acceptance, wizard)
}

async fn status(source: &dyn ServicesSource, biller_id: &BillerId) -> Result<Answer, Problem> {
    let services = source.services().await?;
    let view = services
        .onboarding
        .view(biller_id)
        .await
        .map_err(|error| database_problem(&error))?
        .ok_or_else(biller_not_found)?;
    Ok(Answer::http(HttpAnswer::json(StatusCode::OK, status_json(&view))))
}

fn accepted(acceptance: Acceptance, wizard: bool) -> Result<Answer, Problem> {
    let conflict = |code, detail: &str, id: crate::domain::ids::OnboardingId| {
        Problem::new(StatusCode::CONFLICT, code, detail).with("onboardingId", id.to_string())
    };
    let (head, started) = match &acceptance.decision {
        Decision::Start(_) => (None, true),
        Decision::Join(head) | Decision::Replay(Some(head)) => (Some(*head), false),
        Decision::NothingToDo | Decision::Replay(None) => return Ok(nothing_to_do(&acceptance)),
        Decision::OppositeRunning(id) => {
            let detail = "the opposite is being done for this biller; nothing was changed";
            return Err(conflict("opposite-operation-running", detail, *id));
        }
        Decision::Stuck(id) => {
            let detail = "an earlier run of this biller is stuck; an operator has to take it on";
            return Err(conflict("stuck", detail, *id));
        }
        Decision::EventReused => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "event-id-reused",
                "this eventId was used with another body",
            )
            .with("member", "eventId"));
        }
        Decision::BillerNotFound if wizard => {
            return Err(biller_not_found().retry_after(WIZARD_RETRY_SECONDS));
        }
        Decision::BillerNotFound => return Err(biller_not_found()),
        Decision::BillerWithoutName => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "biller-without-name",
                "the biller has no name, so no organization can be created for it",
            ));
        }
    };
    let Some(run) = acceptance.run else {
        error!("the database accepted an event without telling its run");
        return Err(Problem::unavailable("database-unavailable", "try again"));
    };
    let view = BillerView {
        biller: acceptance.biller,
        run: Some(run),
        issues: Vec::new(),
    };
    Ok(run_answer(&view, started, head))
}

fn run_answer(view: &BillerView, started: bool, head: Option<RunHead>) -> Answer {
    let Some(run) = &view.run else {
        return Answer::default();
    };
    info!(onboarding_id = %run.id, biller_id = %run.biller_id, kind = run.kind.as_str(), started, "event accepted");
    let answer = Answer::http(run_http_answer(view, run)).log(format!("run {} of biller {}", run.id, run.biller_id));
    // A run that was leased once has had its message; until then the message may have been lost.
    let emit = started || head.is_some_and(|head| head.state.is_open() && !head.ever_leased);
    if emit {
        answer.with_message(QueueMessage::new(run.id, run.traceparent.clone()))
    } else {
        answer
    }
}

fn run_http_answer(view: &BillerView, run: &Run) -> HttpAnswer {
    let people = ForPeople::of(&view.biller, Some(run));
    let url = status_url(&run.biller_id);
    let body = json!({
        "onboardingId": run.id,
        "billerId": run.biller_id,
        "kind": run.kind.as_str(),
        "status": people.status,
        "message": people.message,
        "statusUrl": url,
        "retryAfterSeconds": if run.state.is_open() { json!(POLL_SECONDS) } else { Value::Null },
    });
    if run.state.is_open() {
        HttpAnswer::json(StatusCode::ACCEPTED, body)
            .header("location", url.as_str())
            .header("retry-after", POLL_SECONDS.to_string())
    } else {
        HttpAnswer::json(StatusCode::OK, body).header("location", url.as_str())
    }
}

fn nothing_to_do(acceptance: &Acceptance) -> Answer {
    let biller = &acceptance.biller;
    let people = ForPeople::of(biller, None);
    let body = json!({
        "onboardingId": null,
        "billerId": biller.biller_id,
        "kind": null,
        "status": people.status,
        "message": messages::NOTHING_TO_DO,
        "statusUrl": status_url(&biller.biller_id),
        "retryAfterSeconds": null,
    });
    Answer::http(HttpAnswer::json(StatusCode::OK, body)).log("nothing to do")
}

fn biller_not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "biller-not-found",
        "there is no biller with this id",
    )
}

fn database_problem(error: &StoreError) -> Problem {
    error!(error = %crate::telemetry::chain(error), "the database could not be used");
    Problem::unavailable(
        "database-unavailable",
        "the database is not available; nothing was stored",
    )
}
