//! What must hold after a run that succeeded: SecureAuth, SQL and the CRM are as the toggle event asked.

use std::collections::{BTreeMap, BTreeSet};

use local_stack::{RunRecord, UserRow};
use secureauth_simulator::PoolUser;
use serde_json::Value;

use super::invariant::{Before, with_flag_of};
use super::meanwhile::Choice;
use super::scenario::Scenario;
use super::snapshot::{Pool, Snapshot};
use super::table::{self, Account};

pub(super) fn is_as_asked(before: &Before<'_>, run: &RunRecord, now: &Snapshot) -> Result<(), String> {
    is_recorded(before, run, now)?;
    let disabled = before.course.scenario == Scenario::Disable;
    let organization = &now.secureauth.organization;
    check(
        before
            .meanwhile
            .flag_may_be(now.secureauth.deactivated(), Some(disabled)),
        "the `deactivated` flag is wrong",
        organization,
    )?;
    organization_is_as_found(before.snapshot, now, run)?;
    let pools: Vec<_> = now.secureauth.pools.values().collect();
    let [pool] = pools.as_slice() else {
        return Err(format!("there are {} pools", pools.len()));
    };
    let providers = &now.secureauth.idps;
    check(pool.entry.idp, "the pool has no identity provider", providers)?;
    let found = before.snapshot.secureauth.pools.values().next();
    pool_is_as_found(found, pool, run)?;
    if disabled {
        return sessions_are_ended(found, pool, now);
    }
    let theirs = before.theirs();
    users(before, &theirs, pool, now)?;
    if before.meanwhile.is_nothing() {
        table::is_exact_or_reported(now, pool, &theirs)?;
    }
    Ok(())
}

/// Nothing of the users has changed but that they have no session any more, unless an issue says that they may.
fn sessions_are_ended(found: Option<&Pool>, pool: &Pool, now: &Snapshot) -> Result<(), String> {
    let without_sessions = |pool: &Pool| -> Vec<PoolUser> {
        let users = pool.users.values().cloned();
        users.map(|user| PoolUser { sessions: 0, ..user }).collect()
    };
    let same = found.is_some_and(|found| without_sessions(found) == without_sessions(pool));
    check(same, "the users changed", &pool.users)?;
    let ended = pool.users.values().all(|user| user.sessions == 0);
    check(
        ended || now.people.sessions_live_on,
        "a session is left, and not reported",
        &pool.users,
    )
}

/// The database and the CRM say what was done.
fn is_recorded(before: &Before<'_>, run: &RunRecord, now: &Snapshot) -> Result<(), String> {
    let record = now.record.as_ref().ok_or("there is no record of the biller")?;
    let product = now.product.as_ref().ok_or("the CRM was told nothing")?;
    let old = before.snapshot;
    let old_date = old.record.as_ref().and_then(|record| record.activation_date);
    let shown = (record, product);
    let scenario = before.course.scenario;
    let (state, status, on) = match scenario {
        Scenario::Disable => ("inactive", "Inactive", false),
        _ => ("active", "Active", true),
    };
    check(record.state == state, "SQL has another state", &shown)?;
    check(product.toggle_on == on, "the CRM's toggle is wrong", &shown)?;
    check(product.status == status, "the CRM has another status", &shown)?;
    match scenario {
        Scenario::Sync | Scenario::Turnover => {
            check(
                record.activation_date == old_date,
                "a sync changed the activation date",
                &shown,
            )?;
            check(now.product == old.product, "a sync told the CRM something", &shown)?;
        }
        Scenario::Disable => check(
            record.activation_date == old_date,
            "the activation date changed",
            &shown,
        )?,
        _ => check(record.activation_date.is_some(), "there is no activation date", &shown)?,
    }
    check(
        product.activation_date == record.activation_date,
        "the CRM has another activation date",
        &shown,
    )?;
    let by_this_run = scenario.syncs() || product.onboarding_id == run.onboarding_id;
    check(by_this_run, "the CRM names another run", &shown)?;
    let organization = record.organization_id.as_deref();
    check(
        organization == Some(before.biller),
        "SQL names another organization",
        &shown,
    )?;
    let pool = now.secureauth.pools.keys().next();
    check(
        record.identity_pool_id.as_ref() == pool,
        "SQL names another pool",
        &shown,
    )
}

/// Of an organization that existed before, nothing but `deactivated` has changed. A new one names this run.
fn organization_is_as_found(before: &Snapshot, now: &Snapshot, run: &RunRecord) -> Result<(), String> {
    let new = now.secureauth.organization.as_ref().ok_or("there is no organization")?;
    let Some(old) = &before.secureauth.organization else {
        return names(&new["metadata"]["payload"], run).map_err(|what| format!("the organization {what}"));
    };
    check(with_flag_of(old, new) == *new, "the organization changed", &(old, new))
}

