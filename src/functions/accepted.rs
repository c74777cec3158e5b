//! The answer to a toggle event: 202 or 200 with the run, or why no run was started.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tracing::{error, info};

use super::answer::{Answer, HttpAnswer};
use super::people::ForPeople;
use super::problem::{Code, Problem};
use super::queue_message::QueueMessage;
use super::status_view::status_url;
use crate::domain::biller::BillerCiam;
use crate::domain::ids::OnboardingId;
use crate::domain::issue::Field;
use crate::domain::messages;
use crate::domain::run::Run;
use crate::domain::toggle_event::{Decision, RunHead};
use crate::store::Acceptance;

/// Seconds after which the CRM should ask for the status again.
const POLL_SECONDS: u64 = 2;
/// Seconds after which the Wizard should send its event again: its new biller may not be visible yet.
const WIZARD_RETRY_SECONDS: u64 = 5;

pub(super) fn accepted(acceptance: &Acceptance, wizard: bool) -> Result<Answer, Problem> {
    let conflict = |code, detail: &str, id: OnboardingId| {
        Problem::new(StatusCode::CONFLICT, code, detail).with("onboardingId", id.to_string())
    };
    let emit = match &acceptance.decision {
        Decision::Start(_) => true,
        Decision::Join(head) | Decision::Replay(Some(head)) => may_lack_its_message(*head),
        Decision::NothingToDo | Decision::Replay(None) => return Ok(nothing_to_do(acceptance)),
        Decision::OppositeRunning(id) => {
            let detail = "a run in the opposite direction is under way for this biller; nothing was changed";
            return Err(conflict(Code::OppositeOperationRunning, detail, *id));
        }
        Decision::Stuck(id) => {
            let detail = "an earlier run of this biller is stuck and blocks it until an operator acts";
            return Err(conflict(Code::Stuck, detail, *id));
        }
        Decision::EventReused => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                Code::EventIdReused,
                "this eventId was used with another body",
            )
            .with("member", "eventId"));
        }
        Decision::BillerNotFound if wizard => {
            return Err(Problem::biller_not_found().retry_after(WIZARD_RETRY_SECONDS));
        }
        Decision::BillerNotFound => return Err(Problem::biller_not_found()),
        Decision::BillerWithoutName => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                Code::BillerWithoutName,
                "the biller has no name, so no organization can be created for it",
            ));
        }
        Decision::BillerNameInvalid(code) => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                Code::BillerNameInvalid,
                "the biller's name has a data error, so no organization can be created for it",
            )
            .with("field", Field::BillerName.to_string())
            .with("fieldCode", code.to_string()));
        }
    };
    let Some(run) = &acceptance.run else {
        error!("the database accepted an event but returned no run");
        return Err(Problem::unavailable(Code::DatabaseUnavailable, "try again"));
    };
    let started = matches!(acceptance.decision, Decision::Start(_));
    info!(onboarding_id = %run.id, biller_id = %run.biller_id, kind = %run.kind, started, "event accepted");
    let answer = Answer::http(run_answer(&acceptance.biller, run));
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

fn run_answer(biller: &BillerCiam, run: &Run) -> HttpAnswer {
    let people = ForPeople::of(biller, Some(run));
    let url = status_url(&run.biller_id);
    let body = json!({
        "onboardingId": run.id,
        "billerId": run.biller_id,
        "kind": <&str>::from(run.kind),
        "status": <&str>::from(people.status),
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
        "status": <&str>::from(people.status),
        "message": messages::NOTHING_TO_DO,
        "statusUrl": status_url(&biller.biller_id),
        "retryAfterSeconds": null,
    });
    Answer::http(HttpAnswer::json(StatusCode::OK, body)).log("nothing to do")
}
