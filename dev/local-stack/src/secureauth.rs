//! Counts what SecureAuth holds of a biller, by the simulator's inventory.

use secureauth_simulator::Simulator;

/// What SecureAuth holds of a biller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillerInventory {
    /// Whether the biller's organization is deactivated; `None` when there is no organization.
    pub deactivated: Option<bool>,
    /// Number of the organization's pools that are not deleted.
    pub pools: usize,
    /// How many of these pools have an identity provider.
    pub pools_with_idp: usize,
    /// Number of users in these pools.
    pub users: u64,
}

impl BillerInventory {
    /// Counts what the organization with this id has.
    pub fn of(simulator: &Simulator, organization_id: &str) -> Self {
        let inventory = simulator.inventory();
        let organization = inventory
            .organizations
            .iter()
            .find(|organization| organization.id == organization_id);
        let Some(organization) = organization else {
            return Self::default();
        };
        let pools: Vec<_> = organization.pools.iter().filter(|pool| !pool.deleted).collect();
        Self {
            deactivated: Some(organization.deactivated),
            pools: pools.len(),
            pools_with_idp: pools.iter().filter(|pool| pool.idp).count(),
            users: pools.iter().map(|pool| pool.number_of_users).sum(),
        }
    }
}
