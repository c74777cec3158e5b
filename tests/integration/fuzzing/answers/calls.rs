//! Makes the calls, with arguments that fit the good answers.

use ic_secureauth_api::{
    AddressStatus, AddressUpdate, Api, ApiError, AuditQuery, IdempotencyKey, IdentifierType, ImportChunk,
    ImportSettings, ImportUser, Marker, Mechanism, NewAddress, NewIdentifier, NewOrganization, NewPool, OrganizationId,
    OrganizationQuery, PayloadMembers, PoolId, SchemaId, UserId, UserStatus, UserUpdate,
};
use time::macros::datetime;
use uuid::uuid;

use super::samples::{ADDRESS, NAME, ORGANIZATION, POOL, TENANT, USER};

/// Makes a call. Returns the id of the answer if it is another one than was asked for.
pub(super) async fn call(api: &Api, name: &str) -> Result<Option<String>, ApiError> {
    let (organization, pool) = (
        OrganizationId::parse(ORGANIZATION).unwrap(),
        PoolId::parse(POOL).unwrap(),
    );
    let (user, update) = (UserId::from(USER), UserUpdate::default());
    let key = IdempotencyKey::derive("run", "step", 1);
    match name {
        "organization" => {
            let read = api.organization(&organization).await?;
            return Ok(read.and_then(|read| other(read.value.id().as_str(), organization.as_str())));
        }
        "update_organization" => {
            if let Some(read) = api.organization(&organization).await? {
                let updated = api.update_organization(&read).await?;
                return Ok(other(updated.value.id().as_str(), organization.as_str()));
            }
        }
        // The server may choose another id for what is new; the marker says that it is this one.
        "create_organization" => drop(api.create_organization(&new_organization(), &key).await?),
        "list_organizations" => drop(api.list_organizations(&OrganizationQuery::default(), None).await?),
        "child_count" => drop(api.child_count(&organization).await?),
        "delete_organization" => drop(api.delete_organization(&organization).await?),
        "pool" => {
            let read = api.pool(&pool).await?;
            return Ok(read.and_then(|read| other(read.value.id.as_str(), pool.as_str())));
        }
        "create_pool" => drop(api.create_pool(&new_pool(), &key).await?),
        "pools_of" => drop(api.pools_of(&organization).await?),
        "delete_pool" => drop(api.delete_pool(&pool).await?),
        "user" => {
            let read = api.user(&pool, &user).await?;
            return Ok(read.and_then(|read| other(read.value.id.as_str(), user.as_str())));
        }
        "import" => api.import(&chunk(&pool)).await?,
        "users_page" => drop(api.users_page(&pool, None, 100).await?),
        "find_user_by_identifier" => drop(api.find_user_by_identifier(&pool, NAME).await?),
        "find_user_by_address" => drop(api.find_user_by_address(&pool, ADDRESS).await?),
        "update_user" => drop(api.update_user(&pool, &user, &update).await?),
        "patch_user" => drop(api.patch_user(&pool, &user, &update).await?),
        "delete_user" => drop(api.delete_user(&pool, &user, None).await?),
        "add_identifier" => {
            let new = NewIdentifier {
                identifier: NAME.into(),
                kind: IdentifierType::Uid,
            };
            let added = api.add_identifier(&pool, &user, &new, &key, None).await?;
            return Ok(other(&added.value.identifier, NAME));
        }
        "remove_identifier" => drop(api.remove_identifier(&pool, &user, NAME, None).await?),
        "add_address" => {
            let new = NewAddress::email(ADDRESS, false, false);
            let added = api.add_address(&pool, &user, &new, &key, None).await?;
            return Ok(other(&added.value.address, ADDRESS));
        }
        "update_address" => {
            let update = AddressUpdate {
                address: ADDRESS.into(),
                status: AddressStatus::Active,
                verified: true,
                allowed_for_2fa: None,
            };
            let updated = api.update_address(&pool, &user, &update, None).await?;
            return Ok(other(&updated.value.address, ADDRESS));
        }
        "remove_address" => drop(api.remove_address(&pool, &user, ADDRESS, None).await?),
        "revoke_tokens" => api.revoke_tokens(&pool, &[user]).await?,
        "identity_provider" => drop(api.identity_provider(&organization, &pool).await?),
        "schema" => drop(api.schema(&SchemaId::parse("s").unwrap()).await?),
        "audit_events" => drop(api.audit_events(&organization, &AuditQuery::default()).await?),
        "workspace" => {
            let found = api.workspace(&organization).await?;
            return Ok(found.and_then(|found| other(found.id.as_str(), organization.as_str())));
        }
        "application_count" => drop(api.application_count(&organization).await?),
        unknown => panic!("no call {unknown}"),
    }
    Ok(None)
}

/// What was shown, if it is something else. The server may spell it in another way.
fn other(shown: &str, asked: &str) -> Option<String> {
    let plain = |text: &str| text.replace('-', "").to_lowercase();
    (plain(shown) != plain(asked)).then(|| shown.to_owned())
}

fn marker() -> Marker {
    Marker {
        onboarding_id: "01980f3e-0000-7000-8000-000000000001".into(),
        owner_id: ORGANIZATION.into(),
        created_by: "biller-onboarding".into(),
        created_at: None,
    }
}

fn new_organization() -> NewOrganization {
    NewOrganization {
        id: OrganizationId::parse(ORGANIZATION).unwrap(),
        name: "TestOrg-1".into(),
        parent_id: OrganizationId::parse("invoice-cloud").unwrap(),
        deactivated: true,
        authentication_mechanisms: Vec::new(),
        marker: marker(),
    }
}

fn new_pool() -> NewPool {
    NewPool {
        id: PoolId::parse(POOL).unwrap(),
        name: "UserPool".into(),
        description: String::new(),
        workspace_id: OrganizationId::parse(ORGANIZATION).unwrap(),
        payload_schema_id: SchemaId::parse("default_payload_v2").unwrap(),
        metadata_schema_id: None,
        identifier_case_insensitive: true,
        authentication_mechanisms: vec![Mechanism::Password],
        preferred_authentication_mechanism: Mechanism::Password,
        second_factor_mechanisms: Vec::new(),
        second_factor_preferred: None,
        allow_skip_2fa: false,
        marker: marker(),
    }
}

fn chunk(pool: &PoolId) -> ImportChunk {
    let user = ImportUser {
        user_id: UserId::from(USER),
        identifier_id: uuid!("00000000-0000-4000-8000-000000000001"),
        address_id: uuid!("00000000-0000-4000-8000-000000000002"),
        user_name: NAME.into(),
        email: ADDRESS.into(),
        first_name: None,
        last_name: None,
        status: UserStatus::New,
    };
    let settings = ImportSettings {
        payload_schema_id: SchemaId::parse("default_payload_v2").unwrap(),
        metadata_schema_id: None,
        address_verified: false,
        address_allowed_for_2fa: false,
        payload_members: PayloadMembers::default(),
        recorded_at: datetime!(2026-11-21 10:20:30 UTC),
    };
    ImportChunk::new(pool, TENANT, &[user], &settings).unwrap()
}
