//! One row of the list of users.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    super::{
        UserId,
        concerns::{Asked, Concerns, Mismatch, same},
    },
    status::{UserStatus, lenient},
};

/// One row of the list of users (IDS `ExtendedUser`): identifiers and addresses are plain texts.
#[derive(Clone, PartialEq, Deserialize)]
pub struct ListedUser {
    /// Unique in the pool; the next page starts after the last one.
    pub id: UserId,
    /// The tenant it is in.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// The pool it is in.
    #[serde(default)]
    pub user_pool_id: Option<String>,
    /// `None` for a status this client does not know.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<UserStatus>,
    /// User names and other identifiers, without their types.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub identifiers: Vec<String>,
    /// Addresses that were verified. The member's name in JSON has a blank in it.
    #[serde(default, rename = "verified addresses", deserialize_with = "null_is_empty")]
    pub verified_addresses: Vec<String>,
    /// Profile: the members that the payload schema defines.
    #[serde(default)]
    pub payload: Option<Map<String, Value>>,
}

impl Concerns for ListedUser {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        same("tenant_id", self.tenant_id.as_deref(), asked.tenant)?;
        same("user_pool_id", self.user_pool_id.as_deref(), asked.pool)
    }
}

/// The id only: the rest is personal data.
impl fmt::Debug for ListedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedUser")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The server writes an empty list as null.
pub(super) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
