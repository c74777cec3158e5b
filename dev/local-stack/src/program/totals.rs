//! Checks SecureAuth as a whole: it may hold nothing but what the billers' endings account for.

use local_stack::Stack;

use super::billers::BILLERS;

/// What the tenant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    /// Number of organizations below the parent.
    pub(super) organizations: usize,
    /// Number of identity pools.
    pub(super) pools: usize,
    /// Number of users in all pools.
    pub(super) users: u64,
}

impl Totals {
    /// What the last endings of all billers add up to.
    pub(super) fn expected() -> Self {
        let endings = BILLERS.iter().filter_map(|biller| Some(biller.acts.last()?.ending));
        let live: Vec<_> = endings.filter(|ending| ending.has_organization()).collect();
        Self {
            organizations: live.len(),
            pools: live.len(),
            users: live.iter().map(|ending| ending.users()).sum(),
        }
    }

    /// Everything that the simulator's inventory shows, whoever it belongs to.
    pub(super) fn in_secureauth(stack: &Stack) -> Self {
        let inventory = stack.simulator().inventory();
        let of_organizations = inventory
            .organizations
            .iter()
            .flat_map(|organization| &organization.pools);
        let pools: Vec<_> = of_organizations.chain(&inventory.other_pools).collect();
        Self {
            // The simulator has their parent from the start.
            organizations: inventory.organizations.len().saturating_sub(1),
            pools: pools.len(),
            users: pools.iter().map(|pool| pool.number_of_users).sum(),
        }
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            organizations,
            pools,
            users,
        } = self;
        write!(
            formatter,
            "{organizations} organizations, {pools} identity pools and {users} users"
        )
    }
}
