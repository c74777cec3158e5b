//! `PATCH …/users/{userID}` as a merge patch (RFC 7396; docs/reference/secureauth-api.md#users-change).

use std::fmt;

use reqwest::Method;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    super::{Api, ApiError, ETag, Operation, PoolId, UserId, Versioned, access::ReadWrite, transport::Call},
    User, UserStatus,
};

/// A merge patch of a user. Other than [`UserUpdate`](super::UserUpdate) it changes single members of the profile.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct UserPatch {
    /// Whether the user may sign in from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// Members of the profile: a value replaces, null removes, absent ones stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Map<String, Value>>,
    /// Sent as `If-Match`: the patch fails when the user has changed since this version was read.
    #[serde(skip)]
    pub if_match: Option<ETag>,
}

/// The profile is personal data.
impl fmt::Debug for UserPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserPatch")
            .field("status", &self.status)
            .field("changes_payload", &self.payload.is_some())
            .field("if_match", &self.if_match)
            .finish()
    }
}

impl Api<ReadWrite> {
    /// `PATCH …/users/{userID}?rfc_version=7396`: changes the members that are given. A repetition says the same, so it needs no key.
    ///
    /// 404: the user is not there. 422: the profile does not match its schema. [`Class::Stale`](crate::Class::Stale): the user has
    /// changed since `if_match`; after [`outcome_unknown`](ApiError::outcome_unknown) perhaps by this call.
    pub async fn patch_user(&self, pool: &PoolId, id: &UserId, patch: &UserPatch) -> Result<Versioned<User>, ApiError> {
        let mut url = self.user_url(pool, id);
        url.query_pairs_mut().append_pair("rfc_version", "7396");
        let call = Call::new(Operation::PatchUser, Method::PATCH, url)
            .json(patch)?
            .if_match(patch.if_match.as_ref());
        self.send(call).await?.json(&self.asked_of(pool, Some(id)))
    }
}
