//! Activates the organization: the call that makes it live, and once confirmed the point of no return
//! (docs/ARCHITECTURE.md#point-of-no-return).

use tracing::info;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::ensure_pool::organization_of;
use super::{deactivated_flag, own_pools};
use crate::domain::journal::Entry;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let id = organization_of(context)?;
    if context.journal.deactivated_before.is_none() {
        own_pools::remove_doubles(context).await?;
    }
    // With its ETag, what this time slice read is as good as another read: a change meanwhile is answered with 412.
    let seen = context.organization_seen.take().filter(|seen| seen.etag.is_some());
    let found = if let Some(seen) = seen {
        seen
    } else {
        let found = context.organization_anywhere(&id).await?;
        found.ok_or_else(StepError::not_shown)?
    };
    if found.value.deactivated() {
        context
            .note(Entry::Activate {
                organization_id: id.to_string(),
                was_deactivated: true,
            })
            .await?;
        if !deactivated_flag::set_deactivated(context, found, false).await? {
            return Err(StepError::not_shown());
        }
    }
    context.journal.flag_confirmed = true;
    context.note(Entry::Activated).await?;
    info!(organization_id = %id, "organization is live");
    Ok(())
}

/// The first step of a rollback, because sign-ins have to stop first. Deactivates an organization that this run
/// created. Restores the `deactivated` flag of a found one, if this run may have changed it. Also the rollback of a
/// disable run.
pub(in super::super) async fn rollback(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let Some(recorded) = context.journal.organization.clone() else {
        return Ok(());
    };
    let before = match recorded.origin {
        Origin::Found => context.journal.deactivated_before,
        Origin::Intended | Origin::Created => Some(true),
    };
    let (Some(before), Some(found)) = (before, context.organization_anywhere(&organization_of(context)?).await?) else {
        return Ok(());
    };
    let ours = context.created(found.value.marker());
    if (recorded.origin != Origin::Found && !ours) || found.value.deactivated() == before {
        return Ok(());
    }
    if !deactivated_flag::set_deactivated(context, found, before).await? {
        return Err(StepError::not_shown());
    }
    let entry = Entry::OrganizationRestored {
        organization_id: recorded.id,
    };
    Ok(context.note(entry).await?)
}
