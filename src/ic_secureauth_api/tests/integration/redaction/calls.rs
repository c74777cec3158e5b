//! Makes every call of both clients and collects all that a person could see.

use std::fmt::{Debug, Display, Write as _};

use ic_secureauth_api::{
    AddressStatus, AddressUpdate, Api, ApiError, AuditQuery, ETag, IdentifierType, NewAddress, NewIdentifier,
    OrganizationQuery, PoolId, SchemaId, UserUpdate,
    tenant_management::{NewTenant, TenantId, TenantManagement},
};
use serde_json::json as object;

use super::marked::{MAIL, NAME, chunk};
use crate::support::{
    organization_id,
    samples::{self, key, user_id},
};

/// Everything that a person could see: debug output and error texts.
#[derive(Default)]
pub struct Seen(pub String);

impl Seen {
    pub fn add(&mut self, value: &impl Debug) {
        writeln!(self.0, "{value:?}\n{value:#?}").unwrap();
    }

    pub fn error(&mut self, error: &(impl Debug + Display)) {
        self.add(error);
        writeln!(self.0, "{error}\n{error:#}").unwrap();
    }

    fn result<T: Debug>(&mut self, result: Result<T, ApiError>) {
        match result {
            Ok(value) => self.add(&value),
            Err(error) => self.error(&error),
        }
    }
}

pub async fn call_everything(api: &Api, pool: &PoolId, seen: &mut Seen) {
    call_organizations(api, seen).await;
    call_users(api, pool, seen).await;
    let organization = organization_id("1876");
    seen.result(api.pool(pool).await);
    seen.result(api.pools_of(&organization).await);
    seen.result(api.create_pool(&samples::new_pool(), &key("pool")).await);
    seen.result(api.delete_pool(pool).await);
    seen.add(&chunk());
    seen.result(api.import(&chunk()).await);
    seen.result(api.import_once(&chunk()).await);
    seen.result(api.identity_provider(&organization, pool).await);
    seen.result(api.schema(&SchemaId::parse("schema").unwrap()).await);
    seen.result(api.audit_events(&organization, &AuditQuery::default()).await);
    seen.result(api.workspace(&organization).await);
    seen.result(api.application_count(&organization).await);
    seen.result(api.granted_scopes().await);
    seen.result(api.read_only().pool(pool).await);
}

async fn call_organizations(api: &Api, seen: &mut Seen) {
    let organization = organization_id("1876");
    let read = api.organization(&organization).await;
    if let Ok(Some(read)) = &read {
        seen.result(api.update_organization(read).await);
    }
    seen.result(read);
    let written = ETag::parse("\"v1\"");
    seen.result(api.organization_fresh(&organization, written.as_ref()).await);
    seen.result(api.list_organizations(&OrganizationQuery::default(), None).await);
    seen.result(api.child_count(&organization).await);
    let new = samples::new_organization();
    seen.result(api.create_organization(&new, &key("organization")).await);
    seen.result(api.delete_organization(&organization).await);
}

async fn call_users(api: &Api, pool: &PoolId, seen: &mut Seen) {
    seen.result(api.user(pool, &user_id()).await);
    seen.result(api.users_page(pool, None, 100).await);
    seen.result(api.find_user_by_identifier(pool, NAME).await);
    seen.result(api.find_user_by_address(pool, MAIL).await);
    let payload = object!({ "first_name": NAME }).as_object().cloned();
    let update = UserUpdate {
        payload,
        ..UserUpdate::default()
    };
    seen.add(&update);
    seen.result(api.update_user(pool, &user_id(), &update).await);
    seen.result(api.delete_user(pool, &user_id(), None).await);
    call_entries(api, pool, seen).await;
    let payload = object!({ "first_name": NAME, "last_name": null }).as_object().cloned();
    let patch = UserUpdate {
        payload,
        ..UserUpdate::default()
    };
    seen.add(&patch);
    seen.result(api.patch_user(pool, &user_id(), &patch).await);
    seen.result(api.revoke_tokens(pool, &[user_id()]).await);
}

async fn call_entries(api: &Api, pool: &PoolId, seen: &mut Seen) {
    let user = user_id();
    let identifier = NewIdentifier {
        identifier: NAME.into(),
        kind: IdentifierType::Uid,
    };
    seen.add(&identifier);
    seen.result(
        api.add_identifier(pool, &user, &identifier, &key("identifier"), None)
            .await,
    );
    seen.result(api.remove_identifier(pool, &user, NAME, None).await);
    let address = NewAddress::email(MAIL, true, true);
    seen.add(&address);
    seen.result(api.add_address(pool, &user, &address, &key("address"), None).await);
    let update = AddressUpdate {
        address: MAIL.into(),
        status: AddressStatus::Active,
        verified: true,
        allowed_for_2fa: None,
    };
    seen.add(&update);
    seen.result(api.update_address(pool, &user, &update, None).await);
    seen.result(api.remove_address(pool, &user, MAIL, None).await);
}

pub async fn call_tenant_management(management: &TenantManagement, seen: &mut Seen) {
    let id = TenantId::parse("tenant-1").unwrap();
    seen.result(management.list().await);
    let read = management.get(&id).await;
    if let Ok(Some(read)) = &read {
        seen.result(management.update(read).await);
    }
    seen.result(read);
    let new = NewTenant {
        id,
        name: "One".into(),
        url: None,
    };
    seen.result(management.create(&new, &key("tenant")).await);
}
