//! Whether SecureAuth as a whole holds what it should: nothing may be left that belongs to no biller's ending.

use local_stack::Stack;

use super::billers::BILLERS;

/// What the tenant must hold when all is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    /// Organizations below the parent.
    pub(super) organizations: usize,
    /// Identity pools.
    pub(super) pools: usize,
    /// Users.
    pub(super) users: u64,
}

impl Totals {
    /// By the last ending of every biller.
    pub(super) fn expected() -> Self {
        let endings = BILLERS.iter().filter_map(|biller| Some(biller.acts.last()?.ending));
        let live: Vec<_> = endings.filter(|ending| ending.has_organization()).collect();
        Self {
            organizations: live.len(),
            pools: live.len(),
            users: live.iter().map(|ending| ending.users()).sum(),
        }
    }

    /// By the inventory: everything in the tenant, whoever's it is.
    pub(super) fn in_secureauth(stack: &Stack) -> Self {
        let inventory = stack.simulator().inventory();
        let of_organizations = inventory
            .organizations
            .iter()
            .flat_map(|organization| &organization.pools);
        let pools: Vec<_> = of_organizations.chain(&inventory.other_pools).collect();
        Self {
            // The parent of them all is there from the start.
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
