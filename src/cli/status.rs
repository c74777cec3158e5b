//! `status`: what support needs to say why a biller failed.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::told;
use crate::domain::ids::BillerId;
use crate::domain::run::Run;
use crate::domain::step::Step;
use crate::store::Store;

const ISSUES: u32 = 100;

pub(super) async fn run(store: &dyn Store, biller: &str) -> Result<(), String> {
    let id = BillerId::try_new(biller).map_err(|_| "a biller id matches ^[A-Za-z0-9_-]{1,64}$".to_owned())?;
    let view = store.biller(&id, ISSUES).await.map_err(|error| told(&error))?;
    let view = view.ok_or_else(|| format!("there is no biller {id}"))?;
    let ciam = &view.biller;
    let dash = || "-".to_owned();
    println!("biller        {id}");
    println!("ciam          {}", ciam.state.as_str());
    println!("activated     {}", optional_time(ciam.activation_date));
    println!("organization  {}", ciam.organization_id.clone().unwrap_or_else(dash));
    println!("pool          {}", ciam.identity_pool_id.clone().unwrap_or_else(dash));
    let Some(run) = &view.run else {
        println!("run           -");
        return Ok(());
    };
    print_run(run);
    for issue in &view.issues {
        let guid = issue.user_guid.map_or_else(dash, |guid| guid.to_string());
        println!("issue         {guid} {} {}", issue.field.as_str(), issue.code.as_str());
    }
    let journal = store.journal(run.id).await.map_err(|error| told(&error))?;
    for recorded in journal {
        let entry = serde_json::to_string(&recorded.entry).unwrap_or_default();
        println!("{:>6}  {}  {entry}", recorded.seq, time_text(recorded.at));
    }
    Ok(())
}

fn print_run(run: &Run) {
    let progress = run.progress;
    println!("run           {} {} {}", run.id, run.kind.as_str(), run.state.as_str());
    println!("asked for by  {}", run.source);
    println!("accepted      {}", time_text(run.created_at));
    println!("started       {}", optional_time(run.started_at));
    println!("updated       {}", time_text(run.updated_at));
    println!("finished      {}", optional_time(run.finished_at));
    println!("step          {}", run.step.map_or("-", Step::as_str));
    println!("reason        {}", run.reason.as_deref().unwrap_or("-"));
    println!("waiting for   {}", run.waiting_for.as_deref().unwrap_or("-"));
    println!("next attempt  {}", optional_time(run.next_attempt_at));
    println!(
        "users         {} in all, {} imported, {} already present, {} skipped, {} failed",
        progress.users_total, progress.imported, progress.already_present, progress.skipped, progress.failed
    );
    println!("issues        {}", run.issues_total);
}

fn optional_time(at: Option<OffsetDateTime>) -> String {
    at.map_or_else(|| "-".to_owned(), time_text)
}

fn time_text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
