//! Ends tokens and sessions of users (SYS `DELETE /pools/{ipID}/tokens`, scope `revoke_tokens`;
//! docs/reference/secureauth-api.md#users-sessions-and-tokens).

use reqwest::Method;
use serde::Serialize;

use super::super::{Api, ApiError, Operation, PoolId, UserId, access::ReadWrite, transport::Call};

/// Most users of one call.
pub const MAX_REVOKED_USERS: usize = 100;

/// `RevokeTokensByPoolRequest`
#[derive(Serialize)]
struct RevokeTokensByPoolRequest<'a> {
    users: &'a [UserId],
}

impl Api<ReadWrite> {
    /// `DELETE /pools/{ipID}/tokens`: ends tokens and sessions of 1 to [`MAX_REVOKED_USERS`] users. A repetition ends what is left, so it
    /// needs no key.
    ///
    /// The scope is optional: ask [`is_granted`](Api::is_granted) first. Without it the error names the
    /// [`missing_scope`](ApiError::missing_scope). 404: the pool, or one of the users, is not there. The answer does not say whose
    /// sessions ended.
    pub async fn revoke_tokens(&self, pool: &PoolId, users: &[UserId]) -> Result<(), ApiError> {
        if !(1..=MAX_REVOKED_USERS).contains(&users.len()) {
            return Err(ApiError::guard(
                Operation::RevokeTokens,
                "tokens of 1 to 100 users are revoked",
            ));
        }
        let url = self.paths().system(["pools", pool.as_str(), "tokens"]);
        let call =
            Call::new(Operation::RevokeTokens, Method::DELETE, url).json(&RevokeTokensByPoolRequest { users })?;
        self.send(call).await?.no_content()
    }
}
