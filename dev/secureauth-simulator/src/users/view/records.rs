//! Identifiers, addresses and credentials as records of their own.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::super::model::{Address, Credential, Identifier, User, expand};
use super::{Json, Place};
use crate::state::record_id::RecordId;

/// `UserIdentifier`.
#[derive(Serialize)]
pub(crate) struct IdentifierRecord<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    id: &'a RecordId,
    user_id: &'a RecordId,
    identifier: &'a str,
    identifier_lc: String,
    r#type: &'static str,
    metadata: Json<'a>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl<'a> IdentifierRecord<'a> {
    pub(crate) fn new(place: Place<'a>, user: &'a User, it: &'a Identifier) -> Self {
        Self {
            place,
            id: &it.id,
            user_id: &user.id,
            identifier: &it.value,
            identifier_lc: it.value.to_lowercase(),
            r#type: it.kind.into(),
            metadata: Json(it.metadata.as_ref()),
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

/// `UserVerifiableAddress`.
#[derive(Serialize)]
pub(crate) struct AddressRecord<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    id: &'a RecordId,
    user_id: &'a RecordId,
    address: &'a str,
    address_lc: String,
    r#type: &'static str,
    status: &'static str,
    verified: bool,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    verified_at: Option<OffsetDateTime>,
    allowed_for_2fa: bool,
    metadata: Json<'a>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl<'a> AddressRecord<'a> {
    pub(crate) fn new(place: Place<'a>, user: &'a User, it: &'a Address) -> Self {
        Self {
            place,
            id: &it.id,
            user_id: &user.id,
            address: &it.value,
            address_lc: it.value.to_lowercase(),
            r#type: it.kind.into(),
            status: it.status.into(),
            verified: it.verified,
            verified_at: it.verified_at,
            allowed_for_2fa: it.allowed_for_2fa,
            metadata: Json(it.metadata.as_ref()),
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

/// `UserCredential`, with its hash.
#[derive(Serialize)]
pub(crate) struct CredentialRecord<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    id: &'a RecordId,
    user_id: &'a RecordId,
    r#type: &'static str,
    state: &'static str,
    payload: Value,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl<'a> CredentialRecord<'a> {
    pub(crate) fn new(place: Place<'a>, user: &'a User, it: &'a Credential) -> Self {
        Self {
            place,
            id: &it.id,
            user_id: &user.id,
            r#type: it.kind.into(),
            state: it.state.into(),
            payload: expand(Some(&it.payload)),
            expires_at: it.expires_at,
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }

    /// Without the hash.
    pub(super) fn blurred(mut self) -> Self {
        self.payload = Value::Object(serde_json::Map::new());
        self
    }
}
