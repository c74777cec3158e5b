//! Ids of SecureAuth resources: never empty, and always one segment of a path.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

mod user;

pub use user::UserId;

/// Most bytes of an id. The vendor names no limit; this one keeps paths far below what proxies refuse.
const MAX_BYTES: usize = 256;

/// Why a text is not an id. The error does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// With an empty id `DELETE /organizations/` could be sent (docs/reference/secureauth-api.md#rules-guards).
    #[error("an id must not be empty")]
    Empty,
    /// Longer than 256 bytes.
    #[error("an id must not be longer than 256 bytes")]
    TooLong,
    /// `.` and `..` would change the path instead of naming a resource.
    #[error("an id must not be a relative path segment")]
    Relative,
    /// Control characters are dropped by URL parsers, so two ids could become one.
    #[error("an id must not contain control characters or blanks")]
    Unprintable,
}

/// Checks what every id has to be, because it becomes a segment of a path.
pub(super) fn check(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        Err(InvalidId::Empty)
    } else if text.len() > MAX_BYTES {
        Err(InvalidId::TooLong)
    } else if text == "." || text == ".." {
        Err(InvalidId::Relative)
    } else if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Err(InvalidId::Unprintable)
    } else {
        Ok(())
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks a text from outside: it has to be one segment of a path.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// The id as in JSON, not encoded for a path.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    };
}

text_id! {
    /// Id of an organization, which is also the id of its workspace (SYS `serverID`, `wid` in paths).
    OrganizationId
}
text_id! {
    /// Id of an identity pool (IDS `poolID`).
    PoolId
}
text_id! {
    /// Id of a payload or metadata schema (IDS `schemaID`).
    SchemaId
}
text_id! {
    /// Id of a tenant (ROOT `tenantID`).
    TenantId
}

/// Reads an optional id. The server writes one that is not set as null or as an empty text.
pub(super) fn unset_is_none<'de, D, Id>(deserializer: D) -> Result<Option<Id>, D::Error>
where
    D: Deserializer<'de>,
    Id: TryFrom<String, Error = InvalidId>,
{
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(Id::try_from).transpose().map_err(D::Error::custom)
}

impl From<uuid::fmt::Simple> for PoolId {
    fn from(id: uuid::fmt::Simple) -> Self {
        Self(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_change_the_path_is_refused() {
        assert_eq!(OrganizationId::parse(""), Err(InvalidId::Empty));
        assert_eq!(OrganizationId::parse("."), Err(InvalidId::Relative));
        assert_eq!(PoolId::parse(".."), Err(InvalidId::Relative));
        assert_eq!(PoolId::parse("a\tb"), Err(InvalidId::Unprintable));
        assert_eq!(SchemaId::parse("x".repeat(257)), Err(InvalidId::TooLong));
    }

    #[test]
    fn an_id_survives_json_and_an_empty_one_does_not_enter_through_it() {
        let id: OrganizationId = serde_json::from_str("\"1876\"").unwrap();
        assert_eq!(id.as_str(), "1876");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"1876\"");
        assert!(serde_json::from_str::<OrganizationId>("\"\"").is_err());
    }
}
