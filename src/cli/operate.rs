//! `resume`, `rollback`, `cancel`, `close`: an operator's commands on a run. Each adds an entry to the run's journal.

use clap::Args;

use super::error_text;
use crate::domain::ids::{OnboardingId, RequestedBy};
use crate::domain::operation::Operation;
use crate::store::{Operated, Store};

/// The run, and the operator's name.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// The run's onboarding id
    onboarding_id: OnboardingId,
    /// Your name, 1 to 256 characters; recorded in the run's journal
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: RequestedBy,
}

pub(super) fn person(text: &str) -> Result<RequestedBy, &'static str> {
    RequestedBy::try_new(text).map_err(|_| "must be 1 to 256 characters, not blank, without control characters")
}

pub(super) async fn run(store: &dyn Store, operation: Operation, target: &Target) -> Result<String, String> {
    let id = target.onboarding_id;
    let operated = store.operate(id, operation, target.by.as_ref()).await;
    match operated.map_err(|error| error_text(&error))? {
        Operated::Now(state) => Ok(format!("{id} is {state} now\n")),
        Operated::NotFrom(state) => Err(format!(
            "`{operation}` is not possible for a run that is {state} (or that a worker has right now)"
        )),
        Operated::Unknown => Err(format!("there is no run {id}")),
    }
}
