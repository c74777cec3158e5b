//! `resume`, `rollback`, `cancel`, `close`: an operator takes a run on. Each leaves an entry in the run's journal.

use clap::Args;

use super::told;
use crate::domain::ids::{OnboardingId, RequestedBy};
use crate::store::{Operated, Operation, Store};

/// Which run, and who says so.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// The run's onboarding id
    onboarding_id: OnboardingId,
    /// Who gives the command, 1 to 256 characters; recorded in the run's journal
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: RequestedBy,
}

fn person(text: &str) -> Result<RequestedBy, &'static str> {
    RequestedBy::try_new(text).map_err(|_| "1 to 256 characters, not blank, without control characters, are expected")
}

pub(super) async fn run(store: &dyn Store, operation: Operation, target: &Target) -> Result<String, String> {
    let id = target.onboarding_id;
    let operated = store.operate(id, operation, target.by.as_ref()).await;
    match operated.map_err(|error| told(&error))? {
        Operated::Now(state) => Ok(format!("{id} is {state} now\n")),
        Operated::NotFrom(state) => Err(format!(
            "{operation} does not fit a run that is {state} (or is being worked on right now)"
        )),
        Operated::Unknown => Err(format!("there is no run {id}")),
    }
}
