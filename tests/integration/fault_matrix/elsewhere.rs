//! What does not belong to the biller: whatever happens to its run, none of this may change.

use std::collections::{BTreeMap, BTreeSet};

use local_stack::{BillerRecord, Stack};
use secureauth_simulator::{Inventory, OrganizationEntry, PoolEntry, PoolUser};
use serde_json::Value;

use super::snapshot::{Pool, organization, pools};
use crate::support::SomebodyElse;

/// A biller that never has a run. Reads that are answered about something else are often answered with it.
pub(super) const ANOTHER_BILLER: &str = "another-biller";

/// Ids of billers whose runs go on meanwhile begin with this. They change, and each has a snapshot of its own.
pub(super) const MEANWHILE: &str = "meanwhile-";

/// Users of every pool that are compared. Comparing all of them would take longer than the cases.
const USERS_COMPARED: usize = 10;

/// Everything of other billers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Elsewhere {
    organizations: BTreeMap<String, OrganizationEntry>,
    /// Pools without an organization.
    pools: BTreeMap<String, PoolEntry>,
    users: BTreeMap<String, Vec<PoolUser>>,
    idps: BTreeSet<String>,
    /// The whole organization of [`ANOTHER_BILLER`], and its pools with all users.
    another: (Option<Value>, BTreeMap<String, Pool>),
    records: BTreeMap<String, BillerRecord>,
}

impl Elsewhere {
    pub(super) async fn take(
        stack: &Stack,
        somebody: &SomebodyElse,
        inventory: &Inventory,
        biller: &str,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let is_elsewhere = |id: &str| id != biller && !id.starts_with(MEANWHILE);
        let organizations: BTreeMap<_, _> = inventory
            .organizations
            .iter()
            .filter(|organization| is_elsewhere(&organization.id))
            .map(|organization| (organization.id.clone(), organization.clone()))
            .collect();
        let others = inventory
            .other_pools
            .iter()
            .filter(|pool| is_elsewhere(&pool.workspace_id));
        let pools_by_id: BTreeMap<_, _> = others.map(|pool| (pool.id.clone(), pool.clone())).collect();
        let all_pools = organizations
            .values()
            .flat_map(|it| &it.pools)
            .chain(pools_by_id.values());
        let some = |id: &str| {
            stack
                .simulator()
                .pool_users(id, None, USERS_COMPARED)
                .unwrap_or_default()
        };
        let users = all_pools.map(|pool| (pool.id.clone(), some(&pool.id))).collect();
        let idps = inventory.idps.iter().filter(|idp| is_elsewhere(&idp.workspace_id));
        let mut records = stack.database().billers()?;
        records.retain(|id, _| is_elsewhere(id));
        Ok(Self {
            idps: idps.map(|idp| format!("{} of pool {}", idp.id, idp.pool_id)).collect(),
            users,
            another: (
                organization(somebody, inventory, ANOTHER_BILLER).await?,
                pools(stack, somebody, inventory, ANOTHER_BILLER).await?,
            ),
            organizations,
            pools: pools_by_id,
            records,
        })
    }

    /// Another biller's organization disappears.
    pub(super) fn sabotage_organizations(&mut self) {
        self.organizations.pop_first();
    }

    /// An identity provider of another biller disappears.
    pub(super) fn sabotage_idps(&mut self) {
        assert!(self.idps.pop_first().is_some(), "another biller has one");
    }

    /// A setting of the other biller's organization changes that its entry in the inventory does not show.
    pub(super) fn sabotage_another_organization(&mut self) {
        self.another.0.as_mut().expect("is there")["color"] = "#000000".into();
    }

    /// The other biller's pool disappears.
    pub(super) fn sabotage_another_pool(&mut self) {
        assert!(self.another.1.pop_first().is_some(), "another biller has one");
    }

    /// A user of another biller disappears.
    pub(super) fn sabotage_users(&mut self) {
        let users = self.users.values_mut().find(|users| !users.is_empty());
        users.expect("another biller has users").clear();
    }

    /// Another biller gets a record.
    pub(super) fn sabotage_records(&mut self) {
        let record = BillerRecord {
            state: "active".into(),
            activation_date: None,
            organization_id: None,
            identity_pool_id: None,
            generation: 0,
        };
        self.records.insert(ANOTHER_BILLER.into(), record);
    }

    /// Asserts that nothing of anybody else has changed since `before`.
    pub(super) fn is_as_before(&self, before: &Self) -> Result<(), String> {
        same(
            "an organization of another biller",
            &before.organizations,
            &self.organizations,
        )?;
        same("a pool of no organization", &before.pools, &self.pools)?;
        same("a user of another biller", &before.users, &self.users)?;
        let gone_or_new: Vec<_> = before.idps.symmetric_difference(&self.idps).collect();
        if !gone_or_new.is_empty() {
            return Err(format!(
                "an identity provider of another biller changed: {gone_or_new:?}"
            ));
        }
        let (old, new) = (&before.another, &self.another);
        if old.0 != new.0 {
            return Err(format!(
                "an organization of another biller changed: {:?} → {:?}",
                old.0, new.0
            ));
        }
        same("a pool of another biller", &old.1, &new.1)?;
        same("the record of another biller", &before.records, &self.records)
    }
}

/// Asserts that two maps are equal. Shows only the members that differ.
fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    before: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
) -> Result<(), String> {
    for id in before.keys().chain(now.keys()) {
        let (old, new) = (before.get(id), now.get(id));
        match (old, new) {
            (None, Some(new)) => return Err(format!("{what} is new: {id}: {new:?}")),
            (Some(_), None) => return Err(format!("{what} is gone: {id}")),
            _ if old != new => return Err(format!("{what} changed: {id}:\n  before {old:?}\n  now    {new:?}")),
            _ => {}
        }
    }
    Ok(())
}
