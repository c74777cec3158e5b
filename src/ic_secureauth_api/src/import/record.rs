//! The body of an import (IDS `TenantDump`). It has user arrays only.
//!
//! Every record has all members that its model marks as required (docs/reference/secureauth-api.md#import-the-body).

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{
    super::{PoolId, SchemaId, UserId, UserStatus},
    settings::ImportSettings,
    user::ImportUser,
};

/// What the three records of a user usually take at most.
const BYTES_PER_USER: usize = 1_536;

/// `TenantDump` without `user_credentials` (docs/requirements.md#u3), and without pools, schemas and groups, which it could change too.
#[derive(Serialize)]
pub(super) struct TenantDump<'a> {
    users: Vec<User<'a>>,
    user_identifiers: Vec<UserIdentifier<'a>>,
    user_verifiable_addresses: Vec<UserVerifiableAddress<'a>>,
}

/// The members that every record has.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Common<'a> {
    pub(super) tenant_id: &'a str,
    pub(super) user_pool_id: &'a PoolId,
    pub(super) created_at: &'a str,
    pub(super) updated_at: &'a str,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a UserId,
    #[serde(flatten)]
    common: Common<'a>,
    status: UserStatus,
    payload: Payload<'a>,
    payload_schema_id: &'a SchemaId,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_schema_id: Option<&'a SchemaId>,
}

/// Names and values of the members; those without a value are left out.
struct Payload<'a>([(&'a str, Option<&'a str>); 3]);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().filter_map(|(name, value)| Some((name, (*value)?))))
    }
}

#[derive(Serialize)]
struct UserIdentifier<'a> {
    id: Uuid,
    #[serde(flatten)]
    common: Common<'a>,
    user_id: &'a UserId,
    r#type: &'static str,
    identifier: &'a str,
    identifier_lc: Cow<'a, str>,
}

#[derive(Serialize)]
struct UserVerifiableAddress<'a> {
    id: Uuid,
    #[serde(flatten)]
    common: Common<'a>,
    user_id: &'a UserId,
    r#type: &'static str,
    address: &'a str,
    address_lc: Cow<'a, str>,
    status: &'static str,
    verified: bool,
    allowed_for_2fa: bool,
}

impl<'a> TenantDump<'a> {
    pub(super) fn new(common: Common<'a>, users: &'a [ImportUser], settings: &'a ImportSettings) -> Self {
        Self {
            users: users.iter().map(|user| profile(common, user, settings)).collect(),
            user_identifiers: users.iter().map(|user| identifier(common, user)).collect(),
            user_verifiable_addresses: users.iter().map(|user| address(common, user, settings)).collect(),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.users.len() * BYTES_PER_USER);
        #[expect(clippy::expect_used, reason = "texts, booleans and maps with text keys only")]
        serde_json::to_writer(&mut json, self).expect("writable as JSON");
        json
    }
}

fn profile<'a>(common: Common<'a>, user: &'a ImportUser, settings: &'a ImportSettings) -> User<'a> {
    User {
        id: &user.user_id,
        common,
        status: user.status,
        payload: Payload(user.given(&settings.payload_members)),
        payload_schema_id: &settings.payload_schema_id,
        metadata_schema_id: settings.metadata_schema_id.as_ref(),
    }
}

fn identifier<'a>(common: Common<'a>, user: &'a ImportUser) -> UserIdentifier<'a> {
    UserIdentifier {
        id: user.identifier_id,
        common,
        user_id: &user.user_id,
        r#type: "uid",
        identifier: &user.user_name,
        identifier_lc: lower_case(&user.user_name),
    }
}

fn address<'a>(common: Common<'a>, user: &'a ImportUser, settings: &ImportSettings) -> UserVerifiableAddress<'a> {
    UserVerifiableAddress {
        id: user.address_id,
        common,
        user_id: &user.user_id,
        r#type: "email",
        address: &user.email,
        address_lc: lower_case(&user.email),
        status: "active",
        verified: settings.address_verified,
        allowed_for_2fa: settings.address_allowed_for_2fa,
    }
}

/// Most texts are in lower case already.
fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}
