//! One user to be imported.

use std::fmt;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    super::{UserId, UserStatus},
    settings::PayloadMembers,
};

/// One user to be imported: profile, user name and e-mail address. Credentials have no place here (U3).
#[derive(Clone, PartialEq, Eq)]
pub struct ImportUser {
    /// `users.id`
    pub user_id: UserId,
    /// `user_identifiers.id`
    pub identifier_id: Uuid,
    /// `user_verifiable_addresses.id`
    pub address_id: Uuid,
    /// The `uid` identifier.
    pub user_name: String,
    /// The e-mail address.
    pub email: String,
    /// Left out of the payload when `None`.
    pub first_name: Option<String>,
    /// Left out of the payload when `None`.
    pub last_name: Option<String>,
    /// The status to import with.
    pub status: UserStatus,
}

impl ImportUser {
    /// The profile as it is imported; also what a later update of the same user compares with and sends.
    pub fn payload(&self, members: &PayloadMembers) -> Map<String, Value> {
        members.payload(self.first_name.as_deref(), self.last_name.as_deref(), &self.user_name)
    }
}

/// Ids only: the rest is personal data.
impl fmt::Debug for ImportUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportUser")
            .field("user_id", &self.user_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
