//! A person enrolls a credential. It takes the place of the pages for that, which the simulator has not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::app::App;
use crate::lag::LagTimes;
use crate::state::State;
use crate::users::{Credential, CredentialState, CredentialType, User};

/// Adds a credential (`password`, `totp` or `webauthn`) to a user; `false` when there is no such user or no such kind, or its
/// organization is deactivated.
pub(crate) fn enroll(app: &App, pool_id: &str, user_id: &str, kind: &str) -> bool {
    let now = app.now();
    let mut state = app.state();
    let Ok(kind) = kind.parse::<CredentialType>() else {
        return false;
    };
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
    let secret = state.random.secret();
    add(&mut state, &mut user, kind, &secret, now);
    // As every change of a user's entries, it gives the user a new etag.
    user.revision = state.next_revision();
    state.pools.put_user(now, LagTimes::default(), pool_id, user);
    true
}

/// Adds a credential of this kind to the user.
pub(super) fn add(state: &mut State, user: &mut User, kind: CredentialType, secret: &str, now: OffsetDateTime) {
    let credential = Credential {
        id: state.random.uuid().into(),
        kind,
        state: CredentialState::Valid,
        payload: json!({ "hashed_password": hash(secret) }).to_string().into(),
        expires_at: None,
        created_at: now,
        updated_at: now,
    };
    user.credentials.push(credential);
}

/// A password as it is stored.
pub(super) fn hash(password: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(password))
}
