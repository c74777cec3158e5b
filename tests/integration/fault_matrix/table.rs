//! The table by GUID: what the CRM says of each person, what the account says, and whether the person may sign in.

use std::collections::{BTreeMap, BTreeSet};

use local_stack::{AccountRecord, IssueRecord, Stack, UserRow};
use rusqlite::Connection;
use secureauth_simulator::PoolUser;

use super::invariant::Before;
use super::snapshot::{Pool, Snapshot};
use crate::support::DEADLINE;

/// The accounts of a biller's pool, by user GUID.
pub(super) type Accounts = BTreeMap<String, Account>;

/// What the database knows of a user in a pool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Account {
    /// The user's id in SecureAuth.
    pub(super) user_id: String,
    /// It is not settled.
    pub(super) open: bool,
    /// The user was in a found pool before.
    pub(super) linked: bool,
    /// The run that imported the user.
    pub(super) created_by: Option<String>,
}

/// An issue of the latest run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Issue {
    pub(super) user_guid: Option<String>,
    pub(super) code: String,
}

/// What CRM and database hold of a biller's people, and who may sign in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct People {
    /// The CRM's rows by GUID.
    pub(super) rows: BTreeMap<String, UserRow>,
    pub(super) accounts: Accounts,
    pub(super) issues: Vec<Issue>,
    /// A run of the biller has reported that sessions could not be ended. They live on until they expire: no later run ends them.
    pub(super) sessions_live_on: bool,
    /// Ids of users who may sign in.
    pub(super) may_sign_in: BTreeSet<String>,
}

impl People {
    pub(super) fn take<'a>(
        stack: &Stack,
        biller: &str,
        users: impl Iterator<Item = &'a PoolUser>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let may = |name: &String| stack.simulator().may_sign_in(biller, name).allowed;
        let may_sign_in = users.filter(|user| user.identifiers.iter().any(may));
        Ok(Self {
            may_sign_in: may_sign_in.map(|user| user.id.clone()).collect(),
            rows: rows(stack, biller)?,
            accounts: accounts(stack, biller)?,
            issues: issues(stack, biller)?,
            sessions_live_on: sessions_live_on(stack, biller)?,
        })
    }

    /// An issue names the person.
    pub(super) fn is_reported(&self, guid: &str) -> bool {
        self.issues.iter().any(|issue| issue.user_guid.as_deref() == Some(guid))
    }

    /// The GUID of a user's account.
    pub(super) fn guid_of(&self, user_id: &str) -> Option<&String> {
        let mut accounts = self.accounts.iter();
        accounts
            .find(|(_, account)| account.user_id == user_id)
            .map(|(guid, _)| guid)
    }
}

fn rows(stack: &Stack, biller: &str) -> Result<BTreeMap<String, UserRow>, rusqlite::Error> {
    let rows = stack.crm().users(biller)?.into_iter();
    Ok(rows.filter_map(|row| Some((row.user_guid.clone()?, row))).collect())
}

fn accounts(stack: &Stack, biller: &str) -> Result<Accounts, rusqlite::Error> {
    let accounts = stack.database().accounts(biller)?.into_iter();
    let account = |account: AccountRecord| Account {
        user_id: account.user_id,
        open: account.open,
        linked: account.origin == "linked",
        created_by: account.created_by,
    };
    Ok(accounts.map(|(guid, it)| (guid, account(it))).collect())
}

fn issues(stack: &Stack, biller: &str) -> Result<Vec<Issue>, rusqlite::Error> {
    let Some(run) = stack.database().latest_run(biller)? else {
        return Ok(Vec::new());
    };
    let issues = stack.database().issues(&run.onboarding_id)?.into_iter();
    let issue = |issue: IssueRecord| Issue {
        user_guid: issue.user_guid,
        code: issue.code,
    };
    Ok(issues.map(issue).collect())
}

