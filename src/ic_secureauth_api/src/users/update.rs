//! What to change of a user.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{super::ETag, UserStatus};

/// What to change of a user (IDS `UpdateUser`); what is `None` stays as it is.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct UserUpdate {
    /// The new status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// The whole new profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Map<String, Value>>,
    /// The version that was read and must not have changed since; sent as `If-Match`.
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
