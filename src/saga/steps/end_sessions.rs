//! Ends the sessions of users who have no access any more.

use crate::domain::issue::{Code, Field, Issue};
use ic_secureauth_api::{Api, ApiError, Class, PoolId, UserId};

/// Ends all sessions of at most 100 users. Where SecureAuth refuses the call because one of them is not there, the users are asked
/// for one by one; whoever is not there has no session.
pub(super) async fn end(api: &Api, pool: &PoolId, users: &[UserId]) -> Result<(), ApiError> {
    match api.revoke_tokens(pool, users).await {
        Err(error) if error.is_not_found() => {}
        answer => return answer,
    }
    for user in users {
        match api.revoke_tokens(pool, std::slice::from_ref(user)).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Ending the sessions will not succeed however often it is tried.
pub(super) fn is_hopeless(error: &ApiError) -> bool {
    error.missing_scope().is_some() || (error.class() == Class::Permanent && !error.outcome_unknown())
}

/// Sessions live on until they expire.
pub(super) fn issue() -> Issue {
    Issue::of(None, Field::User, Code::NotRevoked)
}
