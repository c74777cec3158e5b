//! Prints what the run would find and do, one line each.

use std::fmt::Write;

use super::super::status;
use crate::domain::run::Kind;
use crate::saga::preview::{
    ImportOutlook, Mark, OrganizationOutlook, Outlook, People, Planned, PoolOutlook, SchemaOutlook, UsersOutlook,
};
use ic_secureauth_api::IdpCheck;

/// Most data errors in the report.
const ISSUES: usize = 20;

pub(super) fn report(text: &mut String, outlook: &Outlook) -> std::fmt::Result {
    writeln!(text, "run           {} would start", outlook.kind)?;
    report_users(text, outlook.kind, &outlook.users)?;
    writeln!(text, "schema        {}", schema(&outlook.schema))?;
    let organization = outlook.organization.as_ref().map_or_else(not_reached, organization);
    writeln!(text, "organization  {organization}")?;
    report_pool(text, outlook.pool.as_ref())?;
    writeln!(text, "first sign-in {}", outlook.first_sign_in)?;
    report_import(text, outlook.import.as_ref())?;
    for details in &outlook.causes {
        let call = Some(status::call(details).join(", ")).filter(|call| !call.is_empty());
        let told: Vec<String> = call.into_iter().chain(details.cause.clone()).collect();
        writeln!(text, "cause         {}", told.join(": "))?;
    }
    Ok(())
}

fn report_users(text: &mut String, kind: Kind, users: &UsersOutlook) -> std::fmt::Result {
    let counts = users.counts;
    writeln!(
        text,
        "users         {} in all, {} with data errors; {} more are deleted and left out",
        counts.total, counts.invalid, counts.deleted
    )?;
    if counts.invalid > 0 {
        let verdict = match (kind, users.acceptable) {
            (Kind::Sync, _) => "the run would leave these users as they are",
            (_, true) => "the run would skip these users (ON_INVALID_USER, MAX_SKIPPED_PERCENT)",
            (_, false) => "the run would fail (ON_INVALID_USER, MAX_SKIPPED_PERCENT)",
        };
        writeln!(text, "data errors   {verdict}")?;
    }
    if users.guarded > 0 {
        let (guarded, limit) = (users.guarded, users.guard_limit);
        writeln!(
            text,
            "guard         {guarded} would leave or pass a user name on; at most {limit} may (MAX_LEAVERS_PERCENT, allow-leavers)"
        )?;
    }
    for issue in users.issues.iter().take(ISSUES) {
        let guid = issue.user_guid.map_or_else(|| "-".to_owned(), |guid| guid.to_string());
        writeln!(text, "issue         {guid} {} {}", issue.field, issue.code)?;
    }
    match users.issues.len().saturating_sub(ISSUES) {
        0 => Ok(()),
        more => writeln!(text, "issue         and {more} more"),
    }
}

fn schema(outlook: &SchemaOutlook) -> String {
    let SchemaOutlook {
        id,
        usable,
        checked,
        unchecked,
        never_sent,
    } = outlook;
    if !usable {
        format!("{id} was not read, or cannot be used; the users were not checked against it")
    } else if *checked && !never_sent.is_empty() {
        let names = never_sent.join(", ");
        format!("{id} requires what is never sent, so it fits no user: {names}")
    } else if unchecked.is_empty() {
        format!("{id} exists; the users were checked against it")
    } else {
        format!(
            "{id} exists; only SecureAuth can check the users against {}",
            unchecked_parts(outlook)
        )
    }
}

/// What only SecureAuth can check users against.
pub(in super::super) fn unchecked_parts(outlook: &SchemaOutlook) -> String {
    let parts = outlook.unchecked.join(" ");
    if outlook.checked {
        format!("these parts of it: {parts}")
    } else {
        format!("it, because of {parts}")
    }
}

