//! `PATCH …/users/{userID}` as a merge patch (RFC 7396; docs/reference/secureauth-api.md#users-change).

use reqwest::Method;

use super::{
    super::{Api, ApiError, Operation, PoolId, UserId, Versioned, access::ReadWrite, transport::Call},
    User, UserUpdate,
};

impl Api<ReadWrite> {
    /// `PATCH …/users/{userID}?rfc_version=7396`: changes the members that are given, and in the profile single members: a value
    /// replaces, null removes, absent ones stay. A repetition says the same, so it needs no key.
    ///
    /// 404: the user is not there. 422: the profile does not match its schema. [`Class::Stale`](crate::Class::Stale): the user has
    /// changed since `if_match`; after [`outcome_unknown`](ApiError::outcome_unknown) perhaps by this call.
    pub async fn patch_user(
        &self,
        pool: &PoolId,
        id: &UserId,
        patch: &UserUpdate,
    ) -> Result<Versioned<User>, ApiError> {
        let mut url = self.user_url(pool, id);
        url.query_pairs_mut().append_pair("rfc_version", "7396");
        let call = Call::new(Operation::PatchUser, Method::PATCH, url)
            .json(patch)?
            .if_match(patch.if_match.as_ref());
        self.send(call).await?.json(&self.asked_of(pool, Some(id)))
    }
}
