//! What must hold after a run that succeeded: SecureAuth, SQL and the CRM are as the toggle event asked.

use std::collections::BTreeMap;

use ic_secureauth_api::DerivedIds;
use local_stack::{RunRecord, Stack, UserRow};
use secureauth_simulator::PoolUser;
use serde_json::Value;
use uuid::{Uuid, uuid};

use super::invariant::{Before, with_flag_of};
use super::meanwhile::Choice;
use super::scenario::Scenario;
use super::snapshot::{Pool, Snapshot};

/// The accounts of a biller's pool, by user GUID.
pub(super) type Accounts = BTreeMap<String, Account>;

/// What the database knows of a user in a pool.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The user's id in SecureAuth.
    pub(super) user_id: String,
    /// It is not settled.
    pub(super) open: bool,
}

/// Reads the accounts of the biller's pool. Derived ids must stay the same for ever, so their namespace is written down here
/// once more.
pub(super) fn accounts(stack: &Stack, biller: &str) -> Result<Accounts, Box<dyn std::error::Error>> {
    const NAMESPACE: Uuid = uuid!("8f1d3c52-6f0e-5c1b-9a57-2f0b7f6e41c3");
    let mut accounts = Accounts::new();
    for (guid, account) in stack.database().accounts(biller)? {
        let ids = DerivedIds::new(NAMESPACE, stack.simulator().tenant(), biller, account.generation);
        let derived = ids.user_id(guid.parse()?).to_string();
        let user_id = account.user_id.unwrap_or(derived);
        accounts.insert(
            guid,
            Account {
                user_id,
                open: account.open,
            },
        );
    }
    Ok(accounts)
}

/// `accounts`: the accounts of the biller's pool, by user GUID.
pub(super) fn is_as_asked(
    before: &Before<'_>,
    run: &RunRecord,
    now: &Snapshot,
    accounts: &Accounts,
) -> Result<(), String> {
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
        let same = found.is_some_and(|found| found.users == pool.users);
        return check(same, "the users changed", &pool.users);
    }
    let foreign = before.course.scenario == Scenario::ForeignPool;
    let theirs = found.into_iter().flat_map(|found| &found.users).filter(|_| foreign);
    users(&before.choices(), &theirs.collect(), pool, accounts)
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
        Scenario::Sync => {
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
    let by_this_run = scenario == Scenario::Sync || product.onboarding_id == run.onboarding_id;
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

/// The pool holds the CRM's users as the CRM has them, each with a settled account and under its id, somebody else's users as
/// they were, and no others.
pub(super) fn users(
    choices: &[Choice],
    theirs: &BTreeMap<&String, &PoolUser>,
    pool: &Pool,
    accounts: &Accounts,
) -> Result<(), String> {
    for (id, user) in theirs {
        let same = pool.users.get(*id) == Some(*user);
        check(same, "a user of somebody else changed", id)?;
    }
    let is_theirs = |user: &PoolUser, choice: &Choice| user.identifiers.iter().any(|name| choice.has_name(name));
    let mut expected = theirs.len();
    for choice in choices {
        let mut own = pool.users.values().filter(|user| !theirs.contains_key(&user.id));
        let Some(user) = own.find(|user| choice.is_named(user)) else {
            let may_be_absent = choice.may_be_absent || theirs.values().any(|user| is_theirs(user, choice));
            check(may_be_absent, "a user is missing", choice)?;
            continue;
        };
        expected += 1;
        check(choice.fits(user), "a user is not as the CRM has it", &(choice, user))?;
        let account = choice.user_guid().and_then(|guid| accounts.get(guid));
        let is_its_own = account.is_some_and(|account| !account.open && account.user_id == user.id);
        check(is_its_own, "a user has no account", &(account, user))?;
    }
    check(
        pool.users.len() == expected,
        "there are too many users",
        &pool.users.keys(),
    )
}

pub(super) fn is_as_in_the_crm(user: &PoolUser, row: &UserRow) -> bool {
    let addresses = user.addresses.iter().map(|address| Some(address.address.as_str()));
    user.payload["last_name"].as_str() == row.last_name.as_deref()
        && user.payload["first_name"].as_str() == row.first_name.as_deref()
        && Some(user.status.as_str()) == row.status.as_deref()
        && addresses.eq([row.email.as_deref()])
}

fn check(holds: bool, what: &str, shown: &impl std::fmt::Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{what}: {shown:?}"))
    }
}
