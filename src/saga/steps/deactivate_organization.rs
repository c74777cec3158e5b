//! Deactivates the organization; its users stay (docs/requirements.md#t2-off). An organization that is gone counts as
//! deactivated.

use tracing::info;

use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::deactivated_flag;
use super::ensure_organization::is_below;
use crate::domain::journal::Entry;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let id = context.organization_id().await?;
    let Some(found) = context.organization_anywhere(&id).await? else {
        info!(organization_id = %id, "the organization is gone; nothing to deactivate");
        context.journal.flag_confirmed = true;
        return Ok(context.note(Entry::Deactivated { gone: true }).await?);
    };
    let resource = format!("the organization {id}");
    context.owner(&resource, found.value.marker()).await?;
    is_below(&found.value, &context.settings().parent_organization_id)?;
    if !found.value.deactivated() {
        let organization_id = id.to_string();
        context
            .note(Entry::OrganizationFound {
                organization_id: organization_id.clone(),
                deactivated: false,
                allows: None,
            })
            .await?;
        context
            .note(Entry::Deactivate {
                organization_id,
                was_deactivated: false,
            })
            .await?;
        if !deactivated_flag::set_deactivated(context, found, true).await? {
            return Err(StepError::not_shown());
        }
    }
    context.journal.flag_confirmed = true;
    context.note(Entry::Deactivated { gone: false }).await?;
    info!(organization_id = %id, "organization is deactivated");
    Ok(())
}
