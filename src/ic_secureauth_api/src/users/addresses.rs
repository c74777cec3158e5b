//! The addresses of one user, added, changed and removed one by one
//! (docs/reference/secureauth-api.md#users-addresses, docs/reference/secureauth-api.md#rules-entries-of-a-user).

use std::fmt;

use reqwest::Method;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

use super::{
    super::{
        Api, ApiError, Deleted, ETag, IdempotencyKey, Operation, PoolId, UserId, Versioned,
        access::ReadWrite,
        concerns::{Asked, UserKey},
        transport::Call,
    },
    user::{Address, Entry},
};

/// Kind of an address (IDS `UserVerifiableAddress.type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum AddressType {
    /// An e-mail address.
    Email,
    /// A phone number in E.164 form.
    Mobile,
}

/// Status of an address (IDS `UserVerifiableAddress.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, EnumString, IntoStaticStr)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum AddressStatus {
    /// In use.
    Active,
    /// Kept, but not used.
    Inactive,
}

/// The address that an addition makes (IDS `AddUserVerifiableAddress`). The server chooses the id of its record.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct NewAddress {
    /// Where it is verified, no other user of the pool may have it verified or as an identifier.
    pub address: String,
    /// Decides which texts are valid.
    #[serde(rename = "type")]
    pub kind: AddressType,
    /// `active` for all that the import sends.
    pub status: AddressStatus,
    /// The caller decides. Only a verified address finds the user.
    pub verified: bool,
    /// Whether codes for the second factor may be sent to it; `None` leaves it to the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_for_2fa: Option<bool>,
}

/// A change of an address (IDS `UpdateUserVerifiableAddress`). The address itself cannot be changed.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct AddressUpdate {
    /// Names the address.
    pub address: String,
    /// The new status.
    pub status: AddressStatus,
    /// Whether the address counts as verified from now on.
    pub verified: bool,
    /// Left out when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_for_2fa: Option<bool>,
}

/// `DeleteUserVerifiableAddress`
#[derive(Serialize)]
struct DeleteUserVerifiableAddress<'a> {
    address: &'a str,
}

impl NewAddress {
    /// An e-mail address with the members that the import sends (docs/reference/secureauth-api.md#import-the-body).
    pub fn email(address: impl Into<String>, verified: bool, allowed_for_2fa: bool) -> Self {
        Self {
            address: address.into(),
            kind: AddressType::Email,
            status: AddressStatus::Active,
            verified,
            allowed_for_2fa: Some(allowed_for_2fa),
        }
    }
}

/// Without the address, which is personal data.
impl fmt::Debug for NewAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAddress")
            .field("kind", &self.kind)
            .field("status", &self.status)
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}

/// Without the address, which is personal data.
impl fmt::Debug for AddressUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressUpdate")
            .field("status", &self.status)
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}

impl Api<ReadWrite> {
    /// `POST …/users/{userID}/addresses/add`. The tag of the result is the user's new one.
    ///
    /// Repeated only while the server remembers the key. [`is_conflict`](ApiError::is_conflict): the user has the address, or it is to
    /// be verified and another user of the pool has it verified or as an identifier. 404, 422, [`Class::Stale`](crate::Class::Stale)
    /// and [`outcome_unknown`](ApiError::outcome_unknown) are as in [`add_identifier`](Api::add_identifier).
    pub async fn add_address(
        &self,
        pool: &PoolId,
        user: &UserId,
        new: &NewAddress,
        key: &IdempotencyKey,
        if_match: Option<&ETag>,
    ) -> Result<Versioned<Address>, ApiError> {
        let url = self.entry_url(pool, user, ["addresses", "add"]);
        let call = Call::new(Operation::AddAddress, Method::POST, url)
            .json(new)?
            .key(key)
            .if_match(if_match);
        self.send_address(pool, user, call, &new.address, Some(new.kind)).await
    }

    /// `POST …/users/{userID}/addresses/update`. Needs no key, because a repetition says the same. The tag of the result is the user's
    /// new one.
    ///
    /// 404: the user or the address is not there. [`is_conflict`](ApiError::is_conflict): it is to be verified, and another user of the
    /// pool has it verified or as an identifier.
    pub async fn update_address(
        &self,
        pool: &PoolId,
        user: &UserId,
        update: &AddressUpdate,
        if_match: Option<&ETag>,
    ) -> Result<Versioned<Address>, ApiError> {
        let url = self.entry_url(pool, user, ["addresses", "update"]);
        let call = Call::new(Operation::UpdateAddress, Method::POST, url)
            .json(update)?
            .if_match(if_match);
        self.send_address(pool, user, call, &update.address, None).await
    }

    /// `POST …/users/{userID}/addresses/remove`. As [`remove_identifier`](Api::remove_identifier).
    pub async fn remove_address(
        &self,
        pool: &PoolId,
        user: &UserId,
        address: &str,
        if_match: Option<&ETag>,
    ) -> Result<Versioned<Deleted>, ApiError> {
        let url = self.entry_url(pool, user, ["addresses", "remove"]);
        let call = Call::new(Operation::RemoveAddress, Method::POST, url)
            .json(&DeleteUserVerifiableAddress { address })?
            .if_match(if_match);
        self.send(call).await?.removed()
    }

    async fn send_address(
        &self,
        pool: &PoolId,
        user: &UserId,
        call: Call,
        address: &str,
        kind: Option<AddressType>,
    ) -> Result<Versioned<Address>, ApiError> {
        let asked = Asked {
            key: Some(UserKey::Address(address)),
            kind: kind.map(Into::into),
            ..self.asked_of(pool, Some(user))
        };
        let answered: Versioned<Entry<Address>> = self.send(call).await?.json(&asked)?;
        Ok(answered.map(|entry| entry.value))
    }
}
