//! The pools that a run created. There can be more than one, if the server ignored our id and an answer was lost; after
//! a rollback there is none.

use tracing::{error, info};

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::ensure_pool::organization_of;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::Batch;
use ic_secureauth_api::{Pool, PoolId};

/// Of several pools of a run, the one with users, else the first (docs/decisions.md#second-pool-of-a-run).
pub(super) fn to_keep(pools: &[Pool], is_ours: impl Fn(&Pool) -> bool) -> Option<&Pool> {
    let ours = || pools.iter().filter(|pool| is_ours(pool));
    ours().find(|pool| has_users(pool)).or_else(|| ours().next())
}

/// Deletes empty second pools of this run. The list may lag, so this is done after the creation and again before the
/// activation. A second pool with users makes the run stuck, because none of these users can be ours.
pub(super) async fn remove_doubles(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let created = context.journal.pool.clone();
    let Some(used) = created.filter(|pool| pool.origin == Origin::Created) else {
        return Ok(());
    };
    for double in of_this_run(context).await? {
        if double.id.as_str() == used.id {
            continue;
        }
        if has_users(&double) {
            error!(pool_id = %double.id, "a second pool of the run holds users");
            return Err(StepError::Stuck(Reason::SeveralPools));
        }
        delete(context, &double.id).await?;
    }
    Ok(())
}

/// The pool is empty and came with the organization that the run created, so deleting it loses nothing. If
/// SecureAuth does not show the number of users, the pool may hold some, and does not count as built in.
pub(super) fn is_built_in(pool: &Pool) -> bool {
    pool.marker().is_none() && pool.number_of_users == Some(0)
}

fn has_users(pool: &Pool) -> bool {
    pool.number_of_users.unwrap_or_default() > 0
}

/// Deletes every pool that this run created, with its users (docs/ARCHITECTURE.md#rollback). Raises the generation,
/// only once however often the rollback is repeated, because the id of a deleted pool may stay unusable.
pub(in super::super) async fn rollback(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let ours = of_this_run(context).await?;
    for pool in &ours {
        delete(context, &pool.id).await?;
    }
    let recorded = context.journal.pool.as_ref();
    let created = recorded.is_some_and(|pool| pool.origin == Origin::Created) || !ours.is_empty();
    let generation = (created && context.journal.generation_after.is_none()).then_some(context.run.generation + 1);
    let batch = Batch {
        entries: vec![Entry::PoolsRolledBack { generation }],
        generation,
        ..Batch::default()
    };
    Ok(context.write(batch).await?)
}

/// The pools that this run created: the journal holds the intent, and the marker names this run. Looks by id and in the
/// organization's list.
pub(in super::super) async fn of_this_run(context: &RunContext<'_>) -> Result<Vec<Pool>, StepError> {
    if !context.journal.pool_intended {
        return Ok(Vec::new());
    }
    let Ok(organization) = organization_of(context) else {
        return Ok(Vec::new());
    };
    let mut pools = context.api.pools_of(&organization).await?;
    if let Some(recorded) = &context.journal.pool {
        let id = PoolId::parse(&recorded.id).map_err(|_| StepError::Permanent(Reason::SecureauthRefused))?;
        if !pools.iter().any(|pool| pool.id == id) {
            pools.extend(context.api.pool(&id).await?.map(|found| found.value));
        }
    }
    pools.retain(|pool| {
        !pool.deleted
            && context.created(pool.marker().as_ref())
            && pool.workspace_id.as_deref() == Some(organization.as_str())
    });
    Ok(pools)
}

pub(super) async fn delete(context: &mut RunContext<'_>, id: &PoolId) -> Result<(), StepError> {
    let pool_id = id.to_string();
    context
        .note(Entry::DeletePool {
            pool_id: pool_id.clone(),
        })
        .await?;
    context.api.delete_pool(id).await?;
    info!(pool_id, "pool deleted");
    Ok(context.note(Entry::PoolDeleted { pool_id }).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(id: &str, users: u64) -> Pool {
        let pool = serde_json::json!({"id": id, "number_of_users": users});
        serde_json::from_value(pool).expect("a pool")
    }

    fn kept(pools: &[Pool]) -> Option<&str> {
        to_keep(pools, |pool| pool.id.as_str() != "theirs").map(|pool| pool.id.as_str())
    }

    #[test]
    fn only_an_unmarked_pool_that_shows_no_users_is_built_in() {
        assert!(is_built_in(&pool("a", 0)));
        assert!(!is_built_in(&pool("a", 1)));
        let uncounted = serde_json::from_value(serde_json::json!({"id": "a"})).expect("a pool");
        assert!(!is_built_in(&uncounted));
    }

    #[test]
    fn of_two_pools_of_a_run_the_one_with_users_is_kept_or_the_first() {
        assert_eq!(kept(&[pool("a", 0), pool("b", 3)]), Some("b"));
        assert_eq!(kept(&[pool("a", 0), pool("b", 0)]), Some("a"));
        assert_eq!(kept(&[pool("theirs", 3), pool("b", 0)]), Some("b"));
        assert_eq!(kept(&[pool("theirs", 3)]), None);
    }
}
