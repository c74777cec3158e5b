//! The invariant (docs/ARCHITECTURE.md#invariant), stated once. That it notices what is wrong is tested in `sabotage.rs`.

use local_stack::{RunRecord, Stack};
use secureauth_simulator::{PoolEntry, PoolUser, UserCounts};
use serde_json::Value;

use super::meanwhile::{self, Choice, Meanwhile};
use super::scenario::Course;
use super::snapshot::{Pool, Snapshot};
use super::{stuck, succeeded};
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

impl Verdict {
    pub(super) fn is_rolled_back(self) -> bool {
        matches!(self, Self::RolledBack | Self::StuckThenRolledBack)
    }
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
    /// What others did since.
    pub(super) meanwhile: Meanwhile,
}

impl<'a> Before<'a> {
    /// Nobody else does anything meanwhile, and an operator resumes a stuck run.
    pub(super) fn of(course: Course, biller: &'a str, snapshot: &'a Snapshot) -> Self {
        Self {
            course,
            biller,
            snapshot,
            command: "resume",
            meanwhile: Meanwhile::default(),
        }
    }

    /// What SecureAuth may hold of each of the CRM's rows.
    pub(super) fn choices(&self) -> Vec<Choice> {
        self.meanwhile.choices(self.course.wished_users(self.biller))
    }
}

/// Asserts that a run ended in exactly one of three ways: SecureAuth and SQL are as the toggle event asked; everything
/// is as it was before; or the run is stuck, the log names its reason and what is left where, and an operator's command
/// ends it in one of the other two ways. Whatever the way, nothing of another biller has changed.
///
/// To be called when the run has ended and there are no more faults.
pub(super) async fn assert_invariant(stack: &Stack, before: &Before<'_>) -> Result<Verdict, Broken> {
    let run = latest(stack, before)?;
    if run.state != "stuck" {
        return ended_well(stack, before, &run).await;
    }
    let now = Snapshot::take(stack, before.biller).await?;
    now.elsewhere.is_as_before(&before.snapshot.elsewhere)?;
    stuck::is_reported(stack, before, &run, &now).await?;
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
    now.elsewhere.is_as_before(&before.snapshot.elsewhere)?;
    meanwhile::are_kept(before, run.state == "failed", &now)?;
    match run.state.as_str() {
        "succeeded" => {
            let accounts = succeeded::accounts(stack, before.biller)?;
            succeeded::is_as_asked(before, run, &now, &accounts).map_err(|what| format!("Succeeded, but {what}"))?;
            Ok(Verdict::Succeeded)
        }
        "failed" => {
            let reason = run.reason.as_deref().ok_or("Failed, but without a reason")?;
            is_as_before(before, &now).map_err(|what| format!("Failed ({reason}), but {what}"))?;
            let accounts = stack.database().accounts(before.biller)?;
            let is_left = |created_by: &Option<String>| created_by.as_ref() == Some(&run.onboarding_id);
            if accounts.values().any(|account| is_left(&account.created_by)) {
                return Err("Failed, but an account of the run is left".into());
            }
            Ok(Verdict::RolledBack)
        }
        other => Err(format!("the run is {other} ({:?})", run.reason).into()),
    }
}

/// Nothing that the run created is left, and what was there before is as it was.
///
/// A user that the run changed may have the CRM's values, because changes stay (docs/ARCHITECTURE.md#rollback).
pub(super) fn is_as_before(before: &Before<'_>, now: &Snapshot) -> Result<(), String> {
    let (old, new) = (&before.snapshot.secureauth, &now.secureauth);
    let first_pool = |of: &Snapshot| of.secureauth.pools.values().next().cloned();
    let differs = match (&old.organization, &new.organization) {
        (None, Some(_)) => Some("its organization is left"),
        (Some(_), None) => Some("the organization is gone"),
        _ if !before.meanwhile.flag_may_be(new.deactivated(), old.deactivated()) => {
            Some("the organization's `deactivated` flag is not as it was")
        }
        (Some(old), Some(new)) if with_flag_of(old, new) != *new => Some("the organization changed"),
        _ if new.pools.keys().any(|id| !old.pools.contains_key(id)) => Some("a pool is left"),
        _ if old.pools.keys().ne(new.pools.keys()) => Some("a pool is gone"),
        _ => match (first_pool(before.snapshot), first_pool(now)) {
            (Some(old), Some(new)) if new.users.keys().any(|id| !old.users.contains_key(id)) => Some("a user is left"),
            (Some(old), Some(new)) if old.users.keys().any(|id| !new.users.contains_key(id)) => Some("a user is gone"),
            (Some(old), Some(new)) if !users_are_as_before(before, &old, &new) => Some("a user is not as it was"),
            (Some(old), Some(new)) if without_counts(&old) != without_counts(&new) => Some("a pool changed"),
            _ if old.idps != new.idps => Some("the identity providers changed"),
            _ => None,
        },
    };
    if let Some(what) = differs {
        return Err(format!("{what}:\n  before {old:?}\n  now    {new:?}"));
    }
    let before = before.snapshot;
    if (&now.record, &now.product) != (&before.record, &before.product) {
        return Err(format!(
            "the biller's record is not as it was:\n  before {:?} {:?}\n  now    {:?} {:?}",
            before.record, before.product, now.record, now.product
        ));
    }
    Ok(())
}

/// The pool has the same users as before, each as it was or as the CRM has it.
pub(super) fn users_are_as_before(before: &Before<'_>, old: &Pool, new: &Pool) -> bool {
    let choices = before.choices();
    let is_in_line = |user: &PoolUser| choices.iter().any(|choice| choice.is_named(user) && choice.fits(user));
    let is_as_it_was = |id: &String, user: &PoolUser| old.users.get(id) == Some(user) || is_in_line(user);
    old.users.keys().eq(new.users.keys()) && new.users.iter().all(|(id, user)| is_as_it_was(id, user))
}

/// The organization, with another one's `deactivated` flag.
pub(super) fn with_flag_of(organization: &Value, other: &Value) -> Value {
    let mut organization = organization.clone();
    organization["deactivated"] = other["deactivated"].clone();
    organization
}

/// The pool, without its users and how many have which status.
fn without_counts(pool: &Pool) -> (PoolEntry, &Value) {
    let entry = PoolEntry {
        number_of_users: 0,
        users: UserCounts::default(),
        ..pool.entry.clone()
    };
    (entry, &pool.settings)
}
