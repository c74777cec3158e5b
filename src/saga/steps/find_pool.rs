//! Finds the biller's pool in an organization (docs/requirements.md#p1).

use super::super::step_error::StepError;
use super::own_pools;
use crate::domain::reason::Reason;
use ic_secureauth_api::{Api, OrganizationId, Pool, PoolId};

/// Most pools that operators are told by id.
const NAMED: usize = 5;

/// Where to look for the pool.
#[derive(Debug)]
pub(in super::super) struct Known {
    pub(in super::super) organization: OrganizationId,
    /// The id that an earlier run stored.
    pub(in super::super) stored: Option<String>,
    /// The id that a new pool would get.
    pub(in super::super) derived: PoolId,
    /// The run created the organization. A pool without a marker, such as a built-in directory, is then part of it and
    /// never the biller's.
    pub(in super::super) is_new: bool,
}

/// Looks for the stored id, then the derived id, then in the organization's list. `None`: the organization has no pool.
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
    let mut pools: Vec<Pool> = api.pools_of(&organization).await.map_err(|error| {
        // The run has seen the organization, so this replica does not know it yet.
        if error.is_not_found() {
            StepError::not_shown()
        } else {
            error.into()
        }
    })?;
    pools.retain(|pool| !pool.deleted && (!known.is_new || pool.marker().is_some()));
    if let Some(ours) = own_pools::to_keep(&pools, is_ours)?.cloned() {
        return Ok(Some(ours));
    }
    match pools.len() {
        0 | 1 => Ok(pools.pop()),
        number => {
            let ids: Vec<&str> = pools.iter().take(NAMED).map(|pool| pool.id.as_str()).collect();
            let more = if number > NAMED { ", …" } else { "" };
            let cause = format!(
                "the organization {organization} has {number} pools: {}{more}",
                ids.join(", ")
            );
            Err(StepError::stuck(Reason::SeveralPools).because(cause))
        }
    }
}
