//! Removes what this run created, and nothing else (X1; reference 5.3). Every undo may run twice.

use tracing::info;

use super::facts::{Origin, Undo};
use super::failure::StepError;
use super::run_context::RunContext;
use super::slice::Pause;
use super::steps::{Recheck, activate_organization, ensure_organization, own_pools, take_back_users};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::Ending;
use ic_secureauth_api::OrganizationId;

/// Times everything is undone before what keeps appearing again is an operator's case.
const ROUNDS: u32 = 10;

/// Undoes the next thing; `Some` when the run can end.
pub(super) async fn next(context: &mut RunContext<'_>) -> Result<Option<Ending>, Pause> {
    match context.facts.undo {
        None => begin(context).await?,
        Some(Undo::Switch) => {
            activate_organization::undo(context).await?;
            context.note(Entry::SwitchTakenBack).await?;
        }
        Some(Undo::Users) => {
            if take_back_users::undo(context).await? {
                context.note(Entry::UsersTakenBack).await?;
            }
        }
        Some(Undo::Pools) => own_pools::undo(context).await?,
        Some(Undo::Organization) => {
            if !ensure_organization::undo(context).await? {
                again(context).await?;
                return Err(Pause::Recheck);
            }
            context.note(Entry::OrganizationTakenBack).await?;
        }
        Some(Undo::Pause) => {
            context.note(Entry::TakenBack).await?;
            if context.facts.touched_secureauth() {
                return Err(Pause::Recheck);
            }
        }
        Some(Undo::Recheck) => recheck(context).await?,
        Some(Undo::Nothing) => return Ok(Some(Ending::Failed(recorded_reason(context)))),
    }
    Ok(None)
}

async fn begin(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let reason = recorded_reason(context).as_str().to_owned();
    Ok(context.note(Entry::TakingBack { reason }).await?)
}

/// What began it. The run's row may not know it yet, or say since then why an operator had to come.
fn recorded_reason(context: &RunContext<'_>) -> Reason {
    let begun = context.facts.undo_reason.as_deref();
    begun
        .or(context.run.reason.as_deref())
        .and_then(Reason::parse)
        .unwrap_or(Reason::Operator)
}

/// A call that was given up may have arrived after its undo: everything is looked for once more, and undone again if it is
/// there (reference 5.3 R6).
async fn recheck(context: &mut RunContext<'_>) -> Result<(), StepError> {
    if !organization_is_clean(context).await? || !own_pools::of_this_run(context).await?.is_empty() {
        return again(context).await;
    }
    match take_back_users::recheck(context).await? {
        Recheck::NothingLeft => Ok(context.note(Entry::Rechecked).await?),
        Recheck::ThereAgain => again(context).await,
        Recheck::MoreToDo => Ok(()),
    }
}

/// Begins another round; the last one was one too many.
async fn again(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let rounds = context.facts.undo_rounds;
    info!(rounds, "something of the run is there (again); it is taken back again");
    begin(context).await?;
    if rounds < ROUNDS {
        Ok(())
    } else {
        Err(StepError::Stuck(Reason::NotTakenBack))
    }
}

/// An organization of ours is gone; one that stood before is switched as it was.
async fn organization_is_clean(context: &RunContext<'_>) -> Result<bool, StepError> {
    let facts = &context.facts;
    let Some(fact) = facts.organization.as_ref() else {
        return Ok(true);
    };
    if fact.origin == Origin::Found && facts.switched_from.is_none() {
        return Ok(true);
    }
    let id = OrganizationId::parse(&fact.id).map_err(|_| StepError::Stuck(Reason::NotTakenBack))?;
    let Some(found) = context.api.organization(&id).await? else {
        return Ok(true);
    };
    Ok(match fact.origin {
        Origin::Found => facts.switched_from == Some(found.value.deactivated()),
        Origin::Intended | Origin::Created => !context.created(found.value.marker()),
    })
}

impl RunContext<'_> {
    /// What is left where, for the operator's report.
    pub(super) fn leftovers(&self) -> String {
        let facts = &self.facts;
        let switch_undone = facts.undo.is_some_and(|undo| undo != Undo::Switch);
        let organization_undone = matches!(facts.undo, Some(Undo::Pause | Undo::Recheck | Undo::Nothing));
        let pools_undone = organization_undone || facts.undo == Some(Undo::Organization);
        let users_undone = pools_undone || facts.undo == Some(Undo::Pools);
        let mut left = Vec::new();
        if let Some(organization) = &facts.organization {
            if organization.origin != Origin::Found && !organization_undone {
                left.push(format!("organization {}", organization.id));
            } else if facts.switched_from.is_some() && !switch_undone {
                left.push(format!("the switch of organization {}", organization.id));
            }
        }
        if let Some(pool) = &facts.pool {
            if pool.origin != Origin::Found && !pools_undone {
                left.push(format!("pool {}", pool.id));
            } else if pool.origin == Origin::Found && facts.import.touched && !users_undone {
                left.push(format!("users in pool {}", pool.id));
            }
        }
        if left.is_empty() {
            left.push("nothing".to_owned());
        }
        left.join(", ")
    }
}
