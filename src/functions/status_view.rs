//! The answer to `GET /api/billers/{billerId}/ciam` (README.md#http-api).

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::biller::CiamState;
use crate::domain::ids::BillerId;
use crate::domain::issue::Issue;
use crate::domain::people::{ForPeople, retry_from};
use crate::domain::run::Run;
use crate::saga::{FirstSignIn, commands_of};
use crate::store::BillerView;

/// The path of a biller's status. Not built from the request's URL, which may carry the function key
/// (docs/decisions.md#relative-status-url).
pub(super) fn status_url(biller: &BillerId) -> String {
    format!("/api/billers/{biller}/ciam")
}

/// `left`: what a stuck run may have left in SecureAuth.
pub(super) fn status_json(view: &BillerView, left: Option<&str>, first_sign_in: FirstSignIn) -> Value {
    let biller = &view.biller;
    let people = ForPeople::of(biller, view.run.as_ref());
    json!({
        "billerId": biller.biller_id,
        "ciamStatus": <&str>::from(biller.state),
        "ciamEnabled": biller.state == CiamState::Active,
        "activationDate": biller.activation_date.map(timestamp),
        "organizationId": biller.organization_id,
        "identityPoolId": biller.identity_pool_id,
        "status": <&str>::from(people.status),
        "message": people.message,
        "completedWithIssues": people.completed_with_issues,
        "firstSignIn": { "path": first_sign_in.path(), "message": first_sign_in.to_string() },
        "onboarding": view.run.as_ref().map(|run| run_json(run, &view.issues, left)),
    })
}

fn run_json(run: &Run, issues: &[Issue], left: Option<&str>) -> Value {
    let commands = left.map(|_| commands_of(run).iter().map(<&str>::from).collect::<Vec<_>>());
    json!({
        "onboardingId": run.id,
        "kind": <&str>::from(run.kind),
        "state": <&str>::from(run.state),
        "step": run.step.map(<&str>::from),
        "progress": run.progress,
        "users": run.tally.first,
        "startedAt": run.started_at.map(timestamp),
        "updatedAt": timestamp(run.updated_at),
        "finishedAt": run.finished_at.map(timestamp),
        "nextAttemptAt": next_attempt_at(run),
        "waitingFor": run.waiting_for.as_ref().filter(|_| run.state.is_open()),
        "reason": run.reason,
        "firstCause": run.first_cause,
        "lastError": run.last_error,
        "left": left,
        "commands": commands,
        "takeOvers": run.take_overs,
        "correlationId": run.id,
        "issues": issues.iter().map(issue_json).collect::<Vec<_>>(),
        "issuesTotal": run.issues_total,
        "retryFrom": retry_from(run),
    })
}

/// `None`: a worker has the run, or nothing more happens to it by itself.
pub(super) fn next_attempt_at(run: &Run) -> Option<String> {
    run.next_attempt_at.filter(|_| run.state.is_open()).map(timestamp)
}

fn issue_json(issue: &Issue) -> Value {
    let mut json = json!({
        "userGuid": issue.user_guid,
        "field": <&str>::from(issue.field),
        "code": <&str>::from(issue.code),
    });
    if let (Some(members), Some(held_by)) = (json.as_object_mut(), &issue.held_by) {
        members.insert("heldBy".to_owned(), held_by.as_str().into());
    }
    json
}

fn timestamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
