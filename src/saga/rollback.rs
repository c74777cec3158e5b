//! Removes what this run created, and nothing else (X1; reference 5.3). Every undo may run twice.

use tracing::info;

use super::failure::StepError;
use super::journal_state::{Origin, RollbackStep};
use super::run_context::RunContext;
use super::steps::{Recheck, activate_organization, ensure_organization, own_pools, rollback_users};
use super::time_slice::Pause;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::Ending;
use ic_secureauth_api::OrganizationId;

/// Times everything is undone before what keeps appearing again is an operator's case.
const ROUNDS: u32 = 10;

/// Undoes the next thing; `Some` when the run can end.
pub(super) async fn next(context: &mut RunContext<'_>) -> Result<Option<Ending>, Pause> {
    match context.journal.rollback {
        None => begin(context).await?,
        Some(RollbackStep::Switch) => {
            activate_organization::rollback(context).await?;
            context.note(Entry::SwitchRolledBack).await?;
        }
        Some(RollbackStep::Users) => {
            if rollback_users::rollback(context).await? {
                context.note(Entry::UsersRolledBack).await?;
            }
        }
        Some(RollbackStep::Pools) => own_pools::rollback(context).await?,
        Some(RollbackStep::Organization) => {
            if !ensure_organization::rollback(context).await? {
                again(context).await?;
                return Err(Pause::Recheck);
            }
            context.note(Entry::OrganizationRolledBack).await?;
        }
        Some(RollbackStep::Pause) => {
            context.note(Entry::RolledBack).await?;
            if context.journal.touched_secureauth() {
                return Err(Pause::Recheck);
            }
        }
        Some(RollbackStep::Recheck) => recheck(context).await?,
        Some(RollbackStep::Nothing) => return Ok(Some(Ending::Failed(recorded_reason(context)))),
    }
    Ok(None)
}

async fn begin(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let reason = recorded_reason(context).to_string();
    Ok(context.note(Entry::RollbackStarted { reason }).await?)
}

/// What began it. The run's row may not know it yet, or say since then why an operator had to come.
fn recorded_reason(context: &RunContext<'_>) -> Reason {
    let begun = context.journal.rollback_reason.as_deref();
    begun
        .or(context.run.reason.as_deref())
        .and_then(|reason| reason.parse().ok())
        .unwrap_or(Reason::Operator)
}

/// A call that was given up may have arrived after its undo: everything is looked for once more, and undone again if it is
/// there (reference 5.3 R6).
async fn recheck(context: &mut RunContext<'_>) -> Result<(), StepError> {
    if !organization_is_clean(context).await? || !own_pools::of_this_run(context).await?.is_empty() {
        return again(context).await;
    }
    match rollback_users::recheck(context).await? {
        Recheck::NothingLeft => Ok(context.note(Entry::Rechecked).await?),
        Recheck::ThereAgain => again(context).await,
        Recheck::MoreToDo => Ok(()),
    }
}

/// Begins another round; the last one was one too many.
async fn again(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let rounds = context.journal.rollback_rounds;
    info!(rounds, "something of the run is there (again); it is rolled back again");
    begin(context).await?;
    if rounds < ROUNDS {
        Ok(())
    } else {
        Err(StepError::Stuck(Reason::NotRolledBack))
    }
}

/// An organization of ours is gone; one that stood before is switched as it was.
async fn organization_is_clean(context: &RunContext<'_>) -> Result<bool, StepError> {
    let journal = &context.journal;
    let Some(recorded) = journal.organization.as_ref() else {
        return Ok(true);
    };
    if recorded.origin == Origin::Found && journal.switched_from.is_none() {
        return Ok(true);
    }
    let id = OrganizationId::parse(&recorded.id).map_err(|_| StepError::Stuck(Reason::NotRolledBack))?;
    let Some(found) = context.api.organization(&id).await? else {
        return Ok(true);
    };
    Ok(match recorded.origin {
        Origin::Found => journal.switched_from == Some(found.value.deactivated()),
        Origin::Intended | Origin::Created => !context.created(found.value.marker()),
    })
}

impl RunContext<'_> {
    /// What is left where, for the operator's report.
    pub(super) fn leftovers(&self) -> String {
        let journal = &self.journal;
        let switch_rolled_back = journal.rollback.is_some_and(|step| step != RollbackStep::Switch);
        let organization_rolled_back = matches!(
            journal.rollback,
            Some(RollbackStep::Pause | RollbackStep::Recheck | RollbackStep::Nothing)
        );
        let pools_rolled_back = organization_rolled_back || journal.rollback == Some(RollbackStep::Organization);
        let users_rolled_back = pools_rolled_back || journal.rollback == Some(RollbackStep::Pools);
        let mut left = Vec::new();
        if let Some(organization) = &journal.organization {
            if organization.origin != Origin::Found && !organization_rolled_back {
                left.push(format!("organization {}", organization.id));
            } else if journal.switched_from.is_some() && !switch_rolled_back {
                left.push(format!("the switch of organization {}", organization.id));
            }
        }
        if let Some(pool) = &journal.pool {
            if pool.origin != Origin::Found && !pools_rolled_back {
                left.push(format!("pool {}", pool.id));
            } else if pool.origin == Origin::Found && journal.import.touched && !users_rolled_back {
                left.push(format!("users in pool {}", pool.id));
            }
        }
        if left.is_empty() {
            left.push("nothing".to_owned());
        }
        left.join(", ")
    }
}
