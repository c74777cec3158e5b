//! The invariant (docs/ARCHITECTURE.md#invariant), stated once.

use std::collections::BTreeMap;

use local_stack::{RunRecord, Stack, UserRow};
use secureauth_simulator::PoolUser;

use super::scenario::{Course, Scenario};
use super::snapshot::{Pool, Snapshot};
use crate::support::DEADLINE;

/// How a run ended for which the invariant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Succeeded,
    RolledBack,
    /// The run was stuck and said so, and an operator's command ended it.
    StuckThenSucceeded,
    StuckThenRolledBack,
}

/// The part of the invariant that does not hold.
pub(super) type Broken = Box<dyn std::error::Error>;

/// A biller before its run.
pub(super) struct Before<'a> {
    pub(super) course: Course,
    pub(super) biller: &'a str,
    pub(super) snapshot: &'a Snapshot,
    /// The operator's command for a stuck run: `resume` or `rollback`.
    pub(super) command: &'a str,
}

/// Asserts that a run ended in exactly one of three ways: SecureAuth and SQL are as the toggle event asked; everything
/// is as it was before; or the run is stuck, the log names its reason and what is left where, and an operator's command
/// ends it in one of the other two ways.
///
/// To be called when the run has ended and there are no more faults.
pub(super) async fn assert_invariant(stack: &Stack, before: &Before<'_>) -> Result<Verdict, Broken> {
    let run = latest(stack, before)?;
    if run.state != "stuck" {
        return ended_well(stack, before, &run).await;
    }
    reported(stack, before, &run).await?;
    let arguments = [before.command, &run.onboarding_id, "--by", "ops"];
    stack.handler().run(&arguments).await?;
    let run = stack.wait_for_end(before.biller, DEADLINE).await?;
    match ended_well(stack, before, &run).await? {
        Verdict::Succeeded => Ok(Verdict::StuckThenSucceeded),
        _ => Ok(Verdict::StuckThenRolledBack),
    }
}

fn latest(stack: &Stack, before: &Before<'_>) -> Result<RunRecord, Broken> {
    Ok(stack.database().latest_run(before.biller)?.ok_or("there is no run")?)
}

async fn ended_well(stack: &Stack, before: &Before<'_>, run: &RunRecord) -> Result<Verdict, Broken> {
    let now = Snapshot::take(stack, before.biller).await?;
    match run.state.as_str() {
        "succeeded" => {
            succeeded(before, run, &now).map_err(|what| format!("Succeeded, but {what}"))?;
            Ok(Verdict::Succeeded)
        }
        "failed" => {
            let reason = run.reason.as_deref().unwrap_or_default();
            as_before(before.snapshot, &now).map_err(|what| format!("Failed ({reason}), but {what}"))?;
            Ok(Verdict::RolledBack)
        }
        other => Err(format!("the run is {other} ({:?})", run.reason).into()),
    }
}

fn as_before(before: &Snapshot, now: &Snapshot) -> Result<(), String> {
    if now.secureauth != before.secureauth {
        let (before, now) = (&before.secureauth, &now.secureauth);
        return Err(format!(
            "SecureAuth is not as it was:\n  before {before:?}\n  now    {now:?}"
        ));
    }
    if (&now.record, &now.product) != (&before.record, &before.product) {
        return Err(format!(
            "the biller's record is not as it was:\n  before {:?} {:?}\n  now    {:?} {:?}",
            before.record, before.product, now.record, now.product
        ));
    }
    Ok(())
}

fn succeeded(before: &Before<'_>, run: &RunRecord, now: &Snapshot) -> Result<(), String> {
    recorded(before, run, now)?;
    let deactivated = before.course.scenario == Scenario::Disable;
    check(
        now.secureauth.deactivated() == Some(deactivated),
        "deactivated",
        &now.secureauth.organization,
    )?;
    unchanged_otherwise(before.snapshot, now)?;
    let pools: Vec<_> = now.secureauth.pools.values().collect();
    let [pool] = pools.as_slice() else {
        return Err(format!("there are {} pools", pools.len()));
    };
    check(
        pool.entry.idp,
        "the pool has no identity provider",
        &now.secureauth.idps,
    )?;
    let first = before.snapshot.secureauth.pools.values().next();
    check(
        first.is_none_or(|first| first.entry.id == pool.entry.id),
        "another pool",
        &pool.entry.id,
    )?;
    if deactivated {
        let same = first.is_some_and(|first| first.users == pool.users);
        return check(same, "the users changed", &pool.users);
    }
    let theirs = first.map(|first| theirs(before, first)).unwrap_or_default();
    users(&before.course.wished_users(before.biller), &theirs, pool)
}

