//! Identifiers, addresses and credentials of an import, checked one by one (rows 65 to 68, 72).

use std::str::FromStr;

use serde_json::Map;
use time::OffsetDateTime;

use super::records::{AddressRecord, CredentialRecord, IdentifierRecord, SubRecordMembers};
use crate::errors::ApiError;
use crate::random::Random;
use crate::server::call::Call;
use crate::state::record_id::RecordId;
use crate::switches::choices::{ImportRequired, WithoutId};
use crate::users::{
    Address, AddressStatus, AddressType, ContactMethod, Credential, CredentialState, CredentialType, Identifier,
    IdentifierType, address_is_valid, compact, identifier_is_valid,
};

/// Input of the checks.
#[derive(Debug)]
pub(super) struct Checks<'a> {
    pub(super) call: &'a Call,
    pub(super) tenant: &'a str,
    pub(super) pool_id: &'a str,
    pub(super) random: &'a mut Random,
}

impl Checks<'_> {
    pub(super) fn identifier(&mut self, record: &IdentifierRecord) -> Result<Identifier, ApiError> {
        let (created_at, updated_at) = self.members(&record.common)?;
        let value = required(record.identifier.as_deref(), "identifier")?;
        self.fillable(record.identifier_lc.as_ref(), "identifier_lc")?;
        let kind = required(record.common.r#type.as_deref(), "type")?;
        let kind = self.known::<IdentifierType>(kind, "type")?;
        if !identifier_is_valid(kind, value) {
            return Err(self.invalid("identifier"));
        }
        Ok(Identifier {
            id: self.id(record.common.id.as_deref())?,
            kind,
            value: value.into(),
            metadata: record.metadata.as_ref().map(compact),
            created_at,
            updated_at,
        })
    }

    pub(super) fn address(&mut self, record: &AddressRecord) -> Result<Address, ApiError> {
        let (created_at, updated_at) = self.members(&record.common)?;
        let value = required(record.address.as_deref(), "address")?;
        self.fillable(record.address_lc.as_ref(), "address_lc")?;
        self.fillable(record.verified.as_ref(), "verified")?;
        let kind = required(record.common.r#type.as_deref(), "type")?;
        let kind = self.known::<AddressType>(kind, "type")?;
        let status = required(record.status.as_deref(), "status")?;
        let status = self.known::<AddressStatus>(status, "status")?;
        if let Some(method) = &record.preferred_contact_method {
            self.known::<ContactMethod>(method, "preferred_contact_method")?;
        }
        if !address_is_valid(kind, value) {
            return Err(self.invalid("address"));
        }
        let verified = record.verified.unwrap_or_default();
        Ok(Address {
            id: self.id(record.common.id.as_deref())?,
            kind,
            value: value.into(),
            status,
            verified,
            verified_at: verified.then(|| record.verified_at.unwrap_or(self.call.now)),
            allowed_for_2fa: record.allowed_for_2fa.unwrap_or_default(),
            metadata: record.metadata.as_ref().map(compact),
            created_at,
            updated_at,
        })
    }

    pub(super) fn credential(&mut self, record: &CredentialRecord) -> Result<Credential, ApiError> {
        let (created_at, updated_at) = self.members(&record.common)?;
        let kind = required(record.common.r#type.as_deref(), "type")?;
        let kind = self.known::<CredentialType>(kind, "type")?;
        let state = record
            .state
            .as_deref()
            .filter(|state| !state.is_empty())
            .unwrap_or("valid");
        let state = self.known::<CredentialState>(state, "state")?;
        let payload = required(record.payload.as_ref(), "payload")?;
        Ok(Credential {
            id: self.id(record.common.id.as_deref())?,
            kind,
            state,
            payload: compact(payload),
            expires_at: record.expires_at,
            created_at,
            updated_at,
        })
    }

    /// Checks the members that all sub-records share. Returns the times of creation and update.
    fn members(&self, members: &SubRecordMembers) -> Result<(OffsetDateTime, OffsetDateTime), ApiError> {
        self.tenant(members.tenant_id.as_deref())?;
        let pool_id = required(members.user_pool_id.as_deref(), "user_pool_id")?;
        if pool_id != self.pool_id {
            return Err(ApiError::unprocessable("The record's pool is not its user's pool"));
        }
        Ok((
            self.time(members.created_at, "created_at")?,
            self.time(members.updated_at, "updated_at")?,
        ))
    }

    /// Row 65: `tenant_id` is required and is the tenant of the path.
    pub(super) fn tenant(&self, given: Option<&str>) -> Result<(), ApiError> {
        self.fillable(given.filter(|tenant| !tenant.is_empty()).as_ref(), "tenant_id")?;
        match given {
            Some(tenant) if !tenant.is_empty() && tenant != self.tenant => {
                Err(ApiError::unprocessable("tenant_id is not the tenant of the path"))
            }
            _ => Ok(()),
        }
    }

    /// A required member that the server fills in when it is lenient (row 65).
    pub(super) fn fillable<T>(&self, given: Option<&T>, member: &str) -> Result<(), ApiError> {
        if given.is_none() && *self.call.switches.import_required == ImportRequired::Strict {
            return Err(missing(member));
        }
        Ok(())
    }

    fn time(&self, given: Option<OffsetDateTime>, member: &str) -> Result<OffsetDateTime, ApiError> {
        self.fillable(given.as_ref(), member)?;
        Ok(given.unwrap_or(self.call.now))
    }

    /// Row 66.
    pub(super) fn known<T: FromStr>(&self, text: &str, member: &str) -> Result<T, ApiError> {
        let unknown = || ApiError::refusal(*self.call.switches.unknown_enum, format!("Unknown value of {member}"));
        text.parse().map_err(|_| unknown())
    }

    /// Row 63: the id of a record, or a new one.
    pub(super) fn id(&mut self, given: Option<&str>) -> Result<RecordId, ApiError> {
        match (given.filter(|id| !id.is_empty()), *self.call.switches.import_without_id) {
            (Some(id), _) => Ok(id.into()),
            (None, WithoutId::Generated) => Ok(self.random.uuid().into()),
            (None, WithoutId::Refused) => Err(missing("id")),
        }
    }

    /// Row 72.
    fn invalid(&self, member: &str) -> ApiError {
        ApiError::refusal(*self.call.switches.invalid_identifier, format!("Invalid {member}"))
    }
}

/// A required member without a default.
pub(super) fn required<'v, T: Present + ?Sized>(given: Option<&'v T>, member: &str) -> Result<&'v T, ApiError> {
    given.filter(|value| value.is_present()).ok_or_else(|| missing(member))
}

/// Row 65.
fn missing(member: &str) -> ApiError {
    ApiError::unprocessable(format!("{member} is required"))
}

/// A member counts as given unless it is an empty text.
pub(super) trait Present {
    fn is_present(&self) -> bool;
}

impl Present for str {
    fn is_present(&self) -> bool {
        !self.is_empty()
    }
}

impl Present for Map<String, serde_json::Value> {
    fn is_present(&self) -> bool {
        true
    }
}
