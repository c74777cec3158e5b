//! The go-live switch. Confirmed by an answer it is the point of no return; its undo is the organization's.

use tracing::info;

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::switch;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::ic_secureauth_api::OrganizationId;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let organization_id = context
        .facts
        .organization
        .as_ref()
        .map(|organization| organization.id.clone())
        .unwrap_or_default();
    let id = OrganizationId::parse(&organization_id).map_err(|_| StepError::Permanent(Reason::SecureauthRefused))?;
    let not_shown = || StepError::Retry {
        reason: Reason::SecureauthUnavailable,
        after: None,
    };
    let found = context.api.organization(&id).await?.ok_or_else(not_shown)?;
    if found.value.deactivated() {
        context
            .note(Entry::Activate {
                organization_id,
                was_deactivated: true,
            })
            .await?;
        if !switch::set_deactivated(context, found, false).await? {
            return Err(not_shown());
        }
    }
    context.note(Entry::Activated).await?;
    info!(organization_id = %id, "organization is live");
    Ok(())
}
