//! Ends the sessions of users who have no access any more.

use tracing::warn;

use crate::domain::issue::{Code, Field, Issue};
use ic_secureauth_api::{Api, ApiError, Operation, PoolId, UserId};

/// How far sessions were ended. What will not succeed however often it is tried is an issue: the sessions live on until they
/// expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    All,
    /// SecureAuth refuses to end sessions of some of these users; others may fare better.
    InPart,
    /// The token has not the scope, whoever the users are.
    NotGranted,
}

impl Ended {
    pub(super) fn issue(self) -> Option<Issue> {
        (self != Self::All).then(not_revoked)
    }
}

/// Ends all sessions of at most 100 users; asks one by one where SecureAuth refuses the call because one of them is not there.
pub(super) async fn end(api: &Api, pool: &PoolId, users: &[UserId]) -> Result<Ended, ApiError> {
    if !api.is_granted(Operation::RevokeTokens).await? {
        warn!("sessions are not ended: the token has not the scope revoke_tokens");
        return Ok(Ended::NotGranted);
    }
    match api.revoke_tokens(pool, users).await {
        Ok(()) => return Ok(Ended::All),
        Err(error) if error.is_not_found() => {}
        Err(error) => return hopeless(error),
    }
    let mut ended = Ended::All;
    for user in users {
        match api.revoke_tokens(pool, std::slice::from_ref(user)).await {
            Ok(()) => {}
            // Whoever is not there has no session.
            Err(error) if error.is_not_found() && api.user(pool, user).await?.is_none() => {}
            Err(error) => ended = hopeless(error)?,
        }
    }
    Ok(ended)
}

fn hopeless(error: ApiError) -> Result<Ended, ApiError> {
    if error.is_refusal() {
        warn!(%error, "sessions are not ended");
        return Ok(Ended::InPart);
    }
    Err(error)
}

/// Sessions live on until they expire.
pub(super) fn not_revoked() -> Issue {
    Issue::of(None, Field::User, Code::NotRevoked)
}
