//! What SecureAuth, the handler's database and the CRM hold of a biller at one moment.

use std::collections::BTreeMap;

use local_stack::{BillerRecord, ProductCiam, Stack};
use secureauth_simulator::{Inventory, PoolEntry, PoolUser};
use serde_json::Value;

use super::elsewhere::Elsewhere;
use super::table::People;
use crate::support::SomebodyElse;

/// Everything that is known of a biller at one moment, and what is there of others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Snapshot {
    pub(super) secureauth: InSecureAuth,
    /// The biller's record, without the generation, which a failed run may raise.
    pub(super) record: Option<BillerRecord>,
    pub(super) product: Option<ProductCiam>,
    pub(super) people: People,
    pub(super) elsewhere: Elsewhere,
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
    /// The whole resource, as the API answers it, without the number of users.
    pub(super) settings: Value,
    pub(super) users: BTreeMap<String, PoolUser>,
}

impl Snapshot {
    /// Takes the snapshot. There may be no faults meanwhile, because the API itself is called too.
    pub(super) async fn take(stack: &Stack, biller: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut record = stack.database().biller(biller)?;
        if let Some(record) = &mut record {
            record.generation = 0;
        }
        let somebody = SomebodyElse::in_secureauth_of(stack).await?;
        let inventory = stack.simulator().inventory();
        let pools = pools(stack, &somebody, &inventory, biller).await?;
        let users = pools.values().flat_map(|pool| pool.users.values());
        let people = People::take(stack, biller, users)?;
        Ok(Self {
            people,
            secureauth: InSecureAuth {
                organization: organization(&somebody, &inventory, biller).await?,
                pools,
                idps: idps(&inventory, biller),
            },
            record: record.filter(|record| record.state != "not_enabled" || record.organization_id.is_some()),
            product: stack.crm().product_ciam(biller)?,
            elsewhere: Elsewhere::take(stack, &somebody, &inventory, biller).await?,
        })
    }
}

impl InSecureAuth {
    /// Whether the organization is deactivated; `None` if there is none.
    pub(super) fn deactivated(&self) -> Option<bool> {
        self.organization
            .as_ref()
            .and_then(|organization| organization["deactivated"].as_bool())
    }
}

/// The whole organization of this id, if there is one.
pub(super) async fn organization(
    somebody: &SomebodyElse,
    inventory: &Inventory,
    id: &str,
) -> Result<Option<Value>, reqwest::Error> {
    if inventory.organizations.iter().any(|organization| organization.id == id) {
        Ok(Some(somebody.organization(id).await?))
    } else {
        Ok(None)
    }
}

/// The pools of a biller's organization, with all users.
pub(super) async fn pools(
    stack: &Stack,
    somebody: &SomebodyElse,
    inventory: &Inventory,
    biller: &str,
) -> Result<BTreeMap<String, Pool>, reqwest::Error> {
    let organizations = inventory
        .organizations
        .iter()
        .filter(|organization| organization.id == biller);
    let theirs = organizations.flat_map(|organization| organization.pools.iter());
    // Pools whose organization was deleted.
    let left_behind = inventory.other_pools.iter().filter(|pool| pool.workspace_id == biller);
    let mut pools = BTreeMap::new();
    for entry in theirs.chain(left_behind).filter(|pool| !pool.deleted).cloned() {
        let mut settings = somebody.pool(&entry.id).await?;
        if let Some(members) = settings.as_object_mut() {
            members.retain(|name, _| !name.starts_with("number_of"));
        }
        let users = stack
            .simulator()
            .pool_users(&entry.id, None, usize::MAX)
            .unwrap_or_default();
        let users = users.into_iter().map(|user| (user.id.clone(), user)).collect();
        let account = Pool { entry, settings, users };
        pools.insert(account.entry.id.clone(), account);
    }
    Ok(pools)
}

fn idps(inventory: &Inventory, biller: &str) -> Vec<String> {
    let of_biller = inventory.idps.iter().filter(|idp| idp.workspace_id == biller);
    of_biller
        .map(|idp| format!("{} of pool {}", idp.id, idp.pool_id))
        .collect()
}
