//! A person enrolls a password. It takes the place of the pages for that, which the simulator has not.

use serde_json::json;

use crate::app::App;
use crate::lag::LagTimes;
use crate::users::{Credential, CredentialState, CredentialType};

/// Adds a password to a user; `false` when there is no such user, or its organization is deactivated.
pub(crate) fn enroll(app: &App, pool_id: &str, user_id: &str) -> bool {
    let now = app.now();
    let mut state = app.state();
    let Some(pool) = state.pools.live(pool_id) else {
        return false;
    };
    let organization = state.organizations.get(state.pools.workspace_of(pool_id));
    if organization.is_none_or(|organization| organization.deactivated) {
        return false;
    }
    let Some(mut user) = pool.users.get(&user_id.into()).cloned() else {
        return false;
    };
    let credential = Credential {
        id: state.random.uuid().into(),
        kind: CredentialType::Password,
        state: CredentialState::Valid,
        payload: json!({ "hashed_password": state.random.secret() }).to_string().into(),
        expires_at: None,
        created_at: now,
        updated_at: now,
    };
    user.credentials.push(credential);
    // As every change of a user's entries, it gives the user a new etag.
    user.revision = state.next_revision();
    state.pools.put_user(now, LagTimes::default(), pool_id, user);
    true
}
