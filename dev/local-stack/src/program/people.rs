//! Compares every person of a biller, by GUID, with the user in SecureAuth that the person's account names. Sets of user names would
//! be equal even where the names belong to the wrong people.

mod count;

use std::collections::{BTreeMap, BTreeSet};

use local_stack::{AccountRecord, IssueRecord, RunRecord, Stack, StackError, UserRow};
use secureauth_simulator::PoolUser;

use super::scenario::Ending;
pub(super) use count::Count;

/// Number of people who are named if many are not as the CRM says.
const NAMED: usize = 5;

/// A biller's people by GUID. A user without an account is here under its id in SecureAuth.
#[derive(Debug, Clone, Default)]
pub(super) struct People(BTreeMap<String, Person>);

/// One person, as the CRM, SecureAuth and the handler have it.
#[derive(Debug, Clone, Default)]
struct Person {
    /// `None` where the row is `deleted` or gone.
    row: Option<UserRow>,
    /// The user that the person's account names.
    user: Option<User>,
    /// The person's data errors.
    issues: Vec<IssueRecord>,
}

/// A user in SecureAuth.
#[derive(Debug, Clone, Default)]
struct User {
    /// The identifiers, and the user name of the profile.
    names: BTreeSet<String>,
    /// Active, in an organization that is live. A user without a name counts too, because its sessions go on.
    may_sign_in: bool,
    sessions: usize,
}

impl People {
    /// Looks into the simulator's inventory, the CRM's table and the database. `run` is the biller's latest one.
    pub(super) fn look(stack: &Stack, biller_id: &str, run: Option<&RunRecord>) -> Result<Self, StackError> {
        let simulator = stack.simulator();
        let inventory = simulator.inventory();
        let mut users = BTreeMap::new();
        for organization in inventory.organizations.iter().filter(|it| it.id == biller_id) {
            let is_live = !organization.deactivated;
            let pools = organization.pools.iter().filter(|pool| !pool.deleted);
            let listed = pools.filter_map(|pool| simulator.pool_users(&pool.id, None, usize::MAX));
            users.extend(listed.flatten().map(|user| (user.id.clone(), User::of(user, is_live))));
        }
        let database = stack.database();
        let issues = run.map(|run| database.issues(&run.onboarding_id)).transpose()?;
        Ok(Self::of(
            stack.crm().users(biller_id)?,
            database.accounts(biller_id)?,
            users,
            issues.unwrap_or_default(),
        ))
    }

    /// `users` by their ids in SecureAuth.
    fn of(
        rows: Vec<UserRow>,
        accounts: BTreeMap<String, AccountRecord>,
        mut users: BTreeMap<String, User>,
        issues: Vec<IssueRecord>,
    ) -> Self {
        let mut people: BTreeMap<String, Person> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| row.status.as_deref() != Some("deleted")) {
            let guid = row.user_guid.clone().unwrap_or_default();
            people.entry(guid).or_default().row = Some(row);
        }
        for (guid, account) in accounts {
            people.entry(guid).or_default().user = users.remove(&account.user_id);
        }
        for (id, user) in users {
            people.entry(id).or_default().user = Some(user);
        }
        for issue in issues {
            let guid = issue.user_guid.clone().unwrap_or_default();
            people.entry(guid).or_default().issues.push(issue);
        }
        Self(people)
    }

    /// Everybody whose user is not as the CRM's row says. The first ones are named.
    pub(super) fn disagreements(&self, ending: Ending) -> Vec<String> {
        let all = self.0.iter();
        let mut found: Vec<_> = all
            .filter_map(|(guid, person)| Some(format!("{guid} {}", person.disagreement(ending)?)))
            .collect();
        let others = found.len().saturating_sub(NAMED);
        found.truncate(NAMED);
        if others > 0 {
            found.push(format!("{others} more people are not as the CRM says"));
        }
        found
    }

    /// Whether a person has a data error.
    pub(super) fn has_issue(&self, guid: &str) -> bool {
        self.0.get(guid).is_some_and(|person| !person.issues.is_empty())
    }

    /// All data errors, each with what SecureAuth has of the person.
    pub(super) fn reported(&self) -> impl Iterator<Item = (&IssueRecord, String)> {
        let people = self.0.values();
        people.flat_map(|person| person.issues.iter().map(|issue| (issue, person.in_secureauth())))
    }
}

impl Person {
    fn disagreement(&self, ending: Ending) -> Option<String> {
        let is_active = |row: &UserRow| row.status.as_deref() == Some("active");
        let should_sign_in = matches!(ending, Ending::Active(_)) && self.row.as_ref().is_some_and(is_active);
        let may_sign_in = self.user.as_ref().is_some_and(|user| user.may_sign_in);
        let sessions = self.user.as_ref().map_or(0, |user| user.sessions);
        if may_sign_in && !should_sign_in {
            return Some(format!("{}, but should not", self.in_secureauth()));
        }
        if sessions > 0 && !may_sign_in {
            return Some(format!("may not sign in, but has {sessions} sessions"));
        }
        // Whoever has a data error keeps name and access, and nobody is imported without an organization.
        let is_compared = self.issues.is_empty() && ending.has_organization();
        let row = self.row.as_ref().filter(|_| is_compared)?;
        if !self.names().eq(&row.user_name) {
            let name = row.user_name.as_deref().unwrap_or_default();
            return Some(format!(
                "{}, but should have the user name {name}",
                self.in_secureauth()
            ));
        }
        (should_sign_in && !may_sign_in).then(|| format!("{}, but should sign in", self.in_secureauth()))
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.user.iter().flat_map(|user| &user.names)
    }

    fn in_secureauth(&self) -> String {
        let names: Vec<_> = self.names().map(String::as_str).collect();
        let names = if names.is_empty() {
            "(no name)".to_owned()
        } else {
            names.join(" and ")
        };
        match &self.user {
            None => "has no user".to_owned(),
            Some(user) if user.may_sign_in => format!("signs in as {names}"),
            Some(_) => format!("may not sign in as {names}"),
        }
    }
}

impl User {
    fn of(user: PoolUser, is_live: bool) -> Self {
        let shown = user.payload.get("user_name").and_then(serde_json::Value::as_str);
        let shown = shown.map(str::to_owned);
        Self {
            names: user.identifiers.into_iter().chain(shown).collect(),
            may_sign_in: is_live && user.status == "active",
            sessions: user.sessions,
        }
    }
}

#[cfg(test)]
mod tests;
