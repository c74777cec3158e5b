//! Checks the pool's identity provider: without it in the organization, the pool's users exist but cannot sign in.

use tracing::warn;

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::ensure_pool;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use ic_secureauth_api::{IdpCheck, OrganizationId, PoolId};

pub(super) async fn check(context: &mut RunContext<'_>, pool: &PoolId) -> Result<(), StepError> {
    let organization: OrganizationId = ensure_pool::organization_of(context)?;
    let mut check = IdpCheck::Missing;
    for pause in context.lag_pauses() {
        tokio::time::sleep(pause).await;
        check = context.api.workspace_idps(&organization, pool).await?;
        if check != IdpCheck::Missing {
            break;
        }
    }
    let result = match check {
        IdpCheck::Present => "present",
        IdpCheck::NotPermitted => {
            warn!(pool_id = %pool, "cannot check the identity provider: the scope read_configuration is missing");
            "not_checked"
        }
        IdpCheck::Missing => return ensure_pool::create_again(context, pool).await,
    };
    let entry = Entry::IdpChecked {
        pool_id: pool.to_string(),
        result: result.to_owned(),
    };
    Ok(context.note(entry).await?)
}

/// A pool without its provider that must not be created again: the run cannot succeed.
pub(super) fn missing() -> StepError {
    StepError::Permanent(Reason::PoolWithoutIdp)
}
