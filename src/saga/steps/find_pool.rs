//! Which pool of an organization is the biller's (P1).

use super::super::failure::StepError;
use super::own_pools;
use crate::domain::reason::Reason;
use ic_secureauth_api::{Api, OrganizationId, Pool, PoolId};

/// What is known about the pool.
#[derive(Debug)]
pub(in super::super) struct Known {
    pub(in super::super) organization: OrganizationId,
    /// The id an earlier run stored.
    pub(in super::super) stored: Option<String>,
    /// The id it is created with.
    pub(in super::super) derived: PoolId,
}

/// The stored id, else the derived id, else the organization's list.
pub(in super::super) async fn find<Access>(
    api: &Api<Access>,
    known: Known,
    is_ours: impl Fn(&Pool) -> bool,
) -> Result<Option<Pool>, StepError> {
    let organization = known.organization;
    let stored = known.stored.and_then(|id| PoolId::parse(id).ok());
    for id in stored.into_iter().chain([known.derived]) {
        let found = api.pool(&id).await?.map(|found| found.value);
        let usable = |pool: &Pool| pool.workspace_id.as_deref() == Some(organization.as_str()) && !pool.deleted;
        if let Some(pool) = found.filter(usable) {
            return Ok(Some(pool));
        }
    }
    let mut pools: Vec<Pool> = api.pools_of(&organization).await?;
    pools.retain(|pool| !pool.deleted);
    if let Some(ours) = own_pools::to_keep(&pools, is_ours).cloned() {
        return Ok(Some(ours));
    }
    match pools.len() {
        0 | 1 => Ok(pools.pop()),
        _ => Err(StepError::Stuck(Reason::SeveralPools)),
    }
}
