//! Counts the users of each page by what a run would do with them.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::step_error::StepError;
use super::super::steps::sync_users::names::{Holder, Names, Right};
use super::super::steps::sync_users::reader::{CrmRow, Page, UserInPage};
use super::super::steps::sync_users::task::{Policy, Row, Task, Why};
use super::super::steps::sync_users::{DoubtfulNames, Values, Wanted};
use super::conflicts::{Conflicts, HeldBy, held};
use super::listed::Listed;
use super::{ImportOutlook, Planned};
use crate::domain::issue::{Code, Field};
use crate::domain::user::{BarredUser, Status};
use crate::store::{Account, PoolUser, StoreError};
use ic_secureauth_api::{DerivedIds, Pool, ReadOnlyApi, UserId};

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
    /// Ids of users whom accounts have, or people who are counted, and who has them.
    pub(super) taken: HashMap<String, Uuid>,
    pub(super) conflicts: Conflicts,
    /// People whose row gives no access, with the accounts that they would get.
    pub(super) deleted: Vec<(BarredUser, Account)>,
    pub(super) outlook: ImportOutlook,
}

impl Counting<'_> {
    pub(super) async fn page(&mut self, page: Page, known: &HashSet<Uuid>) -> Result<(), StepError> {
        let mut users = Vec::new();
        let mut gone = HashSet::new();
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
            // Whoever has lost the user is from now on somebody without an account: somebody else may have the name by now.
            let account = match account {
                Some(account) if self.is_gone(&row, &account).await? => {
                    if !matches!(row, Row::Valid(_)) {
                        continue;
                    }
                    gone.insert(user_guid);
                    None
                }
                account => account,
            };
            users.push((user_guid, row, account));
        }
        let deleted = page.barred.into_iter();
        let deleted: Vec<(BarredUser, Account)> = deleted
            .filter_map(|user| {
                let account = self.linked(user.user_guid, &self.values.keys(user.user_guid, &user.user_name))?;
                Some((user, account))
            })
            .collect();
        let strangers = users.iter().filter(|(_, _, account)| account.is_none());
        let linked: HashMap<Uuid, Account> = strangers
            .filter_map(|(guid, row, _)| match row {
                Row::Valid(wanted) => Some((*guid, self.linked(*guid, &wanted.keys(self.values))?)),
                _ => None,
            })
            .collect();
        let known = self
            .users_of_accounts(
                &users,
                linked.values().chain(deleted.iter().map(|(_, account)| account)),
            )
            .await?;
        let mut holders = self.holders(&users, &known).await?;
        self.deleted.extend(deleted);
        for (guid, row, account) in users {
            let linked = linked
                .get(&guid)
                .filter(|it| !holders.contains_key(&guid) && self.take(it));
            let holder = holders.remove(&guid);
            let what = if gone.contains(&guid) {
                "missing in the pool"
            } else {
                ""
            };
            self.user(guid, &row, account.as_ref().or(linked), holder.as_ref(), what);
        }
        Ok(())
    }

    /// Whether nobody had the account's user before.
    fn take(&mut self, account: &Account) -> bool {
        let Some(id) = &account.user_id else { return false };
        let user = account.user_guid;
        *self.taken.entry(id.clone()).or_insert(user) == user
    }

    /// The account that somebody without one gets if the found pool holds the user.
    fn linked(&self, guid: Uuid, key: &PoolUser) -> Option<Account> {
        let holder = self
            .listed
            .holder(&key.user_id, &key.identifier)
            .filter(|id| !self.is_own && (id.as_str() == key.user_id || !may_be_of_an_account(id)))?;
        Some(Account::linked(guid, holder.to_string()))
    }

    /// The accounts that keep an id of SecureAuth which people of the page would get, or whose name they would get. Users whom accounts
    /// have already are linked to nobody else.
    async fn users_of_accounts(
        &mut self,
        users: &[(Uuid, Row, Option<Account>)],
        linked: impl Iterator<Item = &Account> + Send,
    ) -> Result<HashMap<String, Account>, StoreError> {
        let Some(names) = self.names else {
            return Ok(HashMap::new());
        };
        let mut ids: HashSet<String> = linked.filter_map(|account| account.user_id.clone()).collect();
        for (wanted, account) in takers(users) {
            let key = wanted.keys(self.values);
            ids.extend(self.listed.holder_of_name(&key.identifier).map(ToString::to_string));
            ids.extend(account.is_none().then_some(key.user_id));
        }
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = ids.into_iter().collect();
        let accounts = names.store.accounts_by_user_id(&ids, names.pool).await?.into_iter();
        let known: HashMap<String, Account> = accounts
            .filter_map(|account| Some((account.user_id.clone()?, account)))
            .collect();
        let taken = known.iter().map(|(id, account)| (id.clone(), account.user_guid));
        self.taken.extend(taken);
        Ok(known)
    }

    /// People whose row is `deleted` and whom the pool holds: after everybody with a valid row, as in a run. `room`: so many may be adopted.
    pub(super) fn deleted(&mut self, doubtful: &DoubtfulNames, mut room: u64) {
        for (person, account) in std::mem::take(&mut self.deleted) {
            let user = person.user_guid;
            let key = self.values.keys(user, &person.user_name);
            let is_by_id = account.user_id.as_ref() == Some(&key.user_id);
            let is_doubtful = !is_by_id && doubtful.has(&person, self.values);
            let is_free = if is_doubtful {
                !account.user_id.as_ref().is_some_and(|id| self.taken.contains_key(id))
            } else {
                self.take(&account)
            };
            if !is_free {
                continue;
            }
            let adopts = self.policy.adopts();
            if is_doubtful || (adopts && room == 0) {
                self.outlook.count(Planned::NotAdopted, user, "the CRM gives no access");
                continue;
            }
            room -= u64::from(adopts);
            self.user(user, &Row::Gone, Some(&account), None, "");
        }
    }

    /// Who has the user names that people of the page are to get: the accounts tell, then the pool's list.
    async fn holders(
        &self,
        users: &[(Uuid, Row, Option<Account>)],
        known: &HashMap<String, Account>,
    ) -> Result<HashMap<Uuid, HeldBy>, StoreError> {
        let Some(names) = self.names else {
            return Ok(HashMap::new());
        };
        let all: Vec<&Wanted> = takers(users).map(|(wanted, _)| wanted).collect();
        let mut holders = names.holders(&all).await?;
        let mut strangers = HashMap::new();
        let mut by_ids = Vec::new();
        for (wanted, account) in takers(users).filter(|(wanted, _)| !holders.contains_key(&wanted.user_guid())) {
            let key = wanted.keys(self.values);
            let own = account.map_or_else(|| wanted.user_id(self.values), |account| self.values.user_id(account));
            let listed = self.listed.holder_of_name(&key.identifier).filter(|id| **id != own);
            match listed.map(|id| (id, known.get(id.as_str()))) {
                Some((_, Some(holder))) => by_ids.push((wanted, holder.clone())),
                // Somebody without an account in a found pool is linked.
                Some((id, None)) if account.is_some() || self.is_own => {
                    strangers.insert(wanted.user_guid(), HeldBy::Stranger(id.clone()));
                }
                _ => {}
            }
        }
        holders.extend(names.of(by_ids).await?);
        let by_accounts = holders.into_iter().map(|(taker, holder)| {
            let right = if self.policy.leaves_alone(&holder.account) {
                Right::Entitled
            } else {
                holder.right
            };
            (taker, HeldBy::Account(Holder { right, ..holder }))
        });
        Ok(by_accounts.chain(strangers).collect())
    }

    /// A run would find that the pool does not hold the account's user any more.
    async fn is_gone(&self, row: &Row, account: &Account) -> Result<bool, StepError> {
        let id = self.values.user_id(account);
        let is_doubted = match Task::of(row, Some(account), self.policy) {
            // The run reads the user in any case; the list that was just read saves it here.
            Task::Look => !self.listed.holds(&id),
            Task::Leave(_) if account.open => !self.listed.holds(&id),
            Task::UpToDate | Task::Change | Task::Linked | Task::ReportLinked | Task::ReportLeaver | Task::Leave(_) => {
                !account.open && self.listed.lacks(&id)
            }
            _ => false,
        };
        Ok(is_doubted && self.api.user(&self.pool.id, &id).await?.is_none())
    }

    /// `what`: said of somebody who is imported.
    fn user(&mut self, guid: Uuid, row: &Row, account: Option<&Account>, holder: Option<&HeldBy>, what: &str) {
        let task = Task::of(row, account, self.policy);
        match (task, row) {
            (Task::Join, Row::Valid(wanted)) => self.stranger(wanted, holder, what),
            (Task::Look, Row::Valid(_)) => self.outlook.count(Planned::ReadFirst, guid, ""),
            (Task::Change, Row::Valid(wanted)) => {
                let sent = account.and_then(|account| account.status_sent);
                let was_inactive = sent == Some(Status::Inactive);
                let differences = account.map(|account| wanted.differences(account)).unwrap_or_default();
                // Whoever is active is never set back to `new`.
                if differences == ["status"] && sent == Some(Status::Active) && !wanted.is_inactive() {
                    self.outlook.already_present += 1;
                    return;
                }
                let kind = match differences.contains(&"status") {
                    true if wanted.is_inactive() => Planned::Deactivated,
                    true if was_inactive => Planned::Reactivated,
                    _ => Planned::Changed,
                };
                let what = differences.join(", ");
                if let Some(giver) = holder.and_then(HeldBy::gives_up) {
                    self.conflicts.wait(guid, kind, what, giver.account.user_guid);
                    return;
                }
                let keeper = holder.and_then(HeldBy::keeps);
                if let Some(keeper) = &keeper {
                    held(&mut self.outlook, guid, Field::UserName, keeper);
                    self.conflicts.keep([guid]);
                }
                // A change that is impossible in part is no change.
                if kind != Planned::Changed || keeper.is_none() {
                    self.outlook.count(kind, guid, what);
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
    }

    /// A user without an account.
    fn stranger(&mut self, wanted: &Wanted, holder: Option<&HeldBy>, what: &str) {
        let guid = wanted.user_guid();
        let key = wanted.keys(self.values);
        let outlook = &mut self.outlook;
        if let Some(other) = self.taken.get(&key.user_id).filter(|other| **other != guid) {
            // The GUID had the user before its person got another one.
            return held(outlook, guid, Field::UserGuid, other);
        }
        if let Some(giver) = holder.and_then(HeldBy::gives_up) {
            let what = "the user name passes on from another account";
            return self
                .conflicts
                .wait(guid, Planned::Imported, what, giver.account.user_guid);
        }
        if let Some(keeper) = holder.and_then(HeldBy::keeps) {
            return held(outlook, guid, Field::UserName, keeper);
        }
        match self.listed.holder(&key.user_id, &key.identifier) {
            None => outlook.count(Planned::Imported, guid, what),
            Some(id) if id.as_str() == key.user_id => outlook.count(Planned::ReadFirst, guid, ""),
            Some(id) => match self.taken.get(id.as_str()) {
                _ if !self.is_own && self.policy.adopts() && !may_be_of_an_account(&id) => {
                    outlook.count(Planned::ReadFirst, guid, "");
                }
                Some(other) => held(outlook, guid, Field::UserName, other),
                None => held(outlook, guid, Field::UserName, id),
            },
        }
    }
}

/// An id of the form of ours: accounts do not keep those, so whose it is cannot be looked up.
fn may_be_of_an_account(id: &UserId) -> bool {
    DerivedIds::may_be_user_id(id.as_str())
}

/// The users who are to get a user name, with their accounts.
fn takers(users: &[(Uuid, Row, Option<Account>)]) -> impl Iterator<Item = (&Wanted, Option<&Account>)> {
    users.iter().filter_map(|(_, row, account)| match row {
        Row::Valid(wanted) if account.as_ref().is_none_or(|account| wanted.renames(account)) => {
            Some((wanted, account.as_ref()))
        }
        _ => None,
    })
}
