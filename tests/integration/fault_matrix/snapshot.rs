//! What SecureAuth, the handler's database and the CRM hold of a biller at one moment.

use std::collections::BTreeMap;

use local_stack::{BillerRecord, ProductCiam, Stack};
use secureauth_simulator::{Inventory, PoolEntry, PoolUser};
use serde_json::Value;

use crate::support::SomebodyElse;

/// Everything that is known of a biller at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Snapshot {
    pub(super) secureauth: InSecureAuth,
    /// The biller's record, without the generation, which a failed run may raise.
    pub(super) record: Option<BillerRecord>,
    pub(super) product: Option<ProductCiam>,
}

/// What SecureAuth holds of a biller: everything that a run might change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InSecureAuth {
    /// The whole resource, as the API answers it.
    pub(super) organization: Option<Value>,
    pub(super) pools: BTreeMap<String, Pool>,
    /// Identity providers of the organization or of pools that are gone.
    pub(super) idps: Vec<String>,
}

/// A pool with its users by id.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pool {
    pub(super) entry: PoolEntry,
    pub(super) users: BTreeMap<String, PoolUser>,
}

impl Snapshot {
    /// Takes the snapshot. There may be no faults meanwhile, because the API itself is called too.
    pub(super) async fn take(stack: &Stack, biller: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut record = stack.database().biller(biller)?;
        if let Some(record) = &mut record {
            record.generation = 0;
        }
        Ok(Self {
            secureauth: InSecureAuth::take(stack, biller).await?,
            record: record.filter(|record| record.state != "not_enabled" || record.organization_id.is_some()),
            product: stack.crm().product_ciam(biller)?,
        })
    }
}

impl InSecureAuth {
    async fn take(stack: &Stack, biller: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let inventory = stack.simulator().inventory();
        let stands = inventory
            .organizations
            .iter()
            .any(|organization| organization.id == biller);
        Ok(Self {
            organization: if stands {
                Some(
                    SomebodyElse::in_secureauth_of(stack)
                        .await?
                        .organization(biller)
                        .await?,
                )
            } else {
                None
            },
            pools: pools(stack, &inventory, biller),
            idps: idps(&inventory, biller),
        })
    }

    /// Whether the organization is deactivated; `None` if there is none.
    pub(super) fn deactivated(&self) -> Option<bool> {
        self.organization
            .as_ref()
            .and_then(|organization| organization["deactivated"].as_bool())
    }
}

fn pools(stack: &Stack, inventory: &Inventory, biller: &str) -> BTreeMap<String, Pool> {
    let organizations = inventory
        .organizations
        .iter()
        .filter(|organization| organization.id == biller);
    let theirs = organizations.flat_map(|organization| organization.pools.iter());
    // Pools whose organization was deleted.
    let left_behind = inventory.other_pools.iter().filter(|pool| pool.workspace_id == biller);
    theirs
        .chain(left_behind)
        .filter(|pool| !pool.deleted)
        .map(|pool| {
            let users = stack
                .simulator()
                .pool_users(&pool.id, None, usize::MAX)
                .unwrap_or_default();
            let users = users.into_iter().map(|user| (user.id.clone(), user)).collect();
            let entry = pool.clone();
            (pool.id.clone(), Pool { entry, users })
        })
        .collect()
}

fn idps(inventory: &Inventory, biller: &str) -> Vec<String> {
    let of_biller = inventory.idps.iter().filter(|idp| idp.workspace_id == biller);
    of_biller
        .map(|idp| format!("{} of pool {}", idp.id, idp.pool_id))
        .collect()
}
