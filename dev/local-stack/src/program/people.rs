//! Who may sign in, as SecureAuth shows it and as the CRM says.

use std::collections::BTreeSet;

use local_stack::{Stack, StackError, UserRow};

use super::billers::SampleBiller;

/// Sets of user names in lower case, and the sessions of those without access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct People {
    /// Users who are active in SecureAuth, if their organization is live.
    pub(super) may_sign_in: BTreeSet<String>,
    /// People whose row in the CRM is `active`.
    pub(super) should_sign_in: BTreeSet<String>,
    /// Sessions of users who may not sign in.
    pub(super) sessions_left: usize,
}

impl People {
    /// Looks into the simulator's inventory and the CRM's table.
    pub(super) fn look(stack: &Stack, biller_id: &str) -> Result<Self, StackError> {
        let mut people = Self {
            should_sign_in: stack
                .crm()
                .active_user_names(biller_id)?
                .iter()
                .map(|name| name.to_lowercase())
                .collect(),
            ..Self::default()
        };
        let inventory = stack.simulator().inventory();
        let organization = inventory.organizations.iter().find(|it| it.id == biller_id);
        let is_live = organization.is_some_and(|it| !it.deactivated);
        for pool in organization
            .iter()
            .flat_map(|it| &it.pools)
            .filter(|pool| !pool.deleted)
        {
            let users = stack.simulator().pool_users(&pool.id, None, usize::MAX);
            for user in users.into_iter().flatten() {
                if is_live && user.status == "active" {
                    let names = user.identifiers.iter().map(|name| name.to_lowercase());
                    people.may_sign_in.extend(names);
                } else {
                    people.sessions_left += user.sessions;
                }
            }
        }
        Ok(people)
    }
}

/// Everybody of the biller who may signs in, which opens a session.
pub(super) fn sign_in(stack: &Stack, biller: &SampleBiller) {
    for user in biller.good_users() {
        let name = user.user_name.unwrap_or_default();
        stack.simulator().sign_in(biller.id, &name);
    }
}

/// People leave, change places and join: one is `deleted`, one row is gone, three rotate their user names, a joiner takes the name of
/// one who left, one is set inactive, one gets a new GUID, and a joiner shares the name of somebody who stays.
pub(super) fn change_places(stack: &Stack, biller: &SampleBiller) -> Result<(), StackError> {
    let (crm, id) = (stack.crm(), biller.id);
    let sample = |number| UserRow::sample(id, number);
    let guid = |number| sample(number).user_guid.unwrap_or_default();
    let named = |number, other| UserRow {
        user_name: sample(other).user_name,
        ..sample(number)
    };
    crm.set_user_status(id, &guid(1), "deleted")?;
    crm.remove_user(id, &guid(2))?;
    for (number, other) in [(3, 4), (4, 5), (5, 3)] {
        crm.replace_user(id, &named(number, other))?;
    }
    crm.set_user_status(id, &guid(6), "inactive")?;
    crm.remove_user(id, &guid(7))?;
    let rekeyed = UserRow {
        user_guid: sample(1_007).user_guid,
        ..sample(7)
    };
    let sharing = UserRow {
        user_name: sample(8).user_name.map(|name| name.to_uppercase()),
        ..sample(1_009)
    };
    crm.add_users(id, &[rekeyed, named(1_001, 2), sharing])?;
    Ok(())
}
