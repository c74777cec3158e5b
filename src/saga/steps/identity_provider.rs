//! Checks the pool's identity provider: without it in the organization, the pool's users exist but cannot sign in.

use tracing::warn;

use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::ensure_pool;
use crate::domain::journal::{Entry, IdpResult};
use crate::domain::reason::Reason;
use ic_secureauth_api::{ApiError, IdpCheck, OrganizationId, PoolId};

pub(super) async fn check(context: &mut RunContext<'_>, pool: &PoolId) -> Result<(), StepError> {
    let check = reading(context, pool)?.await?;
    judge(context, pool, check).await
}

/// Reads whether the organization has the provider; again while it does not, because reads may lag.
pub(super) fn reading(
    context: &RunContext<'_>,
    pool: &PoolId,
) -> Result<impl Future<Output = Result<IdpCheck, ApiError>> + use<>, StepError> {
    let organization: OrganizationId = ensure_pool::organization_of(context)?;
    let (api, pool, pauses) = (context.api.clone(), pool.clone(), context.lag_pauses());
    Ok(async move {
        let mut check = IdpCheck::Absent;
        for pause in pauses {
            tokio::time::sleep(pause).await;
            check = api.identity_provider(&organization, &pool).await?;
            if matches!(check, IdpCheck::Present | IdpCheck::NotChecked) {
                break;
            }
        }
        Ok(check)
    })
}

/// Records what was read beside the import. A provider that was missing is looked for once more, because what follows deletes a
/// pool that holds users by now.
pub(super) async fn judge_again(context: &mut RunContext<'_>, pool: &PoolId, check: IdpCheck) -> Result<(), StepError> {
    if matches!(check, IdpCheck::Present | IdpCheck::NotChecked) {
        return judge(context, pool, check).await;
    }
    self::check(context, pool).await
}

/// Records what was read. A pool of this run without its provider is created again.
pub(super) async fn judge(context: &mut RunContext<'_>, pool: &PoolId, check: IdpCheck) -> Result<(), StepError> {
    let result = match check {
        IdpCheck::Present => IdpResult::Present,
        IdpCheck::NotChecked => {
            warn!(
                pool_id = %pool,
                "cannot check the identity provider: the token has neither the scope manage_idps nor read_configuration"
            );
            IdpResult::NotChecked
        }
        IdpCheck::Absent | IdpCheck::Disabled | IdpCheck::OfAnotherKind => {
            warn!(pool_id = %pool, %check, "nobody can sign in by the pool's identity provider");
            return ensure_pool::create_again(context, pool).await;
        }
    };
    let entry = Entry::IdpChecked {
        pool_id: pool.to_string(),
        result,
    };
    Ok(context.note(entry).await?)
}

/// A pool without its provider that must not be created again: the run cannot succeed.
pub(super) fn missing() -> StepError {
    StepError::permanent(Reason::PoolWithoutIdp)
}
