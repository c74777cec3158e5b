//! Counts the users that a run would import into a pool that exists, change or deactivate there, or leave alone.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::failure::StepError;
use super::super::steps::leavers::Rekeyed;
use super::super::steps::sync_users::names::{Holder, Names, Right};
use super::super::steps::sync_users::reader::{CrmRow, Page, Reader, UserInPage};
use super::super::steps::sync_users::task::{Policy, Row, Task, Why};
use super::super::steps::sync_users::{Values, Wanted};
use super::super::steps::{PayloadSchema, check_users, payload_schema, pool_users};
use super::reading::Reading;
use super::{ImportOutlook, UsersOutlook};
use crate::domain::run::Kind;
use crate::domain::tally::Effect;
use crate::domain::user::Status;
use crate::settings::OnboardingSettings;
use crate::store::{Account, GuidRange, PoolOrigin, PoolRecord, PoolUser, StoreError};
use ic_secureauth_api::{MAX_PAGE, Pool, ReadOnlyApi, UserId};

/// What is known of the pool and its users before the import is counted.
pub(super) struct Before<'a> {
    pub(super) pool: &'a Pool,
    /// It carries the marker of an earlier run.
    pub(super) is_own: bool,
    pub(super) users: &'a UsersOutlook,
    pub(super) rekeyed: &'a [Rekeyed],
    /// The schema `SECUREAUTH_PAYLOAD_SCHEMA_ID`.
    pub(super) schema: &'a PayloadSchema,
}

/// Reads the pool's list, then the biller's users and accounts page by page.
pub(super) async fn into_found(reading: &Reading<'_>, before: Before<'_>) -> Result<ImportOutlook, StepError> {
    let (subject, dependencies) = (reading.subject, reading.subject.dependencies);
    let Before { pool, users, .. } = before;
    let id = pool.payload_schema_id.as_ref().map(ToString::to_string);
    let id = payload_schema::parse(&id.unwrap_or_default())?;
    let of_pool;
    let schema = if id == *before.schema.id() {
        before.schema
    } else {
        of_pool = reading.schema(id.as_str()).await?;
        &of_pool
    };
    let record = dependencies.store.pool(subject.biller_id, pool.id.as_str()).await?;
    let generation = record.map_or(subject.generation, |record| record.generation);
    let values = Values::of(subject, generation, pool.identifier_case_insensitive);
    let mut count = Counting {
        api: &reading.api,
        pool,
        is_own: record.map_or(before.is_own, |record| record.origin == PoolOrigin::Created),
        names: record.map(|record| Names {
            store: dependencies.store.as_ref(),
            biller_id: subject.biller_id,
            pool: record.no,
            values: &values,
            schema: Some(schema),
            run: None,
        }),
        values: &values,
        policy: Policy::of(&subject.settings.onboarding),
        listed: Listed::read(&reading.api, pool, record).await?,
        old: before.rekeyed.iter().map(|rekeyed| rekeyed.from).collect(),
        rekeyed: before
            .rekeyed
            .iter()
            .map(|it| (it.account.user_guid, &it.account))
            .collect(),
        taken: HashSet::new(),
        deleted: Vec::new(),
        outlook: ImportOutlook {
            rekeyed: before.rekeyed.len() as u64,
            ..ImportOutlook::default()
        },
    };
    let reader = Reader {
        store: dependencies.store.as_ref(),
        biller_id: subject.biller_id,
        pool: record.map(|record| record.no),
        run: None,
        schema: Some(schema),
        limit: dependencies.run.users_per_page,
    };
    let known = with_issues(users);
    let mut unfit = HashSet::new();
    let mut rest = Some(GuidRange::default());
    while let Some(range) = rest {
        let page = reader.page(range).await?;
        rest = page.rest(range);
        unfit.extend(page.issues.iter().filter_map(|issue| issue.user_guid));
        count.page(page, &known).await?;
    }
    count.deleted().await?;
    unfit.retain(|guid| !known.contains(guid));
    count.outlook.unfit += unfit.len() as u64;
    Ok(count.outlook)
}

struct Counting<'a> {
    api: &'a ReadOnlyApi,
    pool: &'a Pool,
    is_own: bool,
    values: &'a Values,
    policy: Policy,
    /// `None`: no run has used the pool, so it has no accounts.
    names: Option<Names<'a>>,
    listed: Listed,
    old: HashSet<Uuid>,
    rekeyed: HashMap<Uuid, &'a Account>,
    /// Ids of users whom accounts have, or people who are counted.
    taken: HashSet<Option<String>>,
    deleted: Vec<Account>,
    outlook: ImportOutlook,
}

