//! The pools that a run created. There can be more than one, if the server ignored our id and an answer was lost; after
//! a rollback there is none.

use tracing::{error, info};

use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::ensure_pool::organization_of;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::Batch;
use ic_secureauth_api::{OrganizationId, Pool, PoolId};

/// Of several pools of a run, the one with users, else the first (docs/decisions.md#second-pool-of-a-run).
pub(super) fn to_keep(pools: &[Pool], is_ours: impl Fn(&Pool) -> bool) -> Result<Option<&Pool>, StepError> {
    let ours: Vec<&Pool> = pools.iter().filter(|pool| is_ours(pool)).collect();
    if ours.len() > 1 {
        for pool in &ours {
            if has_users(pool)? {
                return Ok(Some(pool));
            }
        }
    }
    Ok(ours.first().copied())
}

/// Deletes empty second pools of this run. The list may lag, so this is done after the creation and again before the
/// activation. A second pool with users makes the run stuck, because none of these users can be ours.
pub(super) async fn remove_doubles(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let created = context.journal.pool.clone();
    let Some(used) = created.filter(|pool| pool.origin == Origin::Created && !pool.is_only_one) else {
        return Ok(());
    };
    for double in of_this_run(context).await? {
        if double.id.as_str() == used.id {
            continue;
        }
        if has_users(&double)? {
            error!(pool_id = %double.id, "a second pool of the run holds users");
            let cause = format!(
                "the run created the pools {} and {}, and the latter holds users",
                used.id, double.id
            );
            return Err(StepError::stuck(Reason::SeveralPools).because(cause));
        }
        delete(context, &double.id).await?;
    }
    Ok(())
}

/// The pool is empty and came with the organization that the run created, so deleting it loses nothing.
pub(super) fn is_built_in(pool: &Pool) -> Result<bool, StepError> {
    Ok(pool.marker().is_none() && !has_users(pool)?)
}

/// The run waits while SecureAuth does not show the number of users, because an unknown number is not none.
fn has_users(pool: &Pool) -> Result<bool, StepError> {
    let users = pool.number_of_users.ok_or_else(StepError::not_shown)?;
    Ok(users > 0)
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
    let mut pools = listed(context, &organization).await?;
    if let Some(recorded) = &context.journal.pool {
        let id = PoolId::parse(&recorded.id).map_err(|_| StepError::permanent(Reason::SecureauthRefused))?;
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

/// The organization's list of pools. A 404 means no pools only where the organization is gone as well.
async fn listed(context: &RunContext<'_>, organization: &OrganizationId) -> Result<Vec<Pool>, StepError> {
    match context.api.pools_of(organization).await {
        Err(error) if error.is_not_found() => match context.organization_anywhere(organization).await? {
            Some(_) => Err(StepError::not_shown()),
            None => Ok(Vec::new()),
        },
        pools => Ok(pools?),
    }
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
    use super::super::super::step_error::StepErrorKind;
    use super::*;

    fn pool(id: &str, users: impl Into<Option<u64>>) -> Pool {
        let pool = serde_json::json!({"id": id, "number_of_users": users.into()});
        serde_json::from_value(pool).expect("a pool")
    }

    /// `Err`: the run waits.
    fn kept(pools: &[Pool]) -> Result<Option<&str>, ()> {
        let kept = to_keep(pools, |pool| pool.id.as_str() != "theirs").map_err(|_| ())?;
        Ok(kept.map(|pool| pool.id.as_str()))
    }

    #[test]
    fn only_an_unmarked_pool_that_shows_no_users_is_built_in() {
        assert!(matches!(is_built_in(&pool("a", 0)), Ok(true)));
        assert!(matches!(is_built_in(&pool("a", 1)), Ok(false)));
        let unknown = is_built_in(&pool("a", None)).map_err(|error| error.kind);
        assert!(matches!(unknown, Err(StepErrorKind::Retry { .. })));
    }

    #[test]
    fn of_two_pools_of_a_run_the_one_with_users_is_kept_or_the_first() {
        assert_eq!(kept(&[pool("a", 0), pool("b", 3)]), Ok(Some("b")));
        assert_eq!(kept(&[pool("a", 0), pool("b", 0)]), Ok(Some("a")));
        assert_eq!(kept(&[pool("theirs", 3), pool("b", 0)]), Ok(Some("b")));
        assert_eq!(kept(&[pool("theirs", 3)]), Ok(None));
    }

    #[test]
    fn of_two_pools_of_a_run_none_is_chosen_while_a_number_of_users_is_unknown() {
        assert_eq!(kept(&[pool("a", 0), pool("b", None)]), Err(()));
        assert_eq!(kept(&[pool("a", None)]), Ok(Some("a")), "there is no other");
    }
}
