//! The invariant (docs/ARCHITECTURE.md#invariant), stated once. That it notices what is wrong is tested in `sabotage.rs`.

use std::collections::BTreeMap;

use local_stack::{RunRecord, Stack};
use secureauth_simulator::{PoolEntry, PoolUser, UserCounts};
use serde_json::Value;

use super::meanwhile::{self, Choice, Meanwhile};
use super::nearer::users_are_as_before;
use super::scenario::{Course, Scenario};
use super::snapshot::{Pool, Snapshot};
use super::{stuck, succeeded};
use crate::support::DEADLINE;

/// Runs that may be needed to catch up: on a busy machine a call may miss its short deadline.
const CATCHING_UP: usize = 3;

/// How a run ended for which the invariant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Succeeded,
    RolledBack,
    /// The run was stuck and said so, and an operator's command ended it.
    StuckThenSucceeded,
    StuckThenRolledBack,
    /// A call without any fault had no answer in time, because the machine was busy, and the run ended before its fault.
    EndedBeforeTheFault,
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

    /// Users of somebody else, who were in a found pool before.
    pub(super) fn theirs(&self) -> BTreeMap<&String, &PoolUser> {
        let foreign = self.course.scenario == Scenario::ForeignPool;
        let found = self.snapshot.secureauth.pools.values().filter(|_| foreign);
        found.flat_map(|pool| &pool.users).collect()
    }

    /// Whether the person with this GUID was in SecureAuth already.
    pub(super) fn had(&self, guid: &str) -> bool {
        let account = self.snapshot.people.accounts.get(guid);
        let mut pools = self.snapshot.secureauth.pools.values();
        account.is_some_and(|account| pools.any(|pool| pool.users.contains_key(&account.user_id)))
    }
}

/// Asserts that a run ended in exactly one of three ways: SecureAuth and SQL are as the toggle event asked; everything
/// is as it was before; or the run is stuck, the log names its reason and what is left where, and an operator's command
/// ends it in one of the other two ways. Whatever the way, nothing of another biller has changed. After a turnover another Yes
/// brings everything in line with the CRM.
///
/// To be called when the run has ended and there are no more faults.
pub(super) async fn assert_invariant(stack: &Stack, before: &Before<'_>) -> Result<Verdict, Broken> {
    let verdict = ended(stack, before).await?;
    if before.course.scenario == Scenario::Turnover && before.meanwhile.is_nothing() {
        meanwhile::everything_is_caught_up(stack, before, verdict.is_rolled_back(), CATCHING_UP)
            .await
            .map_err(|error| format!("{verdict:?}, but {error}"))?;
    }
    Ok(verdict)
}

async fn ended(stack: &Stack, before: &Before<'_>) -> Result<Verdict, Broken> {
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
            succeeded::is_as_asked(before, run, &now).map_err(|what| format!("Succeeded, but {what}"))?;
            Ok(Verdict::Succeeded)
        }
        "failed" => {
            let reason = run.reason.as_deref().ok_or("Failed, but without a reason")?;
            is_as_before(before, &now).map_err(|what| format!("Failed ({reason}), but {what}"))?;
            let mut accounts = now.people.accounts.values();
            if accounts.any(|account| account.created_by.as_ref() == Some(&run.onboarding_id)) {
                return Err("Failed, but an account of the run is left".into());
            }
            accounts_are_kept(before, &now)?;
            Ok(Verdict::RolledBack)
        }
        other => Err(format!("the run is {other} ({:?}, {:?})", run.reason, run.last_error).into()),
    }
}

/// Nothing that the run created is left, and what was there before is as it was.
///
/// A user that the run changed may be nearer to the CRM, because changes stay (docs/decisions.md#changes-stay).
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
            (Some(old), Some(new)) if !is_nobody_left(&old, &new, now) => Some("a user is left"),
            (Some(old), Some(new)) if without_counts(&old) != without_counts(&new) => Some("a pool changed"),
            _ if old.idps != new.idps => Some("the identity providers changed"),
            _ => None,
        },
    };
    if let Some(what) = differs {
        return Err(format!("{what}:\n  before {old:?}\n  now    {new:?}"));
    }
    if let (Some(old), Some(new)) = (first_pool(before.snapshot), first_pool(now)) {
        users_are_as_before(before, &old, &new, now)?;
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

/// Whoever the run imported is gone, except people who have enrolled a credential: each is named by an issue, and has a settled
/// account that is no longer the run's.
fn is_nobody_left(old: &Pool, new: &Pool, now: &Snapshot) -> bool {
    let may_stay = |(id, user): (&String, &PoolUser)| {
        let people = &now.people;
        let is_named = |guid: &String| {
            let mut issues = people.issues.iter();
            issues.any(|issue| issue.code == "enrolled" && issue.user_guid.as_ref() == Some(guid))
        };
        let account = people.guid_of(id).filter(|guid| is_named(guid));
        let account = account.and_then(|guid| people.accounts.get(guid));
        user.credentials > 0 && account.is_some_and(|account| !account.open && account.created_by.is_none())
    };
    let mut added = new.users.iter().filter(|(id, _)| !old.users.contains_key(*id));
    added.all(may_stay)
}

/// Whoever had an account has it, under the same GUID or under a new one that the CRM gave the person.
fn accounts_are_kept(before: &Before<'_>, now: &Snapshot) -> Result<(), String> {
    for (guid, account) in &before.snapshot.people.accounts {
        let is_removed = before.meanwhile.has_removed(&account.user_id);
        if !is_removed && now.people.guid_of(&account.user_id).is_none() {
            return Err(format!("Failed, but the account of {guid} is gone"));
        }
    }
    Ok(())
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
