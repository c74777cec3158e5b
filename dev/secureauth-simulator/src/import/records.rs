//! `TenantDump` of an import. A missing or null member is `None`.

use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::errors::ApiError;
use crate::schemas::SchemaRequest;
use crate::server::call::{Call, refuse_unknown};
use crate::switches::choices::UnknownFields;

/// The arrays of a dump with the members of their records (row 16).
const ARRAYS: [(&str, &[&str]); 9] = [
    (
        "users",
        &[
            "id",
            "tenant_id",
            "user_pool_id",
            "status",
            "payload",
            "metadata",
            "business_metadata",
            "payload_schema_id",
            "metadata_schema_id",
            "business_metadata_schema_id",
            "preferences",
            "user_type",
            "created_at",
            "updated_at",
            "status_updated_at",
        ],
    ),
    (
        "user_identifiers",
        &[
            "id",
            "tenant_id",
            "user_pool_id",
            "user_id",
            "identifier",
            "identifier_lc",
            "type",
            "metadata",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "user_verifiable_addresses",
        &[
            "id",
            "tenant_id",
            "user_pool_id",
            "user_id",
            "address",
            "address_lc",
            "type",
            "status",
            "verified",
            "verified_at",
            "allowed_for_2fa",
            "preferred_contact_method",
            "metadata",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "user_credentials",
        &[
            "id",
            "tenant_id",
            "user_pool_id",
            "user_id",
            "type",
            "payload",
            "state",
            "expires_at",
            "created_at",
            "updated_at",
        ],
    ),
    ("pools", &[]),
    ("schemas", &[]),
    ("groups", &[]),
    ("group_members", &[]),
    ("codes", &[]),
];

/// The body of an import.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Dump {
    pub(super) users: Option<Vec<UserRecord>>,
    pub(super) user_identifiers: Option<Vec<IdentifierRecord>>,
    pub(super) user_verifiable_addresses: Option<Vec<AddressRecord>>,
    pub(super) user_credentials: Option<Vec<CredentialRecord>>,
    pub(super) pools: Option<Vec<Map<String, Value>>>,
    pub(super) schemas: Option<Vec<SchemaRequest>>,
    pub(super) groups: Option<Vec<Map<String, Value>>>,
}

impl Dump {
    /// Reads the body of a call.
    pub(super) fn of(call: &Call) -> Result<Self, ApiError> {
        if *call.switches.unknown_fields == UnknownFields::Refused {
            let body: Map<String, Value> = call.json()?;
            refuse_unknown(&body, &ARRAYS.map(|(array, _)| array))?;
            for (array, members) in ARRAYS.iter().filter(|(_, members)| !members.is_empty()) {
                let records = body.get(*array).and_then(Value::as_array).into_iter().flatten();
                for record in records.filter_map(Value::as_object) {
                    refuse_unknown(record, members)?;
                }
            }
        }
        call.json()
    }
}

/// `User`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UserRecord {
    pub(super) id: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) user_pool_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) payload: Option<Map<String, Value>>,
    pub(super) metadata: Option<Map<String, Value>>,
    pub(super) business_metadata: Option<Map<String, Value>>,
    pub(super) preferences: Option<Map<String, Value>>,
    pub(super) payload_schema_id: Option<String>,
    pub(super) metadata_schema_id: Option<String>,
    pub(super) business_metadata_schema_id: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) created_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) updated_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) status_updated_at: Option<OffsetDateTime>,
}

/// `UserIdentifier`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IdentifierRecord {
    #[serde(flatten)]
    pub(super) common: SubRecordMembers,
    pub(super) identifier: Option<String>,
    pub(super) identifier_lc: Option<String>,
    pub(super) metadata: Option<Map<String, Value>>,
}

/// `UserVerifiableAddress`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddressRecord {
    #[serde(flatten)]
    pub(super) common: SubRecordMembers,
    pub(super) address: Option<String>,
    pub(super) address_lc: Option<String>,
    pub(super) status: Option<String>,
    pub(super) verified: Option<bool>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) verified_at: Option<OffsetDateTime>,
    pub(super) allowed_for_2fa: Option<bool>,
    pub(super) preferred_contact_method: Option<String>,
    pub(super) metadata: Option<Map<String, Value>>,
}

/// `UserCredential`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CredentialRecord {
    #[serde(flatten)]
    pub(super) common: SubRecordMembers,
    pub(super) payload: Option<Map<String, Value>>,
    pub(super) state: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) expires_at: Option<OffsetDateTime>,
}

impl std::fmt::Debug for CredentialRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialRecord")
            .field("common", &self.common)
            .finish_non_exhaustive()
    }
}

/// Members that identifiers, addresses and credentials share.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SubRecordMembers {
    pub(super) id: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) user_pool_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) r#type: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) created_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) updated_at: Option<OffsetDateTime>,
}
