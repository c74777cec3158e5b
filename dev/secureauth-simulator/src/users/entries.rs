//! Identifiers and addresses of requests, checked one by one (rows 70 and 72).

use std::collections::HashSet;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::model::{Address, AddressStatus, AddressType, ContactMethod, Identifier, IdentifierType, compact};
use super::rules::{address_is_valid, identifier_is_valid};
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::state::State;

/// Members of `NewUserIdentifier` and `AddUserIdentifier`.
pub(super) const IDENTIFIER: [&str; 3] = ["identifier", "type", "metadata"];

/// Members of `NewUserVerifiableAddress` and `AddUserVerifiableAddress`.
pub(super) const ADDRESS: [&str; 8] = [
    "address",
    "type",
    "status",
    "verified",
    "allowed_for_2fa",
    "preferred_contact_method",
    "message_redaction",
    "metadata",
];

#[derive(Debug, Deserialize)]
pub(super) struct NewIdentifier {
    pub(super) identifier: String,
    r#type: String,
    metadata: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NewAddress {
    pub(super) address: String,
    r#type: String,
    status: Option<String>,
    verified: bool,
    #[serde(default)]
    allowed_for_2fa: bool,
    preferred_contact_method: Option<String>,
    metadata: Option<Map<String, Value>>,
}

/// A value of an enum.
pub(super) fn known<T: FromStr>(call: &Call, text: &str) -> Result<T, ApiError> {
    text.parse()
        .map_err(|_| ApiError::refusal(*call.switches.unknown_enum, "Unknown enum value"))
}

/// Makes identifiers with ids of their own.
pub(super) fn new_identifiers(
    state: &mut State,
    call: &Call,
    given: &[NewIdentifier],
) -> Result<Vec<Identifier>, ApiError> {
    let mut seen = HashSet::new();
    let mut made = Vec::with_capacity(given.len());
    for new in given {
        let kind = known::<IdentifierType>(call, &new.r#type)?;
        if !identifier_is_valid(kind, &new.identifier) {
            return Err(ApiError::refusal(
                *call.switches.invalid_identifier,
                "Invalid identifier",
            ));
        }
        if !seen.insert(&new.identifier) {
            return Err(ApiError::refusal(
                *call.switches.duplicate_in_payload,
                "Duplicate identifier",
            ));
        }
        made.push(Identifier {
            id: state.random.uuid().into(),
            kind,
            value: new.identifier.as_str().into(),
            metadata: new.metadata.as_ref().map(compact),
            created_at: call.now,
            updated_at: call.now,
        });
    }
    Ok(made)
}

/// Makes addresses with ids of their own. `default` is the status of those that name none; without it the status is required.
pub(super) fn new_addresses(
    state: &mut State,
    call: &Call,
    given: &[NewAddress],
    default: Option<AddressStatus>,
) -> Result<Vec<Address>, ApiError> {
    let mut made = Vec::with_capacity(given.len());
    for new in given {
        let kind = known::<AddressType>(call, &new.r#type)?;
        if !address_is_valid(kind, &new.address) {
            return Err(ApiError::refusal(*call.switches.invalid_identifier, "Invalid address"));
        }
        check_contact_method(call, new.preferred_contact_method.as_deref())?;
        let status = match &new.status {
            Some(status) => known(call, status)?,
            None => default.ok_or_else(|| ApiError::unprocessable("status is required"))?,
        };
        made.push(Address {
            id: state.random.uuid().into(),
            kind,
            value: new.address.as_str().into(),
            status,
            verified: new.verified,
            verified_at: new.verified.then_some(call.now),
            allowed_for_2fa: new.allowed_for_2fa,
            metadata: new.metadata.as_ref().map(compact),
            created_at: call.now,
            updated_at: call.now,
        });
    }
    Ok(made)
}

/// Checks the enum; nothing here sends messages, so the value is not kept.
pub(super) fn check_contact_method(call: &Call, given: Option<&str>) -> Result<(), ApiError> {
    given.map_or(Ok(()), |method| known::<ContactMethod>(call, method).map(|_| ()))
}
