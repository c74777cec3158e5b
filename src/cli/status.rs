//! `status`: prints a biller's CIAM record, its latest run or the one named, and the run's journal.

use std::fmt::Write;

use time::OffsetDateTime;

use super::{error_text, time_text};
use crate::domain::biller::BillerCiam;
use crate::domain::ids::BillerId;
use crate::domain::issue::{Code, Issue};
use crate::domain::journal::Recorded;
use crate::domain::people::ForPeople;
use crate::domain::run::{Run, RunState};
use crate::domain::run_error::{ErrorDetails, RunError};
use crate::saga::{SignInOfRun, commands_of, leftovers};
use crate::store::{BillerView, Store, StoreError};

const ISSUES: u32 = 100;

pub(super) async fn run(store: &dyn Store, id: &BillerId) -> Result<String, String> {
    let found = found(store, id, ISSUES).await?;
    let journal = match &found.view.run {
        Some(run) => store.journal(run.id).await.map_err(|error| error_text(&error))?,
        None => Vec::new(),
    };
    report(&found, &journal).map_err(|error| error.to_string())
}

/// What an id of a biller or of a run leads to.
pub(super) struct Found {
    /// The biller with its latest run, or with the run that was named.
    pub(super) view: BillerView,
    /// What people read in the CRM; `None` if the CRM does not list the biller any more.
    people: Option<ForPeople>,
}

pub(super) async fn found(store: &dyn Store, id: &BillerId, issues: u32) -> Result<Found, String> {
    match look(store, id, issues).await {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(format!("there is no biller {id} and no run with this id")),
        Err(error) => Err(error_text(&error)),
    }
}

async fn look(store: &dyn Store, id: &BillerId, issues: u32) -> Result<Option<Found>, StoreError> {
    let people_of = |view: &BillerView| ForPeople::of(&view.biller, view.run.as_ref());
    if let Some(view) = store.biller(id, issues).await? {
        let people = Some(people_of(&view));
        return Ok(Some(Found { view, people }));
    }
    let text: &str = id.as_ref();
    let run = match text.parse() {
        Ok(run_id) => store.run(run_id).await?,
        Err(_) => None,
    };
    let Some(run) = run else {
        return Ok(None);
    };
    let known = store.biller(&run.biller_id, 0).await?;
    let people = known.as_ref().map(people_of);
    let first = store.issues(run.id, 0, issues).await?;
    let view = BillerView {
        biller: known.as_ref().map_or_else(
            || BillerCiam::untouched(run.biller_id.clone()),
            |view| view.biller.clone(),
        ),
        name: known.map_or(Err(Code::Missing), |view| view.name),
        issues: first.into_iter().map(|(_, issue)| issue).collect(),
        run: Some(run),
    };
    Ok(Some(Found { view, people }))
}

pub(super) fn guid_text(issue: &Issue) -> String {
    issue.user_guid.map_or_else(|| "-".to_owned(), |guid| guid.to_string())
}

fn report(found: &Found, journal: &[Recorded]) -> Result<String, std::fmt::Error> {
    let (view, mut text) = (&found.view, String::new());
    let ciam = &view.biller;
    writeln!(text, "biller        {}", ciam.biller_id)?;
    writeln!(text, "ciam          {}", ciam.state)?;
    match found.people {
        Some(people) => writeln!(
            text,
            "status        {}: {}",
            <&str>::from(people.status),
            people.message
        )?,
        None => writeln!(text, "status        -")?,
    }
    writeln!(text, "activated     {}", optional_time(ciam.activation_date))?;
    writeln!(text, "organization  {}", ciam.organization_id.as_deref().unwrap_or("-"))?;
    writeln!(
        text,
        "pool          {}",
        ciam.identity_pool_id.as_deref().unwrap_or("-")
    )?;
    match &view.run {
        Some(run) => report_run(&mut text, run, journal)?,
        None => writeln!(text, "run           -")?,
    }
    for issue in &view.issues {
        let guid = guid_text(issue);
        let held_by = issue.held_by.as_ref().map(|holder| format!(" by {holder}"));
        let held_by = held_by.unwrap_or_default();
        writeln!(text, "issue         {guid} {} {}{held_by}", issue.field, issue.code)?;
    }
    if let Some(run) = &view.run
        && run.issues_total > view.issues.len() as u64
    {
        writeln!(
            text,
            "issue         all of them: biller-onboarding issues {} [--csv]",
            run.id
        )?;
    }
    for recorded in journal {
        let entry = serde_json::to_string(&recorded.entry).map_err(|_| std::fmt::Error)?;
        writeln!(text, "{:>6}  {}  {entry}", recorded.seq, time_text(recorded.at))?;
    }
    Ok(text)
}

