//! Users as the API shows them: `ExtendedUser` in lists, `UserWithData` alone, and the arrays of
//! the export.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::{Address, Credential, Identifier, User, compact, expand};
use crate::state::record_id::RecordId;

/// An instant as the API writes it.
pub(crate) fn timestamp(at: OffsetDateTime) -> Value {
    at.format(&Rfc3339).map_or(Value::Null, Value::String)
}

/// Where a record belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) pool_id: &'a str,
}

/// The members all forms of a user share: `User`.
pub(crate) fn user(place: Place<'_>, user: &User) -> Map<String, Value> {
    let members = json!({
        "id": user.id.to_string(),
        "tenant_id": place.tenant,
        "user_pool_id": place.pool_id,
        "status": user.status.name(),
        "payload": expand(user.payload.as_ref()),
        "metadata": expand(user.metadata.as_ref()),
        "business_metadata": expand(user.business_metadata.as_ref()),
        "preferences": expand(user.preferences.as_ref()),
        "payload_schema_id": &*user.payload_schema_id,
        "metadata_schema_id": &*user.metadata_schema_id,
        "business_metadata_schema_id": &*user.business_metadata_schema_id,
        "created_at": timestamp(user.created_at),
        "updated_at": timestamp(user.updated_at),
        "status_updated_at": timestamp(user.status_updated_at),
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Row 79: `ExtendedUser`, with identifiers as plain strings and addresses twice.
pub(crate) fn extended(place: Place<'_>, it: &User) -> Value {
    let mut members = user(place, it);
    let verified = it.addresses.iter().filter(|address| address.verified);
    members.extend([
        (
            "identifiers".to_owned(),
            it.identifiers.iter().map(|id| &*id.value).collect(),
        ),
        (
            "identifiers_with_details".to_owned(),
            it.identifiers
                .iter()
                .map(|id| json!({ "type": id.kind.name(), "value": &*id.value }))
                .collect(),
        ),
        (
            "addresses".to_owned(),
            it.addresses
                .iter()
                .map(|address| json!({ "address": &*address.value, "verified": address.verified }))
                .collect(),
        ),
        (
            "verified addresses".to_owned(),
            verified.map(|address| &*address.value).collect(),
        ),
    ]);
    Value::Object(members)
}

/// `UserWithData`; the payload of credentials is left out ("blurred").
pub(crate) fn with_data(place: Place<'_>, it: &User) -> Value {
    let blurred = |credential: &Credential| {
        let payload = compact(&Map::new());
        credential_record(
            place,
            &it.id,
            &Credential {
                payload,
                ..credential.clone()
            },
        )
    };
    let mut members = user(place, it);
    members.extend([
        (
            "identifiers".to_owned(),
            it.identifiers
                .iter()
                .map(|id| identifier_record(place, &it.id, id))
                .collect(),
        ),
        (
            "verifiable_addresses".to_owned(),
            it.addresses
                .iter()
                .map(|address| address_record(place, &it.id, address))
                .collect(),
        ),
        (
            "credentials".to_owned(),
            it.credentials.iter().map(blurred).collect(),
        ),
    ]);
    Value::Object(members)
}

/// `UserIdentifier`.
pub(crate) fn identifier_record(place: Place<'_>, user: &RecordId, it: &Identifier) -> Value {
    json!({
        "id": it.id.to_string(),
        "tenant_id": place.tenant,
        "user_pool_id": place.pool_id,
        "user_id": user.to_string(),
        "identifier": &*it.value,
        "identifier_lc": it.value.to_lowercase(),
        "type": it.kind.name(),
        "metadata": expand(it.metadata.as_ref()),
        "created_at": timestamp(it.created_at),
        "updated_at": timestamp(it.updated_at),
    })
}

/// `UserVerifiableAddress`.
pub(crate) fn address_record(place: Place<'_>, user: &RecordId, it: &Address) -> Value {
    json!({
        "id": it.id.to_string(),
        "tenant_id": place.tenant,
        "user_pool_id": place.pool_id,
        "user_id": user.to_string(),
        "address": &*it.value,
        "address_lc": it.value.to_lowercase(),
        "type": it.kind.name(),
        "status": it.status.name(),
        "verified": it.verified,
        "metadata": expand(it.metadata.as_ref()),
        "created_at": timestamp(it.created_at),
        "updated_at": timestamp(it.updated_at),
    })
}

/// `UserCredential`, with its hash.
pub(crate) fn credential_record(place: Place<'_>, user: &RecordId, it: &Credential) -> Value {
    json!({
        "id": it.id.to_string(),
        "tenant_id": place.tenant,
        "user_pool_id": place.pool_id,
        "user_id": user.to_string(),
        "type": it.kind.name(),
        "state": it.state.name(),
        "payload": expand(Some(&it.payload)),
        "expires_at": it.expires_at.map(timestamp),
        "created_at": timestamp(it.created_at),
        "updated_at": timestamp(it.updated_at),
    })
}