fn sessions_live_on(stack: &Stack, biller: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let database = Connection::open(stack.database().path())?;
    database.busy_timeout(DEADLINE)?;
    let sql = "SELECT count(*) FROM onboarding_issue JOIN onboarding USING (onboarding_id)
               WHERE biller_id = ?1 AND code = 'not_revoked'";
    let reported: i64 = database.query_row(sql, [biller], |row| row.get(0))?;
    Ok(reported > 0)
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    account: &'static str,
    /// Not compared where the CRM has no row.
    profile: Option<Profile>,
    /// `None`: SecureAuth has no such user.
    status: Option<String>,
    may_sign_in: bool,
    /// The person has no access and has sessions all the same, although no run said so.
    has_sessions_left: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Profile {
    names: Vec<String>,
    addresses: Vec<String>,
    shown_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

const SETTLED: &str = "settled";

impl Profile {
    fn of_row(row: &UserRow) -> Self {
        Self {
            names: row.user_name.iter().cloned().collect(),
            addresses: row.email.iter().cloned().collect(),
            shown_name: row.user_name.clone(),
            first_name: row.first_name.clone(),
            last_name: row.last_name.clone(),
        }
    }

    fn of_user(user: &PoolUser) -> Self {
        let member = |name: &str| user.payload[name].as_str().map(str::to_owned);
        Self {
            names: user.identifiers.clone(),
            addresses: user.addresses.iter().map(|it| it.address.clone()).collect(),
            shown_name: member("user_name"),
            first_name: member("first_name"),
            last_name: member("last_name"),
        }
    }
}

/// Whoever has a row in the CRM is in SecureAuth exactly like it; whoever has an account and no row has no access.
fn wanted(people: &People) -> BTreeMap<String, Line> {
    let is_person = |row: &&UserRow| row.status.as_deref() != Some("deleted");
    let line = |row: Option<&UserRow>| {
        let status = row.and_then(|row| row.status.clone());
        let status = status.unwrap_or_else(|| "inactive".to_owned());
        Line {
            account: SETTLED,
            profile: row.map(Profile::of_row),
            may_sign_in: status == "active",
            status: Some(status),
            has_sessions_left: false,
        }
    };
    let row_of = |guid: &String| people.rows.get(guid).filter(is_person);
    let with_row = people.rows.keys().filter(|guid| row_of(guid).is_some());
    let guids: BTreeSet<&String> = with_row.chain(people.accounts.keys()).collect();
    let lines = guids.into_iter().map(|guid| (guid.clone(), line(row_of(guid))));
    lines.collect()
}

fn shown(people: &People, pool: &Pool) -> BTreeMap<String, Line> {
    let line = |guid: &String, account: &'static str, user_id: &String| {
        let user = pool.users.get(user_id);
        let is_person = people
            .rows
            .get(guid)
            .is_some_and(|row| row.status.as_deref() != Some("deleted"));
        Line {
            account,
            profile: user.filter(|_| is_person).map(Profile::of_user),
            status: user.map(|user| user.status.clone()),
            may_sign_in: people.may_sign_in.contains(user_id),
            has_sessions_left: user
                .is_some_and(|user| user.status == "inactive" && user.sessions > 0 && !people.sessions_live_on),
        }
    };
    let mut lines = BTreeMap::new();
    let mut strangers: BTreeSet<&String> = pool.users.keys().collect();
    for (guid, account) in &people.accounts {
        strangers.remove(&account.user_id);
        let state = if account.open { "open" } else { SETTLED };
        lines.insert(guid.clone(), line(guid, state, &account.user_id));
    }
    let strangers = strangers.into_iter().map(|id| (id.clone(), line(id, "none", id)));
    lines.extend(strangers);
    lines
}

/// The lines of the table that are not as the CRM says, by GUID, or by id for a user without an account. Users of somebody else,
/// and rows that are linked to them, are no part of it.
pub(super) fn differences(
    now: &Snapshot,
    pool: &Pool,
    theirs: &BTreeMap<&String, &PoolUser>,
) -> BTreeMap<String, String> {
    let people = &now.people;
    let linked: BTreeSet<&String> = people
        .accounts
        .iter()
        .filter(|(_, account)| account.linked || theirs.contains_key(&account.user_id))
        .map(|(guid, _)| guid)
        .collect();
    let (wanted, shown) = (wanted(people), shown(people, pool));
    let keys: BTreeSet<&String> = wanted.keys().chain(shown.keys()).collect();
    let ours = keys
        .into_iter()
        .filter(|key| !linked.contains(key) && !theirs.contains_key(key));
    let differing = ours.filter(|key| wanted.get(*key) != shown.get(*key));
    differing
        .map(|key| {
            (
                key.clone(),
                format!("{:?} instead of {:?}", shown.get(key), wanted.get(key)),
            )
        })
        .collect()
}

/// Asserts that the table is exactly what the CRM says. Whoever an administrator deleted may still be missing: a sync compares the
/// users one by one only if their number changes while it runs, or with `VERIFY=full`.
pub(super) fn is_exact(before: &Before<'_>, now: &Snapshot, pool: &Pool) -> Result<(), String> {
    let mut differences = differences(now, pool, &before.theirs());
    differences.retain(|guid, _| {
        let account = now.people.accounts.get(guid).filter(|account| !account.open);
        let id = account.map(|account| &account.user_id);
        !id.is_some_and(|id| before.meanwhile.has_removed(id) && !pool.users.contains_key(id))
    });
    match differences.first_key_value() {
        None => Ok(()),
        Some((guid, what)) => Err(format!(
            "{} of the table are not as the CRM says, such as {guid}: {what}; issues: {:?}",
            differences.len(),
            now.people.issues
        )),
    }
}

/// Asserts that whatever is not as the CRM says is reported. Nothing is open, whatever is reported.
pub(super) fn is_exact_or_reported(
    now: &Snapshot,
    pool: &Pool,
    theirs: &BTreeMap<&String, &PoolUser>,
) -> Result<(), String> {
    let people = &now.people;
    if let Some((guid, _)) = people.accounts.iter().find(|(_, account)| account.open) {
        return Err(format!("an account is open: {guid}"));
    }
    let differences = differences(now, pool, theirs);
    match differences.iter().find(|(guid, _)| !people.is_reported(guid)) {
        None => Ok(()),
        Some((guid, what)) => Err(format!("not as the CRM says, and not reported: {guid}: {what}")),
    }
}
