//! Sorts a page of CRM rows: import, change, leave alone, leave out.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::naming::Subject;
use super::super::run_context::RunContext;
use super::payload_schema::PayloadSchema;
use super::pool_users::fold;
use super::user_payload::Outgoing;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::reason::Reason;
use crate::domain::user::{Checked, CrmUser, UserRow};
use crate::store::{LedgerRow, LedgerState, PoolUser};
use ic_secureauth_api::{Api, ApiError, PoolId, UserId};

/// A page of CRM rows, sorted.
#[derive(Debug, Default)]
pub(in super::super) struct Plan {
    /// Not in the pool yet.
    pub(in super::super) import: Vec<Outgoing>,
    /// Imported by an earlier run, different in the CRM now.
    pub(in super::super) change: Vec<Outgoing>,
    /// In the pool already, and nothing to change.
    pub(in super::super) already_present: u64,
    /// Data errors of rows that became invalid since they were checked.
    pub(in super::super) issues: Vec<Issue>,
}

pub(super) async fn of(
    context: &RunContext<'_>,
    schema: &PayloadSchema,
    rows: Vec<UserRow>,
    known_invalid: &HashSet<Uuid>,
) -> Result<Plan, StepError> {
    let (users, issues) = outgoing(context.subject(), schema, rows, known_invalid);
    let Some(pool) = context
        .journal
        .pool
        .as_ref()
        .filter(|pool| pool.origin == Origin::Found)
    else {
        return Ok(Plan {
            import: users,
            issues,
            ..Plan::default()
        });
    };
    let candidates = candidates(&users, pool.case_insensitive);
    let listed = context.store().pool_users_before(context.run.id, &candidates).await?;
    let before = PoolBefore {
        subject: context.subject(),
        api: &context.api,
        pool: PoolId::parse(&pool.id).map_err(|_| StepError::Permanent(Reason::SecureauthRefused))?,
        in_flight: context.dependencies().max_in_flight,
    };
    let plan = before.sort(users, listed).await?;
    Ok(Plan { issues, ..plan })
}

/// The page's users in the form in which they are sent, and new data errors.
pub(in super::super) fn outgoing(
    subject: Subject<'_>,
    schema: &PayloadSchema,
    rows: Vec<UserRow>,
    known_invalid: &HashSet<Uuid>,
) -> (Vec<Outgoing>, Vec<Issue>) {
    let mut issues = Vec::new();
    let users = valid_users(rows, known_invalid, schema, &mut issues);
    (users.into_iter().map(|user| subject.outgoing(user)).collect(), issues)
}

/// The keys that would find the users in a pool.
pub(in super::super) fn candidates(users: &[Outgoing], case_insensitive: bool) -> Vec<PoolUser> {
    let candidate = |user: &Outgoing| PoolUser {
        user_id: user.user_id,
        identifier: fold(&user.import.user_name, case_insensitive),
    };
    users.iter().map(candidate).collect()
}

/// A found pool, and what is needed to read it.
#[derive(Debug)]
pub(in super::super) struct PoolBefore<'a, Access> {
    pub(in super::super) subject: Subject<'a>,
    pub(in super::super) api: &'a Api<Access>,
    pub(in super::super) pool: PoolId,
    /// Most calls in flight.
    pub(in super::super) in_flight: usize,
}

impl<Access> PoolBefore<'_, Access> {
    /// Sorts the users into import, change and leave alone. `listed`: users that the pool's list shows.
    pub(in super::super) async fn sort(&self, users: Vec<Outgoing>, listed: HashSet<Uuid>) -> Result<Plan, StepError> {
        let guids: Vec<Uuid> = users.iter().map(|user| user.user_guid).collect();
        let store = &self.subject.dependencies.store;
        let earlier = store
            .earlier_ledger(self.subject.biller_id, self.pool.as_str(), &guids)
            .await?;
        let mut present = listed;
        present.extend(self.there_all_the_same(&users, &earlier, &present).await?);
        let mut plan = Plan::default();
        for user in users {
            if !present.contains(&user.user_id) {
                plan.import.push(user);
            } else if imported(&user, &earlier).is_some_and(|row| row.content_hash != user.hash) {
                plan.change.push(user);
            } else {
                plan.already_present += 1;
            }
        }
        Ok(plan)
    }

    /// Users that an earlier run imported into this pool, that its list omits and that a read by id finds. The list
    /// lags behind writes, and such users must be neither imported again nor deleted by a rollback.
    async fn there_all_the_same(
        &self,
        users: &[Outgoing],
        earlier: &HashMap<Uuid, LedgerRow>,
        listed: &HashSet<Uuid>,
    ) -> Result<HashSet<Uuid>, StepError> {
        let unlisted: Vec<Uuid> = users
            .iter()
            .filter(|user| imported(user, earlier).is_some())
            .map(|user| user.user_id)
            .filter(|id| !listed.contains(id))
            .collect();
        let (api, pool) = (self.api, &self.pool);
        stream::iter(unlisted)
            .map(|id| async move {
                let found = api.user(pool, &UserId::from(id)).await?;
                Ok::<_, ApiError>(found.map(|_| id))
            })
            .buffer_unordered(self.in_flight)
            .try_filter_map(|id| async move { Ok(id) })
            .try_collect()
            .await
            .map_err(StepError::from)
    }
}

/// The ledger row of the earlier run that imported the user with the same id.
fn imported<'a>(user: &Outgoing, earlier: &'a HashMap<Uuid, LedgerRow>) -> Option<&'a LedgerRow> {
    let row = earlier.get(&user.user_guid).filter(|row| row.user_id == user.user_id)?;
    matches!(row.state, LedgerState::Imported | LedgerState::Changed).then_some(row)
}

/// Drops rows that were invalid when checked: they are counted already. Rows that are invalid only now, repeated GUIDs
/// included, become new data errors.
fn valid_users(
    rows: Vec<UserRow>,
    known_invalid: &HashSet<Uuid>,
    schema: &PayloadSchema,
    issues: &mut Vec<Issue>,
) -> Vec<CrmUser> {
    let mut seen = HashSet::new();
    let mut repeated = HashSet::new();
    for guid in rows.iter().filter_map(|row| row.user_guid) {
        if !seen.insert(guid) {
            repeated.insert(guid);
        }
    }
    let mut users = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(guid) = row.user_guid.filter(|guid| !known_invalid.contains(guid)) else {
            continue;
        };
        if repeated.contains(&guid) {
            issues.push(Issue {
                user_guid: Some(guid),
                field: Field::UserGuid,
                code: Code::Duplicate,
            });
            continue;
        }
        match row.check() {
            Ok(Checked::User(user)) => match schema.issues(&user) {
                unfit if unfit.is_empty() => users.push(user),
                unfit => issues.extend(unfit),
            },
            Ok(Checked::Deleted(_)) => {}
            Err(found) => issues.extend(found),
        }
    }
    issues.sort_unstable();
    issues.dedup();
    users
}
