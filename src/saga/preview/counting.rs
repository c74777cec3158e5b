//! Counts the users of each page by what a run would do with them.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use uuid::Uuid;

use super::super::step_error::StepError;
use super::super::steps::sync_users::names::{Holder, Names, Right};
use super::super::steps::sync_users::reader::{CrmRow, Page, UserInPage};
use super::super::steps::sync_users::task::{Policy, Row, Task, Why};
use super::super::steps::sync_users::{Values, Wanted};
use super::listed::Listed;
use super::{ImportOutlook, Planned};
use crate::domain::issue::{Code, Field};
use crate::domain::user::Status;
use crate::store::{Account, PoolUser, StoreError};
use ic_secureauth_api::{Pool, ReadOnlyApi};

pub(super) struct Counting<'a> {
    pub(super) api: &'a ReadOnlyApi,
    pub(super) pool: &'a Pool,
    pub(super) is_own: bool,
    pub(super) values: &'a Values,
    pub(super) policy: Policy,
    /// `None`: no run has used the pool, so it has no accounts.
    pub(super) names: Option<Names<'a>>,
    pub(super) listed: Listed,
    pub(super) old: HashSet<Uuid>,
    pub(super) rekeyed: HashMap<Uuid, &'a Account>,
    /// Ids of users whom accounts have, or people who are counted.
    pub(super) taken: HashSet<Option<String>>,
    pub(super) deleted: Vec<Account>,
    pub(super) outlook: ImportOutlook,
}

