//! Removes what this run created and restores the organization's `deactivated` flag, nothing else: changes of users stay
//! (docs/decisions.md#changes-stay). Every step of a rollback can be repeated (docs/ARCHITECTURE.md#rollback).

use tracing::info;

use super::journal_state::{Origin, RollbackStep};
use super::run_context::RunContext;
use super::step_error::StepError;
use super::steps::{Recheck, activate_organization, ensure_organization, own_pools, rollback_users};
use super::time_slice::Pause;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run_error::RunError;
use crate::store::{Batch, Cursor, Ending, StoreError};
use ic_secureauth_api::OrganizationId;

/// Most rollbacks of a run. If something is there again after the last one, the run is stuck.
const ROUNDS: u32 = 10;

/// Does the rollback's next step; `Some` when the run can end.
pub(super) async fn next(context: &mut RunContext<'_>) -> Result<Option<Ending>, Pause> {
    match context.journal.rollback {
        None => begin(context).await?,
        Some(RollbackStep::Activation) => {
            activate_organization::rollback(context).await?;
            context.note(Entry::ActivationRolledBack).await?;
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
            // Calls that were answered take effect no more: the recheck need not wait.
            if context.guard.late().is_some() {
                return Err(Pause::Recheck);
            }
        }
        Some(RollbackStep::Recheck) => recheck(context).await?,
        Some(RollbackStep::Nothing) => return Ok(Some(Ending::Failed(recorded_reason(context)))),
    }
    Ok(None)
}

async fn begin(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let reason = recorded_reason(context);
    Ok(start(context, reason, None).await?)
}

/// The run only rolls back from here on, and goes through its accounts from the first one. `error`: why.
pub(super) async fn start(
    context: &mut RunContext<'_>,
    reason: Reason,
    error: Option<Box<RunError>>,
) -> Result<(), StoreError> {
    let batch = Batch {
        entries: vec![Entry::RollbackStarted { reason }],
        rolls_back: Some(reason),
        cursor: Some(Cursor::Start),
        error,
        ..Batch::default()
    };
    context.write(batch).await
}

/// Why the rollback began. The journal comes first: the run's row may lack the reason, or hold a later one.
fn recorded_reason(context: &RunContext<'_>) -> Reason {
    let of_row = || context.run.reason.as_deref()?.parse().ok();
    let begun = context.journal.rollback_reason.or_else(of_row);
    begun.unwrap_or(Reason::Operator)
}

/// Checks once more that nothing of the run is left, because a late call may have taken effect after its rollback
/// (docs/decisions.md#looking-again-after-rollback). If something is left, the rollback starts again.
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

/// Starts the rollback again; stuck when it already ran [`ROUNDS`] times.
async fn again(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let rounds = context.journal.rollback_rounds;
    info!(rounds, "something of the run is still there; the rollback starts again");
    // Before the run is stuck, too: the report names what is left by the parts of the rollback that are still to do.
    begin(context).await?;
    if rounds < ROUNDS {
        Ok(())
    } else {
        Err(StepError::stuck(Reason::NotRolledBack))
    }
}

/// `true` when an organization this run created is gone, or a found one has its earlier `deactivated` flag.
async fn organization_is_clean(context: &RunContext<'_>) -> Result<bool, StepError> {
    let journal = &context.journal;
    let Some(recorded) = journal.organization.as_ref() else {
        return Ok(true);
    };
    if recorded.origin == Origin::Found && journal.deactivated_before.is_none() {
        return Ok(true);
    }
    let id = OrganizationId::parse(&recorded.id).map_err(|_| StepError::stuck(Reason::NotRolledBack))?;
    let Some(found) = context.organization_anywhere(&id).await? else {
        return Ok(true);
    };
    Ok(match recorded.origin {
        Origin::Found => journal.deactivated_before == Some(found.value.deactivated()),
        Origin::Intended | Origin::Created => !context.created(found.value.marker()),
    })
}
