//! The go-live switch. Confirmed by an answer it is the point of no return.

use tracing::info;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::ensure_pool::organization_of;
use super::{own_pools, switch};
use crate::domain::journal::Entry;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let id = organization_of(context)?;
    if context.journal.switched_from.is_none() {
        own_pools::remove_doubles(context).await?;
    }
    let found = context
        .organization_anywhere(&id)
        .await?
        .ok_or_else(StepError::not_shown)?;
    if found.value.deactivated() {
        context
            .note(Entry::Activate {
                organization_id: id.to_string(),
                was_deactivated: true,
            })
            .await?;
        if !switch::set_deactivated(context, found, false).await? {
            return Err(StepError::not_shown());
        }
    }
    context.journal.switched = true;
    context.note(Entry::Activated).await?;
    info!(organization_id = %id, "organization is live");
    Ok(())
}

/// Sign-ins are stopped before anything else is undone. An organization of ours is deactivated; one that stood before gets
/// back what was there, if this run may have changed it (reference 5.3 R1, R2). Also the undo of a deactivation.
pub(in super::super) async fn rollback(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let Some(recorded) = context.journal.organization.clone() else {
        return Ok(());
    };
    let before = match recorded.origin {
        Origin::Found => context.journal.switched_from,
        Origin::Intended | Origin::Created => Some(true),
    };
    let (Some(before), Some(found)) = (before, context.organization_anywhere(&organization_of(context)?).await?) else {
        return Ok(());
    };
    let ours = context.created(found.value.marker());
    if (recorded.origin != Origin::Found && !ours) || found.value.deactivated() == before {
        return Ok(());
    }
    if !switch::set_deactivated(context, found, before).await? {
        return Err(StepError::not_shown());
    }
    let entry = Entry::OrganizationRestored {
        organization_id: recorded.id,
    };
    Ok(context.note(entry).await?)
}
