//! Users as the API returns them: `ExtendedUser` in lists, `UserWithData` alone, and the records of
//! the export. They are serialized without a tree of values in between.

use serde::{Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::{JsonText, User, expand};
use crate::state::record_id::RecordId;

mod records;

pub(crate) use records::{AddressRecord, CredentialRecord, IdentifierRecord};

/// A time as the API writes it.
pub(crate) fn timestamp(at: OffsetDateTime) -> Value {
    at.format(&Rfc3339).map_or(Value::Null, Value::String)
}

/// Tenant and pool of a record.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Place<'a> {
    #[serde(rename = "tenant_id")]
    pub(crate) tenant: &'a str,
    #[serde(rename = "user_pool_id")]
    pub(crate) pool_id: &'a str,
}

/// A stored object.
struct Json<'a>(Option<&'a JsonText>);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        expand(self.0).serialize(serializer)
    }
}

/// `User`: the members all forms of a user share.
#[derive(Serialize)]
pub(crate) struct UserRecord<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    id: &'a RecordId,
    status: &'static str,
    payload: Json<'a>,
    metadata: Json<'a>,
    business_metadata: Json<'a>,
    preferences: Json<'a>,
    payload_schema_id: &'a str,
    metadata_schema_id: &'a str,
    business_metadata_schema_id: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    status_updated_at: OffsetDateTime,
}

impl<'a> UserRecord<'a> {
    pub(crate) fn new(place: Place<'a>, user: &'a User) -> Self {
        Self {
            place,
            id: &user.id,
            status: user.status.into(),
            payload: Json(user.payload.as_ref()),
            metadata: Json(user.metadata.as_ref()),
            business_metadata: Json(user.business_metadata.as_ref()),
            preferences: Json(user.preferences.as_ref()),
            payload_schema_id: &user.payload_schema_id,
            metadata_schema_id: &user.metadata_schema_id,
            business_metadata_schema_id: &user.business_metadata_schema_id,
            created_at: user.created_at,
            updated_at: user.updated_at,
            status_updated_at: user.status_updated_at,
        }
    }
}

/// Row 79: `ExtendedUser`, with identifiers as plain strings and addresses twice.
#[derive(Serialize)]
pub(crate) struct ExtendedUser<'a> {
    #[serde(flatten)]
    user: UserRecord<'a>,
    identifiers: Vec<&'a str>,
    identifiers_with_details: Vec<IdentifierDetails<'a>>,
    addresses: Vec<AddressDetails<'a>>,
    #[serde(rename = "verified addresses")]
    verified_addresses: Vec<&'a str>,
}

#[derive(Serialize)]
struct IdentifierDetails<'a> {
    r#type: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct AddressDetails<'a> {
    address: &'a str,
    verified: bool,
}

impl<'a> ExtendedUser<'a> {
    pub(crate) fn new(place: Place<'a>, user: &'a User) -> Self {
        let verified = user.addresses.iter().filter(|it| it.verified);
        Self {
            user: UserRecord::new(place, user),
            identifiers: user.identifiers.iter().map(|it| &*it.value).collect(),
            identifiers_with_details: user
                .identifiers
                .iter()
                .map(|it| IdentifierDetails {
                    r#type: it.kind.into(),
                    value: &it.value,
                })
                .collect(),
            addresses: user
                .addresses
                .iter()
                .map(|it| AddressDetails {
                    address: &it.value,
                    verified: it.verified,
                })
                .collect(),
            verified_addresses: verified.map(|it| &*it.value).collect(),
        }
    }
}

/// `UserWithData`.
#[derive(Serialize)]
pub(crate) struct UserWithData<'a> {
    #[serde(flatten)]
    user: UserRecord<'a>,
    identifiers: Vec<IdentifierRecord<'a>>,
    verifiable_addresses: Vec<AddressRecord<'a>>,
    /// Without the hash ("blurred").
    credentials: Vec<CredentialRecord<'a>>,
}

impl<'a> UserWithData<'a> {
    pub(crate) fn new(place: Place<'a>, user: &'a User) -> Self {
        Self {
            user: UserRecord::new(place, user),
            identifiers: user
                .identifiers
                .iter()
                .map(|it| IdentifierRecord::new(place, user, it))
                .collect(),
            verifiable_addresses: user
                .addresses
                .iter()
                .map(|it| AddressRecord::new(place, user, it))
                .collect(),
            credentials: user
                .credentials
                .iter()
                .map(|it| CredentialRecord::new(place, user, it).blurred())
                .collect(),
        }
    }
}
