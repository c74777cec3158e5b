//! Signing in (rows 84 and 102). It takes the place of sign-in pages, which the simulator has not.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::state::State;
use crate::state::record_id::RecordId;
use crate::switches::choices::IdpMethod;
use crate::users::UserStatus;

/// Whether sign-in is possible, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Whether sign-in would be possible.
    pub allowed: bool,
    /// Why not: `no-such-workspace`, `organization-deactivated`, `unknown-user` or
    /// `user-not-active`; `ok` when allowed.
    pub reason: String,
}

/// Signs a user in and opens a session.
pub(crate) fn sign_in(app: &App, workspace_id: &str, identifier: &str) -> SignIn {
    let mut state = app.state();
    let found = find(app, &state, workspace_id, identifier);
    if let Ok((pool_id, user_id)) = &found {
        state.pools.open_session(pool_id, user_id);
    }
    SignIn::of(found)
}

/// Whether a user could sign in. Opens no session.
pub(crate) fn may_sign_in(app: &App, workspace_id: &str, identifier: &str) -> SignIn {
    SignIn::of(find(app, &app.state(), workspace_id, identifier))
}

impl SignIn {
    fn of<T>(found: Result<T, &'static str>) -> Self {
        Self {
            allowed: found.is_ok(),
            reason: found.err().unwrap_or("ok").to_owned(),
        }
    }
}

/// Pool and id of an active user with this identifier in the pools whose identity provider in the workspace is enabled and of the
/// right kind; otherwise why nobody may sign in.
fn find(app: &App, state: &State, workspace_id: &str, identifier: &str) -> Result<(String, RecordId), &'static str> {
    if !state.workspace_exists(workspace_id) {
        return Err("no-such-workspace");
    }
    if state.organizations.get(workspace_id).is_some_and(|it| it.deactivated) {
        return Err("organization-deactivated");
    }
    let switches = app.switches();
    let can_sign_in = !switches.idp_disabled.is_on() && switches.idp_method == IdpMethod::IdentityPool;
    let mut pools = state
        .idps
        .of_workspace(workspace_id)
        .filter(|_| can_sign_in)
        .filter_map(|idp| state.pools.live(&idp.pool_id));
    match pools.find_map(|pool| Some((pool, pool.users.by_identifier(identifier)?))) {
        None => Err("unknown-user"),
        Some((_, user)) if user.status != UserStatus::Active => Err("user-not-active"),
        Some((pool, user)) => Ok((pool.id().to_owned(), user.id.clone())),
    }
}