impl Counting<'_> {
    pub(super) async fn page(&mut self, page: Page, known: &HashSet<Uuid>) -> Result<(), StepError> {
        let mut users = Vec::new();
        for UserInPage {
            user_guid,
            row,
            account,
        } in page.users
        {
            let account = account.or_else(|| self.rekeyed.get(&user_guid).map(|account| (*account).clone()));
            let row = match row {
                _ if self.old.contains(&user_guid) => continue,
                CrmRow::Valid(user) if known.contains(&user_guid) => Row::Invalid {
                    is_barred: user.status == Status::Inactive,
                },
                row => Row::of(row, self.values),
            };
            users.push((user_guid, row, account));
        }
        let holders = self.holders(&users).await?;
        let deleted = page.barred.iter();
        let deleted: Vec<Account> = deleted
            .filter_map(|user| self.linked(user.user_guid, &self.values.keys(user.user_guid, &user.user_name)))
            .collect();
        let strangers = users.iter().filter(|(_, _, account)| account.is_none());
        let linked: HashMap<Uuid, Account> = strangers
            .filter_map(|(guid, row, _)| match row {
                Row::Valid(wanted) => Some((*guid, self.linked(*guid, &wanted.keys(self.values))?)),
                _ => None,
            })
            .collect();
        self.take_users_of_accounts(linked.values().chain(&deleted)).await?;
        self.deleted.extend(deleted);
        for (guid, row, account) in users {
            let holder = holders.get(&guid);
            let linked = linked
                .get(&guid)
                .filter(|it| holder.is_none() && self.taken.insert(it.user_id.clone()));
            self.user(guid, &row, account.as_ref().or(linked), holder).await?;
        }
        Ok(())
    }

    /// The account that somebody without one gets if the found pool holds the user.
    fn linked(&self, guid: Uuid, key: &PoolUser) -> Option<Account> {
        let holder = self
            .listed
            .holder(&key.user_id, &key.identifier)
            .filter(|_| !self.is_own)?;
        Some(Account::linked(guid, holder.to_string()))
    }

    /// Users whom accounts have already are linked to nobody else.
    async fn take_users_of_accounts(
        &mut self,
        linked: impl Iterator<Item = &Account> + Send,
    ) -> Result<(), StoreError> {
        let ids: Vec<String> = linked.filter_map(|account| account.user_id.clone()).collect();
        if let Some(names) = self.names.filter(|_| !ids.is_empty()) {
            let accounts = names.store.accounts_by_user_id(&ids, names.pool).await?;
            self.taken.extend(accounts.into_iter().map(|account| account.user_id));
        }
        Ok(())
    }

    /// People whose row is `deleted` and whom the pool holds: after everybody with a valid row, as in a run.
    pub(super) async fn deleted(&mut self) -> Result<(), StepError> {
        for account in std::mem::take(&mut self.deleted) {
            if self.taken.insert(account.user_id.clone()) {
                self.user(account.user_guid, &Row::Gone, Some(&account), None).await?;
            }
        }
        Ok(())
    }

    async fn holders(&self, users: &[(Uuid, Row, Option<Account>)]) -> Result<HashMap<Uuid, Holder>, StoreError> {
        let Some(names) = self.names else {
            return Ok(HashMap::new());
        };
        let takers: Vec<&Wanted> = users
            .iter()
            .filter_map(|(_, row, account)| match row {
                Row::Valid(wanted) if account.as_ref().is_none_or(|account| wanted.renames(account)) => Some(wanted),
                _ => None,
            })
            .collect();
        names.holders(&takers).await
    }

    async fn user(
        &mut self,
        guid: Uuid,
        row: &Row,
        account: Option<&Account>,
        holder: Option<&Holder>,
    ) -> Result<(), StepError> {
        let task = Task::of(row, account, self.policy);
        let held_by = holder.filter(|holder| holder.right == Right::Entitled);
        match (task, row) {
            (Task::Join, Row::Valid(wanted)) => match held_by {
                Some(holder) => self.held(guid, holder.account.user_guid),
                None => self.stranger(wanted, holder.is_some()),
            },
            (Task::Look, Row::Valid(wanted)) => {
                let id = account.map_or_else(|| wanted.user_id(self.values), |account| self.values.user_id(account));
                match self.api.user(&self.pool.id, &id).await? {
                    Some(_) => self.outlook.count(Planned::ReadFirst, guid, ""),
                    None => self.outlook.count(Planned::Imported, guid, "missing in the pool"),
                }
            }
            (Task::Change, Row::Valid(wanted)) => {
                let sent = account.and_then(|account| account.status_sent);
                let was_inactive = sent == Some(Status::Inactive);
                let differences = account.map(|account| wanted.differences(account)).unwrap_or_default();
                // Whoever is active is never set back to `new`.
                if differences == ["status"] && sent == Some(Status::Active) && !wanted.is_inactive() {
                    self.outlook.already_present += 1;
                    return Ok(());
                }
                let kind = match differences.contains(&"status") {
                    true if wanted.is_inactive() => Planned::Deactivated,
                    true if was_inactive => Planned::Reactivated,
                    _ => Planned::Changed,
                };
                if let Some(holder) = held_by {
                    self.held(guid, holder.account.user_guid);
                }
                // A change that is impossible in part is no change.
                if kind != Planned::Changed || held_by.is_none() {
                    self.outlook.count(kind, guid, differences.join(", "));
                }
            }
            (Task::Leave(why), _) => {
                let what = match why {
                    Why::Left => "left the CRM",
                    Why::Barred => "no access, although the row has a data error",
                };
                self.outlook.count(Planned::Deactivated, guid, what);
            }
            (Task::Linked | Task::ReportLinked, Row::Valid(_)) => self.outlook.count(Planned::Linked, guid, ""),
            (Task::UpToDate, _) => self.outlook.already_present += 1,
            _ => {}
        }
        match task.code(row) {
            Some(Code::NotAdopted) => self.outlook.count(Planned::NotAdopted, guid, "the CRM gives no access"),
            Some(Code::Left) => self.outlook.count(Planned::Kept, guid, "left the CRM"),
            _ => {}
        }
        Ok(())
    }

    fn held(&mut self, guid: Uuid, by: impl Display) {
        let what = format!("{} {} by {by}", Field::UserName, Code::Held);
        self.outlook.count(Planned::DataError, guid, what);
    }

    /// A user without an account. `gets_a_name`: an account gives the user name up.
    fn stranger(&mut self, wanted: &Wanted, gets_a_name: bool) {
        let guid = wanted.user_guid();
        let key = wanted.keys(self.values);
        match self.listed.holder(&key.user_id, &key.identifier) {
            _ if gets_a_name => {
                let what = "the user name passes on from another account";
                self.outlook.count(Planned::Imported, guid, what);
            }
            None => self.outlook.count(Planned::Imported, guid, ""),
            Some(holder) if holder.as_str() == key.user_id || self.adopts() => {
                self.outlook.count(Planned::ReadFirst, guid, "");
            }
            Some(holder) => self.held(guid, holder),
        }
    }

    /// Whoever has a user name in the pool may have to give it up.
    fn adopts(&self) -> bool {
        !self.is_own && self.policy.adopts()
    }
}
