//! The go-live switch: an organization's `deactivated`, always through the full resource (reference 2.1, 5.1 step 9).

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::STALE_TRIES;
use ic_secureauth_api::{Class, Organization, Versioned};

/// Sets `deactivated` and nothing else; `true` when SecureAuth confirms it.
pub(super) async fn set_deactivated(
    context: &RunContext<'_>,
    found: Versioned<Organization>,
    deactivated: bool,
) -> Result<bool, StepError> {
    let id = found.value.id().clone();
    let mut current = Some(found);
    for _ in 0..STALE_TRIES {
        let Some(found) = current else {
            return Ok(false);
        };
        if found.value.deactivated() == deactivated {
            return Ok(true);
        }
        let wanted = found.map(|organization| organization.with_deactivated(deactivated));
        match context.api.update_organization(&wanted).await {
            Ok(answer) if answer.value.deactivated() == deactivated => return Ok(true),
            // The write was answered without effect, or by a cache: look past it.
            Ok(answer) => current = context.api.organization_fresh(&id, answer.etag.as_ref()).await?,
            Err(error) if error.class() == Class::Stale => current = context.api.organization(&id).await?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}
