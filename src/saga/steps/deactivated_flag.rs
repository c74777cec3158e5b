//! Sets an organization's `deactivated` flag by writing the whole organization back
//! (docs/decisions.md#whole-organization-written-back).

use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::STALE_TRIES;
use ic_secureauth_api::{Class, Organization, Versioned};

/// Sets `deactivated` and changes nothing else. `true`: an answer or a read confirms it.
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
            // The answer shows the old value: the write had no effect, or a cache answered. Read past the cache.
            Ok(answer) => current = context.api.organization_fresh(&id, answer.etag.as_ref()).await?,
            // Not found: a replica may not know a new organization yet.
            Err(error) if error.class() == Class::Stale || error.is_not_found() => {
                current = context.api.organization(&id).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}
