//! Counts the users that a run would import into a pool that exists, change or deactivate there, or leave alone.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::step_error::StepError;
use super::super::steps::leavers::Rekeyed;
use super::super::steps::sync_users::names::Names;
use super::super::steps::sync_users::reader::Reader;
use super::super::steps::sync_users::task::Policy;
use super::super::steps::sync_users::{DoubtfulNames, Values};
use super::super::steps::{PayloadSchema, check_users, payload_schema};
use super::conflicts::Conflicts;
use super::counting::Counting;
use super::listed::Listed;
use super::reading::Reading;
use super::{ImportOutlook, Planned, UsersOutlook};
use crate::domain::run::Kind;
use crate::settings::OnboardingSettings;
use crate::store::{GuidRange, PoolOrigin};
use ic_secureauth_api::Pool;

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
    let accounts = match record {
        Some(record) => dependencies.store.count_accounts(record.no).await?,
        None => 0,
    };
    let is_own = record.map_or(before.is_own, |record| record.origin == PoolOrigin::Created);
    let mut count = Counting {
        api: &reading.api,
        pool,
        is_own,
        names: record.map(|record| Names {
            store: dependencies.store.as_ref(),
            biller_id: subject.biller_id,
            pool: record.no,
            values: &values,
            schema: Some(schema),
            run: None,
            with_linked: false,
        }),
        values: &values,
        policy: Policy::of(&subject.settings.onboarding),
        listed: Listed::read(&reading.api, pool, record, accounts, is_own).await?,
        old: before.rekeyed.iter().map(|rekeyed| rekeyed.from).collect(),
        rekeyed: before
            .rekeyed
            .iter()
            .map(|it| (it.account.user_guid, &it.account))
            .collect(),
        taken: HashMap::new(),
        conflicts: Conflicts::default(),
        deleted: Vec::new(),
        outlook: ImportOutlook::default(),
    };
    for rekeyed in before.rekeyed {
        let what = format!("was {}", rekeyed.from);
        count.outlook.count(Planned::Rekeyed, rekeyed.account.user_guid, what);
    }
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
        for issue in &page.issues {
            let new = issue
                .user_guid
                .filter(|guid| !known.contains(guid) && unfit.insert(*guid));
            if let Some(guid) = new {
                let what = format!("{} {}", issue.field, issue.code);
                count.outlook.count(Planned::DataError, guid, what);
            }
        }
        count.page(page, &known).await?;
    }
    let doubtful = if users.counts.invalid > 0 || !unfit.is_empty() {
        let people = known.union(&unfit).copied().collect();
        let issues = (users.issues.len() + unfit.len()) as u64;
        DoubtfulNames::of(dependencies.store.as_ref(), subject.biller_id, people, issues, &values).await?
    } else {
        DoubtfulNames::default()
    };
    count.deleted(&doubtful, users.guard_limit.saturating_sub(users.guarded));
    count.conflicts.keep(known.into_iter().chain(unfit));
    count.conflicts.settle(&mut count.outlook);
    Ok(count.outlook)
}

/// Whether the run would continue without the users that do not fit the pool's schema.
pub(super) fn verdict(
    kind: Kind,
    users: &UsersOutlook,
    import: &ImportOutlook,
    settings: &OnboardingSettings,
) -> Result<(), StepError> {
    let known = with_issues(users).len() as u64;
    match import.count_of(Planned::DataError) {
        0 => Ok(()),
        unfit => check_users::verdict(kind, known + unfit, users.counts.total, settings),
    }
}

fn with_issues(users: &UsersOutlook) -> HashSet<Uuid> {
    users.issues.iter().filter_map(|issue| issue.user_guid).collect()
}
