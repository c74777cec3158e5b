//! Sample answers of one tenant (docs/reference/secureauth-api.md, source SAMPLE), and requests that go with them.

use ic_secureauth_api::{
    DerivedIds, IdempotencyKey, ImportChunk, ImportSettings, ImportUser, Marker, Mechanism, NewOrganization, NewPool,
    PayloadMembers, PoolId, SchemaId, UserId, UserStatus,
};
use serde_json::{Value, json};
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::{RUN, TENANT, organization_id, pool_id};

pub const POOL: &str = "4a943cc8bb7d48b4b1d3b20cf650895d";
pub const USER: Uuid = uuid!("7ef9451f-309a-4433-a2b9-3bb023051d96");

pub fn organization() -> Value {
    serde_json::from_str(include_str!("../samples/organization.json")).unwrap()
}

pub fn pool() -> Value {
    serde_json::from_str(include_str!("../samples/pool.json")).unwrap()
}

pub fn user() -> Value {
    serde_json::from_str(include_str!("../samples/user.json")).unwrap()
}

/// The user's identifier as its own answer shows it.
pub fn identifier() -> Value {
    entry(&user()["identifiers"][0])
}

/// The user's address as its own answer shows it.
pub fn address() -> Value {
    entry(&user()["verifiable_addresses"][0])
}

fn entry(entry: &Value) -> Value {
    let mut entry = entry.clone();
    let owner = json!({ "tenant_id": TENANT, "user_pool_id": POOL, "user_id": USER });
    entry
        .as_object_mut()
        .unwrap()
        .extend(owner.as_object().unwrap().clone());
    entry
}

pub fn user_id() -> UserId {
    USER.into()
}

pub fn key(step: &str) -> IdempotencyKey {
    IdempotencyKey::derive(RUN, step, 0)
}

pub fn marker() -> Marker {
    Marker {
        onboarding_id: RUN.into(),
        owner_id: "1876".into(),
        created_by: "biller-onboarding".into(),
        created_at: Some(datetime!(2026-11-21 10:20:30 UTC)),
    }
}

pub fn new_organization() -> NewOrganization {
    NewOrganization {
        id: organization_id("1876"),
        name: "TestOrg".into(),
        parent_id: organization_id("invoice-cloud"),
        deactivated: true,
        authentication_mechanisms: vec![Mechanism::Password, Mechanism::EmailOtp],
        marker: marker(),
    }
}

pub fn ids() -> DerivedIds {
    DerivedIds::new(uuid!("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), TENANT, "1876", 0)
}

pub fn new_pool() -> NewPool {
    NewPool {
        id: ids().pool_id(),
        name: "1876 users".into(),
        description: "TestOrg".into(),
        workspace_id: organization_id("1876"),
        payload_schema_id: SchemaId::parse("5d5ced58793b41178123b2d1cc5fb658").unwrap(),
        metadata_schema_id: None,
        identifier_case_insensitive: true,
        authentication_mechanisms: vec![
            Mechanism::Totp,
            Mechanism::Password,
            Mechanism::EmailOtp,
            Mechanism::Webauthn,
        ],
        preferred_authentication_mechanism: Mechanism::Password,
        second_factor_mechanisms: vec![Mechanism::EmailOtp],
        second_factor_preferred: Some(Mechanism::EmailOtp),
        allow_skip_2fa: true,
        marker: marker(),
    }
}

pub fn settings() -> ImportSettings {
    ImportSettings {
        payload_schema_id: SchemaId::parse("d21abb0f6d5f4f259dcc87d6c6b50e33").unwrap(),
        metadata_schema_id: Some(SchemaId::parse("default_metadata_v2").unwrap()),
        address_verified: false,
        address_allowed_for_2fa: true,
        payload_members: PayloadMembers::default(),
        recorded_at: datetime!(2026-11-21 10:20:30 UTC),
    }
}

pub fn import_user(guid: Uuid, user_name: &str) -> ImportUser {
    ImportUser {
        user_id: ids().user_id(guid),
        identifier_id: ids().identifier_id(guid),
        address_id: ids().address_id(guid),
        user_name: user_name.into(),
        email: format!("{user_name}@InvoiceCloud.com"),
        first_name: Some("demo".into()),
        last_name: None,
        status: UserStatus::Active,
    }
}

pub fn pool_of_samples() -> PoolId {
    pool_id(POOL)
}

pub fn chunk() -> ImportChunk {
    let users = [
        import_user(USER, "RSable"),
        import_user(uuid!("cdcb7a5b-a726-404c-ba66-b8552d9be8fc"), "rsable01"),
    ];
    ImportChunk::new(&pool_of_samples(), TENANT, &users, &settings()).unwrap()
}
