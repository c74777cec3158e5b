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

/// So many single users refused one after the other, and none accepted: it is not about them.
const REFUSED_IN_A_ROW: usize = 3;

/// Ends all sessions of at most 100 users; asks one by one where SecureAuth refuses the call, as it may because of one of them.
pub(super) async fn end(api: &Api, pool: &PoolId, users: &[UserId]) -> Result<Ended, ApiError> {
    if !api.is_granted(Operation::RevokeTokens).await? {
        warn!("sessions are not ended: the token has not the scope revoke_tokens");
        return Ok(Ended::NotGranted);
    }
    match api.revoke_tokens(pool, users).await {
        Ok(()) => return Ok(Ended::All),
        Err(error) if error.is_not_found() || error.is_refusal() => {}
        Err(error) => return Err(error),
    }
    let mut ended = Ended::All;
    let mut refused = 0;
    for user in users {
        if refused == REFUSED_IN_A_ROW {
            break;
        }
        match api.revoke_tokens(pool, std::slice::from_ref(user)).await {
            Ok(()) => refused = 0,
            // Whoever is not there has no session.
            Err(error) if error.is_not_found() && api.user(pool, user).await?.is_none() => {}
            Err(error) if error.is_refusal() => {
                warn!(%error, "sessions of a user are not ended");
                refused += 1;
                ended = Ended::InPart;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

/// Sessions live on until they expire.
pub(super) fn not_revoked() -> Issue {
    Issue::of(None, Field::User, Code::NotRevoked)
}