/// The database and the CRM have recorded what was done.
fn recorded(before: &Before<'_>, run: &RunRecord, now: &Snapshot) -> Result<(), String> {
    let record = now.record.as_ref().ok_or("there is no record of the biller")?;
    let product = now.product.as_ref().ok_or("the CRM was told nothing")?;
    let old = before.snapshot;
    let told_by = |run_id: &str| product.onboarding_id == run_id;
    let holds = match before.course.scenario {
        Scenario::Sync => now.record == old.record && now.product == old.product,
        Scenario::Disable => {
            let old_date = old.record.as_ref().and_then(|record| record.activation_date);
            let told = product.status == "Inactive" && !product.toggle_on && told_by(&run.onboarding_id);
            record.state == "inactive" && told && record.activation_date == old_date
        }
        _ => {
            let pool = now.secureauth.pools.keys().next().cloned();
            let resources =
                (record.organization_id.as_deref(), &record.identity_pool_id) == (Some(before.biller), &pool);
            let told = product.status == "Active" && product.toggle_on && told_by(&run.onboarding_id);
            record.state == "active" && record.activation_date.is_some() && resources && told
        }
    };
    check(holds, "SQL does not say so", &(record, product))
}

/// Of an organization that existed before, nothing but `deactivated` has changed.
fn unchanged_otherwise(before: &Snapshot, now: &Snapshot) -> Result<(), String> {
    let (Some(old), Some(new)) = (&before.secureauth.organization, &now.secureauth.organization) else {
        return Ok(());
    };
    let mut expected = old.clone();
    expected["deactivated"] = new["deactivated"].clone();
    check(expected == *new, "the organization changed", &(old, new))
}

/// Users in the pool that are not the CRM's, by id.
fn theirs<'a>(before: &Before<'_>, pool: &'a Pool) -> BTreeMap<&'a String, &'a PoolUser> {
    let foreign = before.course.scenario == Scenario::ForeignPool;
    pool.users.iter().filter(|_| foreign).collect()
}

/// The pool holds the CRM's users as the CRM has them, somebody else's users as they were, and no others.
fn users(wished: &[UserRow], theirs: &BTreeMap<&String, &PoolUser>, pool: &Pool) -> Result<(), String> {
    for (id, user) in theirs {
        check(
            pool.users.get(*id) == Some(*user),
            "a user of somebody else changed",
            id,
        )?;
    }
    let is_theirs = |name: &str| {
        theirs
            .values()
            .any(|user| user.identifiers.iter().any(|own| own.eq_ignore_ascii_case(name)))
    };
    let mut expected = theirs.len();
    for row in wished {
        let name = row.user_name.as_deref().unwrap_or_default();
        if is_theirs(name) {
            continue;
        }
        expected += 1;
        let user = pool
            .users
            .values()
            .find(|user| user.identifiers.iter().any(|own| own == name));
        let user = user.ok_or_else(|| format!("{name} is missing"))?;
        let same = user.payload["last_name"].as_str() == row.last_name.as_deref()
            && user.payload["first_name"].as_str() == row.first_name.as_deref()
            && Some(user.status.as_str()) == row.status.as_deref()
            && user
                .addresses
                .iter()
                .map(|address| Some(address.address.as_str()))
                .eq([row.email.as_deref()]);
        check(same, "a user is not as the CRM has it", &(row, user))?;
    }
    check(pool.users.len() == expected, "too many users", &pool.users.keys())
}

/// An error line names the stuck run and what it left where.
async fn reported(stack: &Stack, before: &Before<'_>, run: &RunRecord) -> Result<(), Broken> {
    let is_report = |line: &str| line.contains("the run is stuck") && line.contains(&run.onboarding_id);
    let line = stack.wait_for_error_line(DEADLINE, is_report).await?;
    let (old, new) = (
        &before.snapshot.secureauth,
        &Snapshot::take(stack, before.biller).await?.secureauth,
    );
    let mut left = Vec::new();
    match (old.deactivated(), new.deactivated()) {
        (None, Some(_)) => left.push(format!("organization {}", before.biller)),
        (old, new) if old != new => left.push(format!("deactivated flag of organization {}", before.biller)),
        _ => {}
    }
    for (id, pool) in &new.pools {
        match old.pools.get(id) {
            None => left.push(format!("pool {id}")),
            Some(before) if before.users != pool.users => left.push(format!("users in pool {id}")),
            Some(_) => {}
        }
    }
    match left.iter().find(|what| !line.contains(what.as_str())) {
        Some(what) => Err(format!("Stuck, but `{what}` is not named by: {line}").into()),
        None => Ok(()),
    }
}

fn check(holds: bool, what: &str, shown: &impl std::fmt::Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{what}: {shown:?}"))
    }
}
