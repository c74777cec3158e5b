//! People who join, move and leave: a sync makes SecureAuth true to the CRM (docs/ARCHITECTURE.md#accounts).

mod adoption;
mod chains;
mod deleted_by_hand;
mod disabling;
mod failed_first_enable;
mod found_pools;
mod guard;
mod interrupted;
mod kept;
mod leavers;
mod movers;
mod names;
mod rekeyed;
mod reused_guids;
mod secureauth_refuses;

use std::collections::BTreeMap;

use local_stack::{RunRecord, Stack, UserRow};
use rusqlite::Connection;
use secureauth_simulator::PoolUser;

use crate::moves::{BILLER, guid_of, remove, replace, sample};
use crate::support::{Outcome, entries, pools_of, users_in_secureauth};

/// One person, as the CRM and SecureAuth are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    email: String,
    last_name: String,
    may_sign_in: bool,
}

/// What the CRM has, by user name: everybody who is not `deleted`.
fn in_the_crm(stack: &Stack) -> Result<BTreeMap<String, Line>, rusqlite::Error> {
    let rows = stack.crm().users(BILLER)?.into_iter();
    let people = rows.filter(|row| row.status.as_deref() != Some("deleted"));
    let line = |row: UserRow| Line {
        email: row.email.unwrap_or_default(),
        last_name: row.last_name.unwrap_or_default(),
        may_sign_in: row.status.as_deref() == Some("active"),
    };
    Ok(people.map(|row| (name_of(&row), line(row))).collect())
}

/// Asserts that every person of the CRM is in SecureAuth as the CRM has it, under no other name, and that nobody else may sign in.
fn assert_true_to_the_crm(stack: &Stack) -> Outcome {
    let mut shown = BTreeMap::new();
    let mut others = Vec::new();
    let crm = in_the_crm(stack)?;
    for user in users_in_secureauth(stack, BILLER) {
        let addresses: Vec<&str> = user.addresses.iter().map(|it| it.address.as_str()).collect();
        let line = Line {
            email: addresses.join(","),
            last_name: user.payload["last_name"].as_str().unwrap_or_default().to_owned(),
            may_sign_in: user.status == "active",
        };
        let name = user.payload["user_name"].as_str().unwrap_or_default();
        if user.identifiers == [name] && crm.contains_key(name) {
            shown.insert(name.to_owned(), line);
        } else {
            others.push(user);
        }
    }
    assert_eq!(shown, crm, "others: {others:?}");
    for other in others {
        assert_eq!(other.status, "inactive", "{other:?}");
        assert_eq!(other.sessions, 0, "{other:?}");
    }
    let database = Connection::open(stack.database().path())?;
    let open: i64 = database.query_row("SELECT count(*) FROM account WHERE open = 1", [], |row| row.get(0))?;
    assert_eq!(open, 0, "open accounts");
    Ok(())
}

/// Everybody who may signs in, and so has a session. Returns how many. Statuses decide here; factors are the concern of
/// `tests/integration/sign_in/`.
fn everybody_signs_in(stack: &Stack) -> usize {
    let unchecked = stack.simulator().set_switch("sign-in-factors", "not-checked");
    assert!(unchecked.is_ok(), "{unchecked:?}");
    let users = users_in_secureauth(stack, BILLER);
    let names = users.iter().filter_map(|user| user.identifiers.first());
    names
        .filter(|name| stack.simulator().sign_in(BILLER, name).allowed)
        .count()
}

/// Everybody enrolls a credential.
fn everybody_enrolls(stack: &Stack) -> usize {
    let pool = pools_of(stack, BILLER).pop().unwrap_or_default();
    let users = users_in_secureauth(stack, BILLER);
    users
        .iter()
        .filter(|user| stack.simulator().enroll(&pool, &user.id))
        .count()
}

fn enrolled(stack: &Stack) -> usize {
    let users = users_in_secureauth(stack, BILLER);
    users.iter().filter(|user| user.credentials > 0).count()
}

/// The user with this user name.
fn user(stack: &Stack, name: &str) -> Option<PoolUser> {
    let mut users = users_in_secureauth(stack, BILLER).into_iter();
    users.find(|user| user.identifiers.iter().any(|it| it == name))
}

fn name_of(row: &UserRow) -> String {
    row.user_name.clone().unwrap_or_default()
}

fn set_status(stack: &Stack, number: u32, status: &str) -> Outcome {
    assert_eq!(
        stack.crm().set_user_status(BILLER, &guid_of(&sample(number)), status)?,
        1
    );
    Ok(())
}

fn assert_synced(run: &RunRecord) {
    assert_eq!(
        (run.kind.as_str(), run.state.as_str(), run.reason.as_deref()),
        ("sync", "succeeded", None)
    );
}

/// Asserts that everybody whom the CRM has is in one counter: of the deactivated users those with a valid row, and of the skipped ones
/// those that are not `deleted`.
fn assert_counters_add_up_exactly(stack: &Stack, run: &RunRecord) -> Outcome {
    let database = Connection::open(stack.database().path())?;
    let sql = "SELECT ifnull(tally ->> '$.leavers', 0) + ifnull(tally ->> '$.barred', 0) FROM onboarding WHERE onboarding_id = ?1";
    let without_row: u64 = database
        .query_row(sql, [&run.onboarding_id], |row| row.get::<_, i64>(0))?
        .try_into()?;
    let checked = entries(stack, run, "users_checked")?;
    let deleted = checked.last().and_then(|it| it["deleted"].as_u64()).unwrap_or_default();
    let settled = run.imported + run.changed + run.reactivated + run.linked + run.already_present;
    let all = settled + (run.deactivated - without_row) + (run.skipped - deleted) + run.failed;
    assert_eq!(all, run.users_total, "{run:?}");
    Ok(())
}

/// GUID, field and code of the latest run's issues.
fn issues(stack: &Stack) -> Result<Vec<(String, String, String)>, rusqlite::Error> {
    let Some(run) = stack.database().runs()?.pop() else {
        return Ok(Vec::new());
    };
    let issues = stack.database().issues(&run.onboarding_id)?.into_iter();
    Ok(issues
        .map(|issue| (issue.user_guid.unwrap_or_default(), issue.field, issue.code))
        .collect())
}
