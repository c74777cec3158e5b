//! A person completes the activation of their own user (row 98). It takes the place of the page for that, which the simulator has not (docs/reference/secureauth-api.md#sign-in-first-time).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::app::App;
use crate::lag::LagTimes;
use crate::state::State;
use crate::users::{AddressType, Identifier, IdentifierType, User, UserStatus};

/// Whether the activation was completed, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// True: the user is active, the address verified, and an identifier of the user.
    pub activated: bool,
    /// Why not: `no-such-user`, `organization-deactivated`, `user-not-new`, `no-address` or `address-taken`; `ok` when activated.
    pub reason: String,
}

/// Completes the activation by this address, or by the only one that the user has.
pub(crate) fn activate(app: &App, pool_id: &str, user_id: &str, address: Option<&str>) -> Activation {
    let mut state = app.state();
    let refused = complete(&mut state, app.now(), pool_id, user_id, address).err();
    Activation {
        activated: refused.is_none(),
        reason: refused.unwrap_or("ok").to_owned(),
    }
}

pub(super) fn complete(
    state: &mut State,
    now: OffsetDateTime,
    pool_id: &str,
    user_id: &str,
    address: Option<&str>,
) -> Result<(), &'static str> {
    let pool = state.pools.live(pool_id).ok_or("no-such-user")?;
    let mut user = pool.users.get(&user_id.into()).cloned().ok_or("no-such-user")?;
    let organization = state.organizations.get(state.pools.workspace_of(pool_id));
    if organization.is_none_or(|organization| organization.deactivated) {
        return Err("organization-deactivated");
    }
    if user.status != UserStatus::New {
        return Err("user-not-new");
    }
    let sameness = pool.users.sameness();
    let position = match (address, user.addresses.len()) {
        (Some(address), _) => user.addresses.iter().position(|it| sameness.of(&it.value, address)),
        (None, 1) => Some(0),
        (None, _) => None,
    };
    let own = position
        .and_then(|position| user.addresses.get_mut(position))
        .ok_or("no-address")?;
    own.verified = true;
    own.verified_at = Some(now);
    own.updated_at = now;
    let (value, kind) = (own.value.clone(), own.kind);
    if !user.identifiers.iter().any(|it| sameness.of(&it.value, &value)) {
        let id = state.random.uuid().into();
        let kind = match kind {
            AddressType::Email => IdentifierType::Email,
            AddressType::Mobile => IdentifierType::Mobile,
        };
        user.identifiers.push(Identifier {
            id,
            kind,
            value,
            metadata: None,
            created_at: now,
            updated_at: now,
        });
    }
    (user.status, user.status_updated_at, user.updated_at) = (UserStatus::Active, now, now);
    store(state, pool_id, user, now)
}

fn store(state: &mut State, pool_id: &str, mut user: User, now: OffsetDateTime) -> Result<(), &'static str> {
    let conflict = state.pools.get(pool_id).and_then(|pool| pool.users.conflict(&user));
    if conflict.is_some() {
        return Err("address-taken");
    }
    user.revision = state.next_revision();
    state.pools.put_user(now, LagTimes::default(), pool_id, user);
    Ok(())
}