/// A pool that existed before has not changed. A new one names this run.
fn pool_is_as_found(found: Option<&Pool>, pool: &Pool, run: &RunRecord) -> Result<(), String> {
    let Some(found) = found else {
        return names(&pool.entry.metadata, run).map_err(|what| format!("the pool {what}"));
    };
    check(found.entry.id == pool.entry.id, "there is another pool", &pool.entry.id)?;
    let (old, new) = (&found.settings, &pool.settings);
    check(old == new, "the pool changed", &(old, new))
}

/// The marker names this run and its biller.
fn names(metadata: &Value, run: &RunRecord) -> Result<(), String> {
    let is_ours =
        metadata["ic_onboarding_id"] == run.onboarding_id.as_str() && metadata["ic_bid"] == run.biller_id.as_str();
    check(is_ours, "has the marker of another run", metadata)
}

/// The pool holds the CRM's users as the CRM has them, each with a settled account and under its id, nobody who left has access,
/// somebody else's users are as they were, and there are no others. An issue excuses the person it names.
fn users(
    before: &Before<'_>,
    theirs: &BTreeMap<&String, &PoolUser>,
    pool: &Pool,
    now: &Snapshot,
) -> Result<(), String> {
    for (id, user) in theirs {
        let same = pool.users.get(*id) == Some(*user);
        check(same, "a user of somebody else changed", id)?;
    }
    let people = &now.people;
    let mut known: BTreeSet<&String> = theirs.keys().copied().collect();
    let mut rest: BTreeMap<&String, &Account> = people.accounts.iter().collect();
    for choice in before.choices() {
        let guid = choice.user_guid().cloned().unwrap_or_default();
        let account = rest.remove(&guid);
        if account.is_some_and(|account| theirs.contains_key(&account.user_id)) {
            continue;
        }
        let user = account.and_then(|account| pool.users.get(&account.user_id));
        let (Some(account), Some(user)) = (account, user) else {
            let may_be_absent = may_be_absent(before, theirs, &choice, account) || people.is_reported(&guid);
            check(may_be_absent && !before.had(&guid), "a user is missing", &choice)?;
            continue;
        };
        known.insert(&account.user_id);
        check(!account.open, "an account is open", &(account, user))?;
        let is_right = choice.fits(user, people.sessions_live_on) || people.is_reported(&guid);
        check(is_right, "a user is not as the CRM has it", &(choice, user))?;
    }
    for (guid, account) in rest {
        let Some(user) = pool.users.get(&account.user_id) else {
            continue;
        };
        known.insert(&account.user_id);
        check(!account.open, "an account is open", &(account, user))?;
        let is_right = has_left(user, people.sessions_live_on) || people.is_reported(guid);
        check(is_right, "somebody who left has access", user)?;
    }
    let others = pool.users.keys().filter(|id| !known.contains(id));
    let others: Vec<_> = others.collect();
    check(others.is_empty(), "there are too many users", &others)
}

fn may_be_absent(
    before: &Before<'_>,
    theirs: &BTreeMap<&String, &PoolUser>,
    choice: &Choice,
    account: Option<&Account>,
) -> bool {
    let is_theirs = |user: &&PoolUser| user.identifiers.iter().any(|name| choice.has_name(name));
    let by_hand = account.is_some_and(|account| before.meanwhile.has_removed(&account.user_id));
    choice.may_be_absent || by_hand || theirs.values().any(is_theirs)
}

/// Everything that SecureAuth holds of the user is exactly as in the row.
pub(super) fn is_as_in_the_crm(user: &PoolUser, row: &UserRow) -> bool {
    let addresses = user.addresses.iter().map(|address| Some(address.address.as_str()));
    has_profile(user, row)
        && Some(user.status.as_str()) == row.status.as_deref()
        && user.identifiers == row.user_name.as_slice()
        && addresses.eq([row.email.as_deref()])
}

pub(super) fn has_profile(user: &PoolUser, row: &UserRow) -> bool {
    let has = |member: &str, wanted: &Option<String>| user.payload[member].as_str() == wanted.as_deref();
    has("last_name", &row.last_name) && has("first_name", &row.first_name) && has("user_name", &row.user_name)
}

/// The user has no access any more. `sessions_live_on`: an issue says that sessions could not be ended.
pub(super) fn has_left(user: &PoolUser, sessions_live_on: bool) -> bool {
    user.status == "inactive" && (user.sessions == 0 || sessions_live_on)
}

fn check(holds: bool, what: &str, shown: &impl std::fmt::Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{what}: {shown:?}"))
    }
}
