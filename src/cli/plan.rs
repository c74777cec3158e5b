//! `plan`: what a Yes would do for a biller now. Writes nothing, neither to SecureAuth nor to the database.

use std::fmt::Write;

use super::told;
use crate::domain::ids::BillerId;
use crate::domain::run::Run;
use crate::domain::wish::{Decision, RunHead};
use crate::functions::Services;
use crate::ic_secureauth_api::IdpCheck;
use crate::onboarding::plan::{
    ImportOutlook, Mark, OrganizationOutlook, Outlook, Plan, PoolOutlook, SchemaOutlook, UsersOutlook,
};

/// Data errors shown.
const ISSUES: usize = 20;

/// What there is to tell and, when a Yes would not lead to a run that can succeed as far as that is known, why.
pub(super) async fn run(services: &Services, biller: &BillerId) -> Result<(String, Option<String>), String> {
    let plan = services.onboarding.plan(biller).await.map_err(|error| told(&error))?;
    let plan = plan.ok_or_else(|| format!("there is no biller {biller}"))?;
    let obstacle = obstacle(&plan);
    let text = report(&plan, obstacle.as_deref()).map_err(|error| error.to_string())?;
    Ok((text, obstacle))
}

pub(super) fn biller_id(text: &str) -> Result<BillerId, &'static str> {
    BillerId::try_new(text).map_err(|_| "a biller id matches ^[A-Za-z0-9_-]{1,64}$")
}

fn obstacle(plan: &Plan) -> Option<String> {
    let Some(outlook) = &plan.outlook else {
        return Some(format!("no run would start: {}", why_none(plan)));
    };
    let stops: Vec<&str> = outlook.stops.iter().map(|reason| reason.as_str()).collect();
    (!stops.is_empty()).then(|| format!("the run would not succeed: {}", stops.join(", ")))
}

fn why_none(plan: &Plan) -> String {
    match &plan.decision {
        Decision::Join(RunHead { id, kind, state, .. }) => {
            format!(
                "a Yes joins the {} run {id}, which is {}",
                kind.as_str(),
                state.as_str()
            )
        }
        Decision::OppositeRunning(id) => format!("the disable run {id} is open"),
        Decision::Stuck(id) => {
            let reason = plan
                .latest_run
                .as_ref()
                .and_then(reason_of)
                .unwrap_or("no reason is recorded");
            format!("run {id} is stuck ({reason})")
        }
        Decision::BillerWithoutName => "biller_without_name".to_owned(),
        _ => "there is nothing to do".to_owned(),
    }
}

fn reason_of(run: &Run) -> Option<&str> {
    run.reason.as_deref()
}

fn report(plan: &Plan, obstacle: Option<&str>) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let ciam = &plan.biller;
    writeln!(text, "biller        {}", ciam.biller_id)?;
    writeln!(text, "name          {}", plan.name.as_deref().unwrap_or("-"))?;
    writeln!(text, "ciam          {}", ciam.state.as_str())?;
    match &plan.outlook {
        Some(outlook) => report_outlook(&mut text, outlook)?,
        None => writeln!(text, "run           none")?,
    }
    let outcome = obstacle.unwrap_or("nothing is known to stop the run");
    writeln!(text, "outcome       {outcome}")?;
    Ok(text)
}

fn report_outlook(text: &mut String, outlook: &Outlook) -> std::fmt::Result {
    writeln!(text, "run           {} would start", outlook.kind.as_str())?;
    report_users(text, &outlook.users)?;
    writeln!(text, "schema        {}", schema(&outlook.schema))?;
    let organization = outlook.organization.as_ref().map_or_else(not_reached, organization);
    writeln!(text, "organization  {organization}")?;
    report_pool(text, outlook.pool.as_ref())?;
    writeln!(
        text,
        "import        {}",
        outlook.import.as_ref().map_or_else(not_reached, import)
    )
}

fn report_users(text: &mut String, users: &UsersOutlook) -> std::fmt::Result {
    let counts = users.counts;
    writeln!(
        text,
        "users         {} in all, {} with data errors; {} more are deleted and left out",
        counts.total, counts.invalid, counts.deleted
    )?;
    if counts.invalid > 0 {
        let verdict = if users.acceptable {
            "the run goes on without those users"
        } else {
            "the run fails over them"
        };
        writeln!(text, "data errors   {verdict} (ON_INVALID_USER, MAX_SKIPPED_PERCENT)")?;
    }
    for issue in users.issues.iter().take(ISSUES) {
        let guid = issue.user_guid.map_or_else(|| "-".to_owned(), |guid| guid.to_string());
        let (field, code) = (issue.field.as_str(), issue.code.as_str());
        writeln!(text, "issue         {guid} {field} {code}")?;
    }
    match users.issues.len().saturating_sub(ISSUES) {
        0 => Ok(()),
        more => writeln!(text, "issue         and {more} more"),
    }
}

fn schema(SchemaOutlook { id, usable }: &SchemaOutlook) -> String {
    if *usable {
        format!("{id} exists; the users were held against it")
    } else {
        format!("{id} cannot be used; the users were not held against it")
    }
}

fn organization(outlook: &OrganizationOutlook) -> String {
    match outlook {
        OrganizationOutlook::Create { id, parent } => format!("{id} would be created below {parent}"),
        OrganizationOutlook::Stands {
            id,
            parent,
            below_parent,
            deactivated,
            mark,
        } => {
            let state = if *deactivated {
                "deactivated, would be activated"
            } else {
                "live"
            };
            let place = if *below_parent { "" } else { " (elsewhere)" };
            let parent = parent.as_deref().unwrap_or("-");
            format!("{id} stands below {parent}{place}, {state}, {}", whose(*mark))
        }
    }
}

fn report_pool(text: &mut String, pool: Option<&PoolOutlook>) -> std::fmt::Result {
    let (pool, provider) = match pool {
        None => (not_reached(), not_reached()),
        Some(PoolOutlook::Several) => ("several stand and none is known".to_owned(), not_reached()),
        Some(PoolOutlook::Create(id)) => (
            format!("{id} would be created"),
            "would be created with the pool".to_owned(),
        ),
        Some(PoolOutlook::Stands {
            id,
            mark,
            differs_in,
            provider,
        }) => {
            let differs_in: Vec<String> = differs_in.iter().map(ToString::to_string).collect();
            let settings = match differs_in.as_slice() {
                [] => "settings as a new pool's".to_owned(),
                differs_in => format!("settings stay that differ in {}", differs_in.join(", ")),
            };
            let provider = match provider {
                Some(IdpCheck::Present) => "there".to_owned(),
                Some(IdpCheck::Missing) => "missing".to_owned(),
                Some(IdpCheck::NotPermitted) => "not checked: the scope read_configuration is missing".to_owned(),
                None => not_reached(),
            };
            (format!("{id} stands, {}, {settings}", whose(*mark)), provider)
        }
    };
    writeln!(text, "pool          {pool}")?;
    writeln!(text, "provider      {provider}")
}

fn import(outlook: &ImportOutlook) -> String {
    let ImportOutlook {
        imported,
        changed,
        already_present,
        unfit,
    } = outlook;
    let unfit = match unfit {
        0 => String::new(),
        unfit => format!(", {unfit} do not fit the pool's schema"),
    };
    format!("{imported} would be imported, {changed} changed, {already_present} are already present{unfit}")
}

fn whose(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "unmarked",
        Mark::EarlierRun => "marked by an earlier run",
        Mark::Foreign => "with a foreign mark",
    }
}

fn not_reached() -> String {
    "-".to_owned()
}
