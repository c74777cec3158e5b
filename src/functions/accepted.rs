//! The answer to a toggle event that was accepted: 202 or 200 with the run, or that there was nothing to do.

use axum::http::StatusCode;
use serde_json::json;
use time::OffsetDateTime;
use tracing::{error, info};

use super::answer::{Answer, HttpAnswer};
use super::problem::{Code, Problem};
use super::queue_message::QueueMessage;
use super::status_view::status_url;
use super::{refused, retry_after};
use crate::domain::biller::BillerCiam;
use crate::domain::messages;
use crate::domain::people::ForPeople;
use crate::domain::run::Run;
use crate::domain::toggle_event::{Decision, RunHead};
use crate::store::Acceptance;

/// # Errors
/// Why the event was refused.
pub(super) fn accepted(acceptance: &Acceptance, wizard: bool, now: OffsetDateTime) -> Result<Answer, Problem> {
    if let Some(problem) = refused::problem(acceptance, wizard, now) {
        return Err(problem);
    }
    let emit = match &acceptance.decision {
        Decision::Start(_) => true,
        Decision::Join(head) | Decision::Replay(Some(head)) => may_lack_its_message(*head),
        _ => return Ok(nothing_to_do(acceptance)),
    };
    let Some(run) = &acceptance.run else {
        error!("the database accepted an event but returned no run");
        return Err(Problem::unavailable(Code::DatabaseUnavailable, "try again"));
    };
    let started = matches!(acceptance.decision, Decision::Start(_));
    info!(onboarding_id = %run.id, biller_id = %run.biller_id, kind = %run.kind, started, "event accepted");
    let answer = Answer::http(run_answer(&acceptance.biller, run, now));
    let answer = answer.log(format!("run {} of biller {}", run.id, run.biller_id));
    Ok(if emit {
        answer.with_message(QueueMessage::new(run.id, run.traceparent.clone()))
    } else {
        answer
    })
}

/// Until a worker has had the run, its message may have been lost, so it is sent again.
fn may_lack_its_message(head: RunHead) -> bool {
    head.state.is_open() && !head.ever_leased
}

fn run_answer(biller: &BillerCiam, run: &Run, now: OffsetDateTime) -> HttpAnswer {
    let people = ForPeople::of(biller, Some(run));
    let url = status_url(&run.biller_id);
    let seconds = retry_after::seconds(run, now);
    let body = json!({
        "onboardingId": run.id,
        "billerId": run.biller_id,
        "kind": <&str>::from(run.kind),
        "status": <&str>::from(people.status),
        "message": people.message,
        "statusUrl": url,
        "retryAfterSeconds": seconds,
    });
    let status = seconds.map_or(StatusCode::OK, |_| StatusCode::ACCEPTED);
    HttpAnswer::json(status, body)
        .header("location", url)
        .retry_after(seconds)
}

fn nothing_to_do(acceptance: &Acceptance) -> Answer {
    let biller = &acceptance.biller;
    let people = ForPeople::of(biller, None);
    let body = json!({
        "onboardingId": null,
        "billerId": biller.biller_id,
        "kind": null,
        "status": <&str>::from(people.status),
        "message": messages::NOTHING_TO_DO,
        "statusUrl": status_url(&biller.biller_id),
        "retryAfterSeconds": null,
    });
    Answer::http(HttpAnswer::json(StatusCode::OK, body)).log("nothing to do")
}