fn report_run(text: &mut String, run: &Run, journal: &[Recorded]) -> std::fmt::Result {
    let progress = run.progress;
    writeln!(text, "run           {} {} {}", run.id, run.kind, run.state)?;
    writeln!(text, "asked for by  {}", run.source)?;
    writeln!(text, "accepted      {}", time_text(run.created_at))?;
    writeln!(text, "started       {}", optional_time(run.started_at))?;
    writeln!(text, "updated       {}", time_text(run.updated_at))?;
    writeln!(text, "finished      {}", optional_time(run.finished_at))?;
    writeln!(text, "step          {}", run.step.map_or("-", <&str>::from))?;
    let sign_in = SignInOfRun::of(journal.iter().map(|recorded| recorded.entry.clone()));
    match sign_in.first {
        Some(path) => writeln!(text, "first sign-in {path}")?,
        None => writeln!(text, "first sign-in -")?,
    }
    if !sign_in.lacks.is_empty() {
        let lacks = sign_in.lacks.join(", ");
        writeln!(text, "not allowed   the organization does not allow {lacks}")?;
    }
    writeln!(text, "reason        {}", run.reason.as_deref().unwrap_or("-"))?;
    report_error(text, "first cause ", run.first_cause.as_deref())?;
    report_error(text, "last error  ", run.last_error.as_deref())?;
    if run.state == RunState::Stuck {
        let entries = journal.iter().map(|recorded| recorded.entry.clone());
        writeln!(text, "left          {} in SecureAuth", leftovers(entries))?;
        for command in commands_of(run) {
            writeln!(text, "command       biller-onboarding {command} {} --by <name>", run.id)?;
        }
    }
    writeln!(text, "waiting for   {}", run.waiting_for.as_deref().unwrap_or("-"))?;
    writeln!(text, "take-overs    {}", run.take_overs)?;
    writeln!(text, "next attempt  {}", optional_time(run.next_attempt_at))?;
    let counts = [
        (progress.users_total, "in all"),
        (progress.imported, "imported"),
        (progress.changed, "changed"),
        (progress.deactivated, "deactivated"),
        (progress.reactivated, "reactivated"),
        (progress.linked, "linked"),
        (progress.already_present, "already present"),
        (progress.skipped, "skipped"),
        (progress.failed, "failed"),
    ];
    let counts: Vec<String> = counts.iter().map(|(number, what)| format!("{number} {what}")).collect();
    writeln!(text, "users         {}", counts.join(", "))?;
    if run.tally.without_row > 0 {
        let others = run.tally.without_row;
        writeln!(text, "others        {others} users of the pool have no row in the CRM")?;
    }
    for (effect, users) in &run.tally.first {
        for user in users {
            writeln!(text, "user          {user} {effect}")?;
        }
    }
    writeln!(text, "issues        {}", run.issues_total)
}

fn report_error(text: &mut String, what: &str, error: Option<&RunError>) -> std::fmt::Result {
    let Some(RunError { at, reason, details }) = error else {
        return writeln!(text, "{what}  -");
    };
    write!(text, "{what}  {} {reason}", time_text(*at))?;
    for part in call(details) {
        write!(text, ", {part}")?;
    }
    match &details.cause {
        Some(cause) => writeln!(text, ": {cause}"),
        None => writeln!(text),
    }
}

/// What is known of the call; empty if there was none.
pub(super) fn call(details: &ErrorDetails) -> Vec<String> {
    let status = details.status.map(|status| status.to_string());
    let parts = [
        ("operation", details.operation.as_deref()),
        ("status", status.as_deref()),
        ("code", details.code.as_deref()),
        ("scope", details.scope.as_deref()),
        ("trace id", details.trace_id.as_deref()),
    ];
    let known = parts
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", value?)));
    known.collect()
}

fn optional_time(at: Option<OffsetDateTime>) -> String {
    at.map_or_else(|| "-".to_owned(), time_text)
}
