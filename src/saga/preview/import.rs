//! Counts the users that a run would import into a found pool, change there, or leave alone.

use std::collections::HashSet;

use uuid::Uuid;

use super::super::failure::StepError;
use super::super::steps::import_plan::{self, PoolBefore};
use super::super::steps::{PayloadSchema, check_users, payload_schema, pool_users};
use super::reading::Reading;
use super::{ImportOutlook, UsersOutlook};
use crate::settings::OnboardingSettings;
use crate::store::PoolUser;
use ic_secureauth_api::{MAX_PAGE, Pool, ReadOnlyApi};

/// Reads the pool's list, then the biller's users page by page. `schema` is that of `SECUREAUTH_PAYLOAD_SCHEMA_ID`.
pub(super) async fn into_found(
    reading: &Reading<'_>,
    pool: &Pool,
    users: &UsersOutlook,
    schema: &PayloadSchema,
) -> Result<ImportOutlook, StepError> {
    let mut outlook = ImportOutlook::default();
    if users.counts.total == 0 {
        return Ok(outlook);
    }
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
    let case_insensitive = pool.identifier_case_insensitive;
    let listed = Listed::read(&reading.api, pool).await?;
    let before = PoolBefore {
        subject,
        api: &reading.api,
        pool: pool.id.clone(),
        in_flight: 1,
    };
    let known = with_issues(users);
    let mut unfit = HashSet::new();
    let mut after = None;
    loop {
        let rows = dependencies
            .store
            .users_page(subject.biller_id, after, dependencies.run.users_per_page);
        let rows = rows.await?;
        let Some(last) = rows.last().and_then(|row| row.user_guid) else {
            outlook.unfit = unfit.len() as u64;
            return Ok(outlook);
        };
        after = Some(last);
        let (users, issues) = import_plan::outgoing(subject, schema, rows, &known);
        unfit.extend(issues.iter().map(|issue| issue.user_guid));
        let present = listed.of(import_plan::candidates(&users, case_insensitive));
        let page = before.sort(users, present).await?;
        outlook.imported += page.import.len() as u64;
        outlook.changed += page.change.len() as u64;
        outlook.already_present += page.already_present;
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

fn with_issues(users: &UsersOutlook) -> HashSet<Uuid> {
    users.issues.iter().filter_map(|issue| issue.user_guid).collect()
}

/// The ids and user names that a pool's list shows. A run records them in `PoolUserBefore`. A preview writes nothing,
/// so it holds them in memory, about 150 bytes per user; `plan` is a process of its own.
#[derive(Default)]
struct Listed {
    ids: HashSet<Uuid>,
    identifiers: HashSet<String>,
}

impl Listed {
    async fn read(api: &ReadOnlyApi, pool: &Pool) -> Result<Self, StepError> {
        let mut listed = Self::default();
        let mut after = None;
        loop {
            let page = api.users_page(&pool.id, after.as_ref(), MAX_PAGE).await?;
            let rows = page
                .iter()
                .flat_map(|user| pool_users::rows(user, pool.identifier_case_insensitive));
            for row in rows {
                listed.ids.insert(row.user_id);
                if !row.identifier.is_empty() {
                    listed.identifiers.insert(row.identifier);
                }
            }
            after = page.into_iter().last().map(|user| user.id);
            if after.is_none() {
                return Ok(listed);
            }
        }
    }

    /// The candidates that the pool holds by id or by user name, judged as with `PoolUserBefore`.
    fn of(&self, candidates: Vec<PoolUser>) -> HashSet<Uuid> {
        let there = |user: &PoolUser| self.ids.contains(&user.user_id) || self.identifiers.contains(&user.identifier);
        candidates.into_iter().filter(there).map(|user| user.user_id).collect()
    }
}
