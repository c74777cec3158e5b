//! One user as the API returns it, with identifiers and addresses.

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{
    super::{
        SchemaId, UserId,
        concerns::{Asked, Concerns, Mismatch, UserKey, same, same_text, same_user},
        id::unset_is_none,
    },
    addresses::AddressStatus,
    listed::null_is_empty,
    status::{UserStatus, lenient},
};

/// A user with its identifiers and addresses (IDS `UserWithData`). Of the credentials only their number is read.
#[derive(Clone, PartialEq, Deserialize)]
pub struct User {
    /// Unique in the pool.
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
    /// Profile: the members that the payload schema defines.
    #[serde(default)]
    pub payload: Option<Map<String, Value>>,
    /// Schema of `payload`; `None` when the server has set none.
    #[serde(default, deserialize_with = "unset_is_none")]
    pub payload_schema_id: Option<SchemaId>,
    /// Schema of the metadata; `None` when the server has set none.
    #[serde(default, deserialize_with = "unset_is_none")]
    pub metadata_schema_id: Option<SchemaId>,
    /// Names the user signs in with.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub identifiers: Vec<Identifier>,
    /// E-mail addresses and phone numbers.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub verifiable_addresses: Vec<Address>,
    /// What the user has enrolled; only how many there are is read.
    #[serde(default, deserialize_with = "null_is_empty")]
    credentials: Vec<IgnoredAny>,
}

/// A name that a user signs in with (IDS `UserIdentifier`).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Identifier {
    /// Id of the record, not of the user.
    #[serde(default)]
    pub id: Option<String>,
    /// For example a user name; unique in the pool.
    pub identifier: String,
    /// `email`, `mobile`, `uid`, `external` or `federated`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// An address of a user (IDS `UserVerifiableAddress`).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Address {
    /// Id of the record, not of the user.
    #[serde(default)]
    pub id: Option<String>,
    /// The e-mail address or phone number.
    pub address: String,
    /// `email` or `mobile`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `None` for a status this client does not know.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<AddressStatus>,
    /// Whether the user has proved to own it.
    #[serde(default)]
    pub verified: bool,
    /// Whether codes for the second factor may be sent to it; `None` when the server does not say.
    #[serde(default)]
    pub allowed_for_2fa: Option<bool>,
}

/// One identifier or address as its own answer shows it (IDS `UserIdentifier`, `UserVerifiableAddress`).
#[derive(Deserialize)]
pub(super) struct Entry<T> {
    #[serde(flatten)]
    pub(super) value: T,
    #[serde(default)]
    tenant_id: Option<String>,
    #[serde(default)]
    user_pool_id: Option<String>,
    #[serde(default, deserialize_with = "unset_is_none")]
    user_id: Option<UserId>,
}

/// Text and type of an identifier or address.
pub(super) trait Named {
    fn is(&self, key: UserKey<'_>) -> Result<(), Mismatch>;
    fn kind(&self) -> &str;
}

impl Named for Identifier {
    fn is(&self, key: UserKey<'_>) -> Result<(), Mismatch> {
        match key {
            UserKey::Identifier(asked) => same_text("identifier", &self.identifier, asked),
            UserKey::Address(_) => Ok(()),
        }
    }

    fn kind(&self) -> &str {
        &self.kind
    }
}

impl Named for Address {
    fn is(&self, key: UserKey<'_>) -> Result<(), Mismatch> {
        match key {
            UserKey::Address(asked) => same_text("address", &self.address, asked),
            UserKey::Identifier(_) => Ok(()),
        }
    }

    fn kind(&self) -> &str {
        &self.kind
    }
}

impl<T: Named> Concerns for Entry<T> {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        same("tenant_id", self.tenant_id.as_deref(), asked.tenant)?;
        same("user_pool_id", self.user_pool_id.as_deref(), asked.pool)?;
        if let Some(shown) = &self.user_id {
            same_user(shown, asked.user).map_err(|_| Mismatch("user_id"))?;
        }
        same("type", Some(self.value.kind()), asked.kind)?;
        asked.key.map_or(Ok(()), |key| self.value.is(key))
    }
}

impl Concerns for User {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        same("tenant_id", self.tenant_id.as_deref(), asked.tenant)?;
        same("user_pool_id", self.user_pool_id.as_deref(), asked.pool)?;
        same_user(&self.id, asked.user)?;
        asked.key.map_or(Ok(()), |key| self.carries(key))
    }
}

impl User {
    /// The user has enrolled something to sign in with.
    pub fn has_credentials(&self) -> bool {
        !self.credentials.is_empty()
    }

    /// Fails when the user has not got the identifier or address that was searched for. An address can be an identifier too, so both
    /// lists count. An answer that shows neither list proves nothing. Case is ignored, because the pool may ignore it.
    fn carries(&self, key: UserKey<'_>) -> Result<(), Mismatch> {
        let (member, key) = match key {
            UserKey::Identifier(identifier) => ("identifiers", identifier.to_lowercase()),
            UserKey::Address(address) => ("verifiable_addresses", address.to_lowercase()),
        };
        let identifiers = self.identifiers.iter().map(|it| &it.identifier);
        let mut shown = identifiers
            .chain(self.verifiable_addresses.iter().map(|it| &it.address))
            .peekable();
        if shown.peek().is_none() || shown.any(|text| text.to_lowercase() == key) {
            Ok(())
        } else {
            Err(Mismatch(member))
        }
    }
}

/// The id only: the rest is personal data.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identifier")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}
