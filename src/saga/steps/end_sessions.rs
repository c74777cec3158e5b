//! Ends the sessions of users who have no access any more.

use tracing::warn;

use crate::domain::issue::{Code, Field, Issue};
use ic_secureauth_api::{Api, ApiError, Operation, PoolId, UserId};

/// Ends all sessions of at most 100 users; asks one by one where SecureAuth refuses the call because one of them is not there. What
/// will not succeed however often it is tried is an issue: the sessions live on until they expire.
pub(super) async fn end(api: &Api, pool: &PoolId, users: &[UserId]) -> Result<Option<Issue>, ApiError> {
    if !api.is_granted(Operation::RevokeTokens).await? {
        warn!("sessions are not ended: the token has not the scope revoke_tokens");
        return Ok(Some(not_revoked()));
    }
    match api.revoke_tokens(pool, users).await {
        Ok(()) => return Ok(None),
        Err(error) if error.is_not_found() => {}
        Err(error) => return hopeless(error),
    }
    let mut issue = None;
    for user in users {
        match api.revoke_tokens(pool, std::slice::from_ref(user)).await {
            Ok(()) => {}
            // Whoever is not there has no session.
            Err(error) if error.is_not_found() && api.user(pool, user).await?.is_none() => {}
            Err(error) => issue = hopeless(error)?,
        }
    }
    Ok(issue)
}

fn hopeless(error: ApiError) -> Result<Option<Issue>, ApiError> {
    if error.is_refusal() {
        warn!(%error, "sessions are not ended");
        return Ok(Some(not_revoked()));
    }
    Err(error)
}

/// Sessions live on until they expire.
pub(super) fn not_revoked() -> Issue {
    Issue::of(None, Field::User, Code::NotRevoked)
}
