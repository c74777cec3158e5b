//! `list`: the runs that have not ended.

use std::fmt::Write;

use super::{error_text, time_text};
use crate::domain::operation::names;
use crate::domain::run::{Run, RunState};
use crate::saga::{commands_of, leftovers};
use crate::store::Store;

/// More runs than that are counted, not listed.
const LISTED: u32 = 500;

/// A line for each run that has not ended, or of these for each stuck one.
pub(super) async fn run(store: &dyn Store, stuck_only: bool) -> Result<String, String> {
    let runs = store
        .unfinished(stuck_only, LISTED)
        .await
        .map_err(|error| error_text(&error))?;
    let mut text = String::new();
    for run in &runs {
        let left = match run.state {
            RunState::Stuck => {
                let (left, commands) = (left(store, run).await?, names(commands_of(run)));
                format!(", left in SecureAuth: {left}; commands: {commands}")
            }
            _ => String::new(),
        };
        writeln!(text, "{}{left}", line(run)).map_err(|error| error.to_string())?;
    }
    let more = if runs.len() < LISTED as usize { "" } else { " or more" };
    writeln!(text, "{}{more} runs", runs.len()).map_err(|error| error.to_string())?;
    Ok(text)
}

async fn left(store: &dyn Store, run: &Run) -> Result<String, String> {
    let journal = store.journal(run.id).await.map_err(|error| error_text(&error))?;
    Ok(leftovers(journal.into_iter().map(|recorded| recorded.entry)))
}

fn line(run: &Run) -> String {
    let why = run.reason.as_deref().or(run.waiting_for.as_deref()).unwrap_or("-");
    let (kind, state) = (run.kind, run.state);
    let since = time_text(run.updated_at);
    format!("{} {} {kind} {state} since {since}: {why}", run.biller_id, run.id)
}
