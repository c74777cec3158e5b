//! Removes what this run created, and nothing else (X1; reference 5.3). Every undo may run twice.

use tracing::info;

use super::driver::Pause;
use super::facts::Origin;
use super::failure::StepError;
use super::run_context::RunContext;
use super::steps::{ensure_organization, ensure_pool, import_users, user_ids};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::ic_secureauth_api::{OrganizationId, PoolId};
use crate::store::Ending;

/// Undoes the next thing; `Some` when the run can end.
pub(super) async fn next(context: &mut RunContext<'_>) -> Result<Option<Ending>, Pause> {
    if !context.facts.taking_back {
        let reason = recorded_reason(context).as_str().to_owned();
        context.note(Entry::TakingBack { reason }).await?;
    }
    if !context.facts.users_taken_back {
        if import_users::undo(context).await? {
            context.note(Entry::UsersTakenBack).await?;
        }
    } else if !context.facts.pools_taken_back {
        ensure_pool::undo(context).await?;
        context.note(Entry::PoolsTakenBack).await?;
    } else if !context.facts.organization_taken_back {
        ensure_organization::undo(context).await?;
        context.note(Entry::OrganizationTakenBack).await?;
    } else if !context.facts.taken_back {
        context.note(Entry::TakenBack).await?;
        if context.facts.touched_secureauth() {
            return Err(Pause::Recheck);
        }
    } else if !context.facts.rechecked {
        recheck(context).await?;
    } else {
        return Ok(Some(Ending::Failed(recorded_reason(context))));
    }
    Ok(None)
}

fn recorded_reason(context: &RunContext<'_>) -> Reason {
    context
        .run
        .reason
        .as_deref()
        .and_then(Reason::parse)
        .unwrap_or(Reason::Operator)
}

/// A call that was given up may have arrived after its undo: everything is looked for once more, and undone again if it is
/// there (reference 5.3 R6).
async fn recheck(context: &mut RunContext<'_>) -> Result<(), StepError> {
    if is_clean(context).await? {
        context.note(Entry::Rechecked).await?;
    } else {
        info!("something of the run appeared again; it is taken back again");
        let reason = recorded_reason(context).as_str().to_owned();
        context.note(Entry::TakingBack { reason }).await?;
    }
    Ok(())
}

async fn is_clean(context: &mut RunContext<'_>) -> Result<bool, StepError> {
    let organization = context.facts.organization.as_ref();
    if let Some(fact) = organization.filter(|fact| fact.origin != Origin::Found) {
        let id = OrganizationId::parse(&fact.id).map_err(|_| StepError::Stuck(Reason::NotTakenBack))?;
        if let Some(found) = context.api.organization(&id).await? {
            let marker = found.value.marker();
            if marker.is_some_and(|marker| marker.onboarding_id == context.run.id.to_string()) {
                return Ok(false);
            }
        }
    }
    if !ensure_pool::pools_of_this_run(context).await?.is_empty() {
        return Ok(false);
    }
    let pool = context.facts.pool.clone();
    match pool.filter(|fact| fact.origin == Origin::Found && context.facts.users_touched) {
        Some(fact) => {
            let id = PoolId::parse(&fact.id).map_err(|_| StepError::Stuck(Reason::NotTakenBack))?;
            let there = user_ids(&context.api, &id).await?;
            import_users::nothing_left(context, &there).await
        }
        None => Ok(true),
    }
}

impl RunContext<'_> {
    /// What is left where, for the operator's report.
    pub(super) fn leftovers(&self) -> String {
        let facts = &self.facts;
        let mut left = Vec::new();
        if let Some(organization) = &facts.organization {
            if organization.origin != Origin::Found && !facts.organization_taken_back {
                left.push(format!("organization {}", organization.id));
            }
        }
        if let Some(pool) = &facts.pool {
            if pool.origin != Origin::Found && !facts.pools_taken_back {
                left.push(format!("pool {}", pool.id));
            } else if facts.users_touched && !facts.users_taken_back {
                left.push(format!("users in pool {}", pool.id));
            }
        }
        if facts.switched_from.is_some() && !facts.organization_taken_back {
            left.push("the organization's activation".to_owned());
        }
        if left.is_empty() {
            "nothing".to_owned()
        } else {
            left.join(", ")
        }
    }
}
