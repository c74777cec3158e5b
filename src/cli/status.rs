//! `status`: prints a biller's CIAM record, its latest run and the run's journal.

use std::fmt::Write;

use time::OffsetDateTime;

use super::{error_text, time_text};
use crate::domain::ids::BillerId;
use crate::domain::journal::Recorded;
use crate::domain::run::Run;
use crate::store::{BillerView, Store};

const ISSUES: u32 = 100;

pub(super) async fn run(store: &dyn Store, id: &BillerId) -> Result<String, String> {
    let view = store.biller(id, ISSUES).await.map_err(|error| error_text(&error))?;
    let view = view.ok_or_else(|| format!("there is no biller {id}"))?;
    let journal = match &view.run {
        Some(run) => store.journal(run.id).await.map_err(|error| error_text(&error))?,
        None => Vec::new(),
    };
    report(&view, &journal).map_err(|error| error.to_string())
}

fn report(view: &BillerView, journal: &[Recorded]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let ciam = &view.biller;
    writeln!(text, "biller        {}", ciam.biller_id)?;
    writeln!(text, "ciam          {}", ciam.state)?;
    writeln!(text, "activated     {}", optional_time(ciam.activation_date))?;
    writeln!(text, "organization  {}", ciam.organization_id.as_deref().unwrap_or("-"))?;
    writeln!(
        text,
        "pool          {}",
        ciam.identity_pool_id.as_deref().unwrap_or("-")
    )?;
    match &view.run {
        Some(run) => report_run(&mut text, run)?,
        None => writeln!(text, "run           -")?,
    }
    for issue in &view.issues {
        let guid = issue.user_guid.map_or_else(|| "-".to_owned(), |guid| guid.to_string());
        let held_by = issue.held_by.as_ref().map(|holder| format!(" by {holder}"));
        let held_by = held_by.unwrap_or_default();
        writeln!(text, "issue         {guid} {} {}{held_by}", issue.field, issue.code)?;
    }
    for recorded in journal {
        let entry = serde_json::to_string(&recorded.entry).map_err(|_| std::fmt::Error)?;
        writeln!(text, "{:>6}  {}  {entry}", recorded.seq, time_text(recorded.at))?;
    }
    Ok(text)
}

fn report_run(text: &mut String, run: &Run) -> std::fmt::Result {
    let progress = run.progress;
    writeln!(text, "run           {} {} {}", run.id, run.kind, run.state)?;
    writeln!(text, "asked for by  {}", run.source)?;
    writeln!(text, "accepted      {}", time_text(run.created_at))?;
    writeln!(text, "started       {}", optional_time(run.started_at))?;
    writeln!(text, "updated       {}", time_text(run.updated_at))?;
    writeln!(text, "finished      {}", optional_time(run.finished_at))?;
    writeln!(text, "step          {}", run.step.map_or("-", <&str>::from))?;
    writeln!(text, "reason        {}", run.reason.as_deref().unwrap_or("-"))?;
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

fn optional_time(at: Option<OffsetDateTime>) -> String {
    at.map_or_else(|| "-".to_owned(), time_text)
}
