//! Counts the users that a run would import into a pool that exists, change there, or leave alone.

use std::collections::{HashMap, HashSet};

use super::super::failure::StepError;
use super::super::steps::sync_users::reader::{CrmRow, Reader, UserInPage};
use super::super::steps::sync_users::task::{Row, Task};
use super::super::steps::sync_users::{Values, Wanted};
use super::super::steps::{PayloadSchema, check_users, payload_schema, pool_users};
use super::reading::Reading;
use super::{ImportOutlook, UsersOutlook};
use crate::settings::OnboardingSettings;
use crate::store::{GuidRange, PoolOrigin, PoolRecord};
use ic_secureauth_api::{MAX_PAGE, Pool, ReadOnlyApi, UserId};

/// Reads the pool's list, then the biller's users page by page. `schema` is that of `SECUREAUTH_PAYLOAD_SCHEMA_ID`; `is_own`: the
/// pool carries the marker of an earlier run.
pub(super) async fn into_found(
    reading: &Reading<'_>,
    pool: &Pool,
    is_own: bool,
    users: &UsersOutlook,
    schema: &PayloadSchema,
) -> Result<ImportOutlook, StepError> {
    let (subject, dependencies) = (reading.subject, reading.subject.dependencies);
    let id = pool.payload_schema_id.as_ref().map(ToString::to_string);
    let id = payload_schema::parse(&id.unwrap_or_default())?;
    let of_pool;
    let schema = if id == *schema.id() {
        schema
    } else {
        of_pool = reading.schema(id.as_str()).await?;
        &of_pool
    };
    let record = dependencies.store.pool(subject.biller_id, pool.id.as_str()).await?;
    let generation = record.map_or(subject.generation, |record| record.generation);
    let mut count = Counting {
        api: &reading.api,
        pool,
        is_own: record.map_or(is_own, |record| record.origin == PoolOrigin::Created),
        values: Values::of(subject, generation, pool.identifier_case_insensitive),
        listed: Listed::read(&reading.api, pool, record).await?,
        outlook: ImportOutlook::default(),
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
        for user in page.users {
            if !known.contains(&user.user_guid) {
                count.user(user).await?;
            }
        }
    }
    unfit.retain(|guid| !known.contains(guid));
    count.outlook.unfit += unfit.len() as u64;
    Ok(count.outlook)
}

struct Counting<'a> {
    api: &'a ReadOnlyApi,
    pool: &'a Pool,
    is_own: bool,
    values: Values,
    listed: Listed,
    outlook: ImportOutlook,
}

impl Counting<'_> {
    async fn user(&mut self, user: UserInPage) -> Result<(), StepError> {
        let CrmRow::Valid(valid) = user.row else { return Ok(()) };
        let wanted = self.values.wanted(valid);
        let row = Row::Valid(wanted.clone());
        match Task::of(&row, user.account.as_ref()) {
            Task::Join => self.stranger(&wanted),
            Task::Look => {
                let id = wanted.user_id(&self.values);
                match self.api.user(&self.pool.id, &id).await? {
                    Some(_) => self.outlook.already_present += 1,
                    None => self.outlook.imported += 1,
                }
            }
            Task::Change => self.outlook.changed += 1,
            Task::Linked => self.outlook.linked += 1,
            Task::Nothing | Task::Keep | Task::Deactivate => self.outlook.already_present += 1,
        }
        Ok(())
    }

    /// A user without an account.
    fn stranger(&mut self, wanted: &Wanted) {
        let key = wanted.keys(&self.values);
        match self.listed.holder(&key.user_id, &key.identifier) {
            None => self.outlook.imported += 1,
            Some(_) if !self.is_own => self.outlook.linked += 1,
            Some(holder) if holder.as_str() == key.user_id => self.outlook.already_present += 1,
            Some(_) => self.outlook.unfit += 1,
        }
    }
}

/// Whether the run would continue without the users that do not fit the pool's schema.
pub(super) fn verdict(
    users: &UsersOutlook,
    import: &ImportOutlook,
    settings: &OnboardingSettings,
) -> Result<(), StepError> {
    match import.unfit {
        0 => Ok(()),
        unfit => check_users::verdict(with_issues(users).len() as u64 + unfit, users.counts.total, settings),
    }
}

fn with_issues(users: &UsersOutlook) -> HashSet<uuid::Uuid> {
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
