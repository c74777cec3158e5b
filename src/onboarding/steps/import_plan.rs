//! What is to be done about a page of the CRM's rows: import, change, leave alone, leave out.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::facts::{Origin, PoolFact};
use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::payload_schema::PayloadSchema;
use super::pool_users::fold;
use super::user_payload::Outgoing;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::reason::Reason;
use crate::domain::user::{Checked, CrmUser, UserRow};
use crate::ic_secureauth_api::{ApiError, PoolId, UserId};
use crate::store::{LedgerRow, LedgerState, PoolUser};

/// A page, sorted out.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Not in the pool yet.
    pub(super) import: Vec<Outgoing>,
    /// Imported by an earlier run, different in the CRM now.
    pub(super) change: Vec<Outgoing>,
    /// There already, and nothing to change.
    pub(super) already_present: u64,
    /// Rows that became invalid since they were checked.
    pub(super) issues: Vec<Issue>,
}

pub(super) async fn of(
    context: &RunContext<'_>,
    schema: &PayloadSchema,
    rows: Vec<UserRow>,
    known_invalid: &HashSet<Uuid>,
) -> Result<Plan, StepError> {
    let mut plan = Plan::default();
    let users = valid_users(rows, known_invalid, schema, &mut plan.issues);
    let outgoing: Vec<Outgoing> = users.into_iter().map(|user| context.outgoing(user)).collect();
    let Some(pool) = context.facts.pool.as_ref().filter(|pool| pool.origin == Origin::Found) else {
        plan.import = outgoing;
        return Ok(plan);
    };
    let guids: Vec<Uuid> = outgoing.iter().map(|user| user.user_guid).collect();
    let biller = &context.run.biller_id;
    let earlier = context.store().earlier_ledger(biller, &pool.id, &guids).await?;
    let candidates: Vec<PoolUser> = outgoing
        .iter()
        .map(|user| PoolUser {
            user_id: user.user_id,
            identifier: fold(&user.import.user_name, pool.case_insensitive),
        })
        .collect();
    let mut present = context.store().pool_users_before(context.run.id, &candidates).await?;
    present.extend(there_all_the_same(context, pool, &outgoing, &earlier, &present).await?);
    for user in outgoing {
        if !present.contains(&user.user_id) {
            plan.import.push(user);
            continue;
        }
        let changed = earlier.get(&user.user_guid).is_some_and(|row| {
            let imported = matches!(row.state, LedgerState::Imported | LedgerState::Changed);
            imported && row.user_id == user.user_id && row.content_hash != user.hash
        });
        if changed {
            plan.change.push(user);
        } else {
            plan.already_present += 1;
        }
    }
    Ok(plan)
}

/// Users that an earlier run imported into this pool, that its list did not show and that are there when asked for: the
/// list is eventually consistent, and they must neither be imported again nor deleted by a taking-back.
async fn there_all_the_same(
    context: &RunContext<'_>,
    pool: &PoolFact,
    users: &[Outgoing],
    earlier: &HashMap<Uuid, LedgerRow>,
    listed: &HashSet<Uuid>,
) -> Result<HashSet<Uuid>, StepError> {
    let pool = &PoolId::parse(&pool.id).map_err(|_| StepError::Permanent(Reason::SecureauthRefused))?;
    let imported = |user: &&Outgoing| {
        let row = earlier.get(&user.user_guid).filter(|row| row.user_id == user.user_id);
        row.is_some_and(|row| matches!(row.state, LedgerState::Imported | LedgerState::Changed))
    };
    let unlisted: Vec<Uuid> = users
        .iter()
        .filter(imported)
        .map(|user| user.user_id)
        .filter(|id| !listed.contains(id))
        .collect();
    let api = &context.api;
    stream::iter(unlisted)
        .map(|id| async move {
            let found = api.user(pool, &UserId::from(id)).await?;
            Ok::<_, ApiError>(found.map(|_| id))
        })
        .buffer_unordered(context.parts().max_in_flight)
        .try_filter_map(|id| async move { Ok(id) })
        .try_collect()
        .await
        .map_err(StepError::from)
}

/// Rows found invalid before were counted then. Rows that are invalid only now, repeated keys included, are new issues.
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
