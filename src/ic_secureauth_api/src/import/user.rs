//! One user of a chunk.

use std::fmt;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    super::{UserId, UserStatus},
    settings::PayloadMembers,
};

/// One user of a chunk: profile, user name and e-mail address, never credentials (docs/requirements.md#u3).
#[derive(Clone, PartialEq, Eq)]
pub struct ImportUser {
    /// `users.id`
    pub user_id: UserId,
    /// `user_identifiers.id`
    pub identifier_id: Uuid,
    /// `user_verifiable_addresses.id`
    pub address_id: Uuid,
    /// The identifier of type `uid`.
    pub user_name: String,
    /// The verifiable address of type `email`.
    pub email: String,
    /// Left out of the payload when `None`.
    pub first_name: Option<String>,
    /// Left out of the payload when `None`.
    pub last_name: Option<String>,
    /// Whether the user may sign in after the import.
    pub status: UserStatus,
}

impl ImportUser {
    /// The payload that is imported, and that a later update of the user compares and sends.
    pub fn payload(&self, members: &PayloadMembers) -> Map<String, Value> {
        members.payload(self.first_name.as_deref(), self.last_name.as_deref(), &self.user_name)
    }

    pub(super) fn given<'a>(&'a self, members: &'a PayloadMembers) -> [(&'a str, Option<&'a str>); 3] {
        members.given(self.first_name.as_deref(), self.last_name.as_deref(), &self.user_name)
    }
}

/// Shows ids only: the rest is personal data.
impl fmt::Debug for ImportUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportUser")
            .field("user_id", &self.user_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
