//! Whether a user could sign in (row 84). It takes the place of sign-in pages, which the simulator has
//! not.

use serde::{Deserialize, Serialize};

use crate::app::App;
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

/// Looks for an active user with this identifier in the pools whose identity provider in the workspace is enabled and of the right
/// kind.
pub(crate) fn sign_in(app: &App, workspace_id: &str, identifier: &str) -> SignIn {
    let reason = refusal(app, workspace_id, identifier);
    SignIn {
        allowed: reason.is_none(),
        reason: reason.unwrap_or("ok").to_owned(),
    }
}

fn refusal(app: &App, workspace_id: &str, identifier: &str) -> Option<&'static str> {
    let state = app.state();
    if !state.workspace_exists(workspace_id) {
        return Some("no-such-workspace");
    }
    if state.organizations.get(workspace_id).is_some_and(|it| it.deactivated) {
        return Some("organization-deactivated");
    }
    let switches = app.switches();
    let can_sign_in = !switches.idp_disabled.is_on() && switches.idp_method == IdpMethod::IdentityPool;
    let mut pools = state
        .idps
        .of_workspace(workspace_id)
        .filter(|_| can_sign_in)
        .filter_map(|idp| state.pools.live(&idp.pool_id));
    match pools.find_map(|pool| pool.users.by_identifier(identifier)) {
        None => Some("unknown-user"),
        Some(user) if user.status != UserStatus::Active => Some("user-not-active"),
        Some(_) => None,
    }
}
