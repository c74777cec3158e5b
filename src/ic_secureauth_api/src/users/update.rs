//! The body of an update of one user.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{super::ETag, UserStatus};

/// Changes of a user (IDS `UpdateUser`). The server keeps what is `None`.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct UserUpdate {
    /// Whether the user may sign in from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// An update replaces the profile as a whole; a patch changes the members that are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Map<String, Value>>,
    /// Sent as `If-Match`: the call fails when the user has changed since this version was read.
    #[serde(skip)]
    pub if_match: Option<ETag>,
}

/// The profile is personal data.
impl fmt::Debug for UserUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserUpdate")
            .field("status", &self.status)
            .field("changes_payload", &self.payload.is_some())
            .field("if_match", &self.if_match)
            .finish()
    }
}