fn organization(outlook: &OrganizationOutlook) -> String {
    match outlook {
        OrganizationOutlook::Create { id, parent } => format!("{id} would be created below {parent}"),
        OrganizationOutlook::Found {
            id,
            parent,
            below_parent,
            deactivated,
            mark,
            new_name,
            lacks,
        } => {
            let state = if *deactivated {
                "deactivated, would be activated"
            } else {
                "live"
            };
            let place = if *below_parent { "" } else { " (elsewhere)" };
            let parent = parent.as_deref().unwrap_or("-");
            let renamed = new_name.as_deref();
            let renamed = renamed.map_or_else(String::new, |name| format!(", would be renamed to {name}"));
            let lacks = match lacks.as_slice() {
                [] => String::new(),
                lacks => format!(", does not allow {}", lacks.join(", ")),
            };
            format!(
                "{id} exists below {parent}{place}, {state}, {}{renamed}{lacks}",
                whose(*mark)
            )
        }
    }
}

fn report_pool(text: &mut String, pool: Option<&PoolOutlook>) -> std::fmt::Result {
    let (pool, provider) = match pool {
        None => (not_reached(), not_reached()),
        Some(PoolOutlook::Several) => ("several exist and none is known".to_owned(), not_reached()),
        Some(PoolOutlook::Create(id)) => (
            format!("{id} would be created"),
            "would be created with the pool".to_owned(),
        ),
        Some(PoolOutlook::Found {
            id,
            mark,
            differs_in,
            provider,
        }) => {
            let differs_in: Vec<String> = differs_in.iter().map(ToString::to_string).collect();
            let settings = match differs_in.as_slice() {
                [] => "with the settings of a new pool".to_owned(),
                differs_in => format!("would keep other settings: {}", differs_in.join(", ")),
            };
            let provider = match provider {
                Some(IdpCheck::Present) => "exists".to_owned(),
                Some(IdpCheck::Absent) => "missing".to_owned(),
                Some(IdpCheck::Disabled) => "disabled".to_owned(),
                Some(IdpCheck::OfAnotherKind) => "of another kind".to_owned(),
                Some(IdpCheck::NotChecked) => {
                    "not checked: neither the scope manage_idps nor read_configuration is granted".to_owned()
                }
                None => not_reached(),
            };
            (format!("{id} exists, {}, {settings}", whose(*mark)), provider)
        }
    };
    writeln!(text, "pool          {pool}")?;
    writeln!(text, "provider      {provider}")
}

/// The counts, then the first users of each kind.
fn report_import(text: &mut String, outlook: Option<&ImportOutlook>) -> std::fmt::Result {
    let Some(outlook) = outlook else {
        return writeln!(text, "import        {}", not_reached());
    };
    let always = [
        Planned::Imported,
        Planned::Changed,
        Planned::Deactivated,
        Planned::Reactivated,
    ];
    let mut parts: Vec<String> = always
        .iter()
        .map(|kind| format!("{} {kind}", outlook.count_of(*kind)))
        .collect();
    parts.push(format!("{} already present", outlook.already_present));
    let rare = outlook.people.iter().filter(|(kind, _)| !always.contains(kind));
    parts.extend(rare.map(|(kind, people)| format!("{} {kind}", people.count)));
    writeln!(text, "import        {}", parts.join(", "))?;
    for (kind, people) in &outlook.people {
        report_people(text, *kind, people)?;
    }
    Ok(())
}

fn report_people(text: &mut String, kind: Planned, people: &People) -> std::fmt::Result {
    for (user, what) in &people.first {
        let separator = if what.is_empty() { "" } else { ": " };
        writeln!(text, "user          {user} {kind}{separator}{what}")?;
    }
    let named = people.first.len() as u64;
    if named == 0 || named == people.count {
        return Ok(());
    }
    writeln!(text, "user          and {} more {kind}", people.count - named)
}

fn whose(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "without marker",
        Mark::EarlierRun => "with the marker of an earlier run",
        Mark::Foreign => "with a foreign marker",
    }
}

fn not_reached() -> String {
    "-".to_owned()
}