impl Counting<'_> {
    async fn page(&mut self, page: Page, known: &HashSet<Uuid>) -> Result<(), StepError> {
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
        let deleted = page.deleted.iter();
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
    async fn deleted(&mut self) -> Result<(), StepError> {
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
        let is_held = holder.is_some_and(|holder| holder.right == Right::Entitled);
        match (Task::of(row, account, self.policy), row) {
            (Task::Join, Row::Valid(_)) if is_held => self.outlook.unfit += 1,
            (Task::Join, Row::Valid(wanted)) => self.stranger(wanted, holder.is_some()),
            (Task::Look, Row::Valid(wanted)) => {
                let id = account.map_or_else(|| wanted.user_id(self.values), |account| self.values.user_id(account));
                match self.api.user(&self.pool.id, &id).await? {
                    Some(_) => self.outlook.read_first(guid),
                    None => self.outlook.count(Effect::Imported, guid, "missing in the pool"),
                }
            }
            (Task::Change, Row::Valid(wanted)) => {
                let was_inactive = account.is_some_and(|account| account.status_sent == Some(Status::Inactive));
                let differences = account.map(|account| wanted.differences(account)).unwrap_or_default();
                let effect = match differences.contains(&"status") {
                    true if wanted.is_inactive() => Effect::Deactivated,
                    true if was_inactive => Effect::Reactivated,
                    _ => Effect::Changed,
                };
                self.outlook.count(effect, guid, differences.join(", "));
            }
            (Task::Leave(why), _) => {
                let what = match why {
                    Why::Left => "left the CRM",
                    Why::Barred => "no access, although the row has a data error",
                };
                self.outlook.count(Effect::Deactivated, guid, what);
            }
            (Task::Linked, _) => self.outlook.count(Effect::Linked, guid, ""),
            (Task::ReportLinked, Row::Valid(_)) => {
                self.outlook.count(Effect::Linked, guid, "the CRM gives no access");
            }
            (Task::UpToDate, _) => self.outlook.already_present += 1,
            _ => {}
        }
        Ok(())
    }

    /// A user without an account. `gets_a_name`: an account gives the user name up.
    fn stranger(&mut self, wanted: &Wanted, gets_a_name: bool) {
        let guid = wanted.user_guid();
        let key = wanted.keys(self.values);
        match self.listed.holder(&key.user_id, &key.identifier) {
            _ if gets_a_name => {
                let what = "the user name passes on from another account";
                self.outlook.count(Effect::Imported, guid, what);
            }
            None => self.outlook.count(Effect::Imported, guid, ""),
            Some(holder) if holder.as_str() == key.user_id => self.outlook.read_first(guid),
            Some(_) => self.outlook.unfit += 1,
        }
    }
}

/// Whether the run would continue without the users that do not fit the pool's schema.
pub(super) fn verdict(
    kind: Kind,
    users: &UsersOutlook,
    import: &ImportOutlook,
    settings: &OnboardingSettings,
) -> Result<(), StepError> {
    let known = with_issues(users).len() as u64;
    match import.unfit {
        0 => Ok(()),
        unfit => check_users::verdict(kind, known + unfit, users.counts.total, settings),
    }
}

fn with_issues(users: &UsersOutlook) -> HashSet<Uuid> {
    users.issues.iter().filter_map(|issue| issue.user_guid).collect()
}

/// The ids and user names that a pool's list shows. A run records them in `PoolUserBefore`. A preview writes nothing,
/// so it holds them in memory, about 150 bytes per user; `plan` is a process of its own.
#[derive(Default)]
struct Listed {
    ids: HashSet<UserId>,
    identifiers: HashMap<String, UserId>,
}

impl Listed {
    /// Nothing is read where the accounts tell who is in the pool.
    async fn read(api: &ReadOnlyApi, pool: &Pool, record: Option<PoolRecord>) -> Result<Self, StepError> {
        let mut listed = Self::default();
        let at_end = record.and_then(|record| record.users_at_end);
        if at_end.is_some() && at_end == pool.number_of_users {
            return Ok(listed);
        }
        let mut after = None;
        loop {
            let page = api.users_page(&pool.id, after.as_ref(), MAX_PAGE).await?;
            for user in &page {
                listed.ids.insert(user.id.clone());
                for row in pool_users::rows(user, pool.identifier_case_insensitive) {
                    listed.identifiers.insert(row.identifier, user.id.clone());
                }
            }
            after = page.into_iter().last().map(|user| user.id);
            if after.is_none() {
                return Ok(listed);
            }
        }
    }

    /// Who has the id or the user name, judged as with `PoolUserBefore`.
    fn holder(&self, user_id: &str, identifier: &str) -> Option<UserId> {
        let by_id = UserId::parse(user_id).ok().filter(|id| self.ids.contains(id));
        by_id.or_else(|| self.identifiers.get(identifier).cloned())
    }
}
