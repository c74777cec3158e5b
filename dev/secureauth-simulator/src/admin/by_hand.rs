//! What an administrator does in SecureAuth's console. No fault meets it and no call is logged.

use crate::app::App;
use crate::lag::LagTimes;

/// Sets an organization's `deactivated` flag; `false` when there is no such organization.
pub(crate) fn set_deactivated(app: &App, id: &str, deactivated: bool) -> bool {
    let now = app.now();
    let mut state = app.state();
    let Some(mut organization) = state.organizations.get(id).cloned() else {
        return false;
    };
    organization.deactivated = deactivated;
    organization.revision = state.next_revision();
    state.organizations.put(now, LagTimes::default(), organization);
    true
}

/// Removes a user of a pool; `false` when there is no such user.
pub(crate) fn remove_user(app: &App, pool_id: &str, user_id: &str) -> bool {
    let now = app.now();
    let mut state = app.state();
    let removed = state
        .pools
        .remove_user(now, LagTimes::default(), pool_id, &user_id.into());
    removed.is_some()
}
