//! A user with identifiers, addresses and credentials in memory. It is compact, because a pool may
//! have a million of them.

use std::sync::Arc;

use serde_json::{Map, Value};
use strum::{EnumString, IntoStaticStr};
use time::OffsetDateTime;

use crate::state::record_id::RecordId;

/// JSON as text, which takes the least memory.
pub(crate) type JsonText = Box<str>;

/// A JSON object in memory.
pub(crate) fn compact(object: &Map<String, Value>) -> JsonText {
    // Serializing a map of JSON values into memory cannot fail; an empty text reads back as null.
    serde_json::to_string(object).unwrap_or_default().into_boxed_str()
}

/// The object as JSON; null when there is none.
pub(crate) fn expand(text: Option<&JsonText>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// Who may sign in: `active` users; `new` ones only activate, `inactive` and `deleted` ones do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum UserStatus {
    Active,
    Inactive,
    Deleted,
    New,
}

/// Kind of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum IdentifierType {
    Email,
    Mobile,
    Uid,
    External,
    Federated,
}

/// Kind of a verifiable address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum AddressType {
    Email,
    Mobile,
}

/// Status of a verifiable address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum AddressStatus {
    Active,
    Inactive,
}

/// How messages reach the owner of a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum ContactMethod {
    Sms,
    Voice,
}

/// Kind of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum CredentialType {
    Password,
    Webauthn,
    Totp,
}

/// Whether a credential can be used as it is, or has to be replaced first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum CredentialState {
    Valid,
    MustBeReset,
    MustBeChanged,
}

/// A user of one pool, with the members of the API and the `revision` that its etag is made of.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: RecordId,
    pub(crate) status: UserStatus,
    /// Created by just-in-time provisioning, not by an API call.
    pub(crate) jit: bool,
    pub(crate) payload: Option<JsonText>,
    pub(crate) metadata: Option<JsonText>,
    pub(crate) business_metadata: Option<JsonText>,
    pub(crate) preferences: Option<JsonText>,
    pub(crate) payload_schema_id: Arc<str>,
    pub(crate) metadata_schema_id: Arc<str>,
    pub(crate) business_metadata_schema_id: Arc<str>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) status_updated_at: OffsetDateTime,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) revision: u64,
}

/// `UserIdentifier`.
#[derive(Debug, Clone)]
pub(crate) struct Identifier {
    pub(crate) id: RecordId,
    pub(crate) kind: IdentifierType,
    pub(crate) value: Box<str>,
    pub(crate) metadata: Option<JsonText>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

/// `UserVerifiableAddress`.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) id: RecordId,
    pub(crate) kind: AddressType,
    pub(crate) value: Box<str>,
    pub(crate) status: AddressStatus,
    pub(crate) verified: bool,
    /// When it became verified; never set on an unverified one.
    pub(crate) verified_at: Option<OffsetDateTime>,
    pub(crate) allowed_for_2fa: bool,
    pub(crate) metadata: Option<JsonText>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

/// `UserCredential`. The payload is a hash, which only the export returns.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) id: RecordId,
    pub(crate) kind: CredentialType,
    pub(crate) state: CredentialState,
    pub(crate) payload: JsonText,
    pub(crate) expires_at: Option<OffsetDateTime>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
