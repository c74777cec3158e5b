//! Why a toggle event was refused after a look at the database: 404, or 409 with a sentence for people. Nothing was changed.

use axum::http::StatusCode;
use time::OffsetDateTime;

use super::problem::{Code, Problem};
use super::retry_after;
use super::status_view::{next_attempt_at, status_url};
use crate::domain::issue::Field;
use crate::domain::messages;
use crate::domain::toggle_event::Decision;
use crate::store::Acceptance;

/// Seconds after which the Wizard should send its event again: its new biller may not be visible yet.
const WIZARD_RETRY_SECONDS: u64 = 5;

/// `None`: the event was accepted.
pub(super) fn problem(acceptance: &Acceptance, wizard: bool, now: OffsetDateTime) -> Option<Problem> {
    let conflict = |code, message: &str, detail: &str| {
        let url = status_url(&acceptance.biller.biller_id);
        let problem = Problem::new(StatusCode::CONFLICT, code, detail);
        problem.with("message", message).with("statusUrl", url)
    };
    Some(match &acceptance.decision {
        Decision::Start(_) | Decision::Join(_) | Decision::Replay(_) | Decision::NothingToDo => return None,
        Decision::OppositeRunning(id) => {
            let detail = "a run in the opposite direction is under way for this biller; nothing was changed";
            conflict(Code::OppositeOperationRunning, messages::OPPOSITE_UNDER_WAY, detail)
                .with("onboardingId", id.to_string())
        }
        Decision::RollingBack(id) => {
            let detail =
                "the biller's run failed and is rolling back; the same event may be sent again when it has ended";
            let run = acceptance.run.as_ref();
            let seconds = run.and_then(|run| retry_after::seconds(run, now));
            conflict(Code::RollingBack, messages::ROLLING_BACK, detail)
                .with("onboardingId", id.to_string())
                .with("nextAttemptAt", run.and_then(next_attempt_at))
                .retry_after(seconds.unwrap_or(retry_after::SHORTEST))
        }
        Decision::Stuck(id) => {
            let detail = "an earlier run of this biller is stuck and blocks it until an operator acts";
            conflict(Code::Stuck, messages::STUCK, detail).with("onboardingId", id.to_string())
        }
        Decision::EventReused => {
            let detail = "this eventId was used with another body";
            conflict(Code::EventIdReused, messages::EVENT_ID_REUSED, detail).with("member", "eventId")
        }
        Decision::BillerNotFound if wizard => Problem::biller_not_found().retry_after(WIZARD_RETRY_SECONDS),
        Decision::BillerNotFound => Problem::biller_not_found(),
        Decision::BillerWithoutName => {
            let detail = "the biller has no name, so no organization can be created for it";
            conflict(Code::BillerWithoutName, messages::WITHOUT_NAME, detail)
        }
        Decision::BillerNameInvalid(code) => {
            let detail = "the biller's name has a data error, so no organization can be created for it";
            conflict(Code::BillerNameInvalid, messages::NAME_INVALID, detail)
                .with("field", Field::BillerName.to_string())
                .with("fieldCode", code.to_string())
        }
    })
}
