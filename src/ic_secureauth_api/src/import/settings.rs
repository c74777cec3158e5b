//! Settings that all users of one run share.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::super::SchemaId;

/// Settings that all users of one run share. The same settings and users give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportSettings {
    /// Schema of the payload: the pool's.
    pub payload_schema_id: SchemaId,
    /// Schema of the metadata: the pool's, left out when the pool names none.
    pub metadata_schema_id: Option<SchemaId>,
    /// Whether addresses are imported as verified. A verified address can belong to one user only. An unverified one cannot be
    /// searched for, nor be used alone to reset a password (docs/reference/secureauth-api.md#users-addresses).
    pub address_verified: bool,
    /// Whether codes for the second factor may be sent to the addresses.
    pub address_allowed_for_2fa: bool,
    /// Names of the payload's members.
    pub payload_members: PayloadMembers,
    /// `created_at` and `updated_at` of every record: one time per run, so that a repetition sends the same bytes.
    pub recorded_at: OffsetDateTime,
}

/// Names of the payload's members; by default `first_name`, `last_name` and `user_name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadMembers {
    first: String,
    last: String,
    user: String,
}

/// Two names are equal, or one is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload's members must have three different names")]
pub struct PayloadMembersClash;

impl PayloadMembers {
    /// Other names, for a payload schema of the tenant.
    pub fn new(
        first: impl Into<String>,
        last: impl Into<String>,
        user: impl Into<String>,
    ) -> Result<Self, PayloadMembersClash> {
        let members = Self {
            first: first.into(),
            last: last.into(),
            user: user.into(),
        };
        let [first, last, user] = members.names();
        let distinct = first != last && last != user && first != user;
        let named = [first, last, user].iter().all(|name| !name.is_empty());
        if distinct && named {
            Ok(members)
        } else {
            Err(PayloadMembersClash)
        }
    }

    /// The payload of a user. A user without first or last name gets no such member.
    pub fn payload(&self, first_name: Option<&str>, last_name: Option<&str>, user_name: &str) -> Map<String, Value> {
        self.given(first_name, last_name, user_name)
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect()
    }

    /// The same, in the order of the members' names, as a [`Map`] has them.
    pub(super) fn given<'a>(
        &'a self,
        first_name: Option<&'a str>,
        last_name: Option<&'a str>,
        user_name: &'a str,
    ) -> [(&'a str, Option<&'a str>); 3] {
        let [first, last, user] = self.names();
        let mut given = [(first, first_name), (last, last_name), (user, Some(user_name))];
        given.sort_unstable_by_key(|(name, _)| *name);
        given
    }

    /// In the order first name, last name, user name.
    pub fn names(&self) -> [&str; 3] {
        [&self.first, &self.last, &self.user]
    }
}

impl Default for PayloadMembers {
    fn default() -> Self {
        Self {
            first: "first_name".into(),
            last: "last_name".into(),
            user: "user_name".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_must_be_told_apart() {
        assert!(PayloadMembers::new("given_name", "family_name", "name").is_ok());
        assert_eq!(
            PayloadMembers::new("name", "family_name", "name"),
            Err(PayloadMembersClash)
        );
        assert_eq!(PayloadMembers::new("", "family_name", "name"), Err(PayloadMembersClash));
    }
}
