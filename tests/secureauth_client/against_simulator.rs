//! Every operation against the simulator over HTTP: client and simulator agree about the API without knowing of each other.

use std::collections::BTreeSet;
use std::time::Duration;

use biller_onboarding::ic_secureauth_api::tenant_management::{
    NewTenant, TenantId, TenantManagement, TenantManagementConfig,
};
use biller_onboarding::ic_secureauth_api::{
    Api, AuditQuery, ClientAuthMethod, Deadlines, Deleted, IdempotencyKey, IdpCheck, ImportChunk, ImportSettings,
    ImportUser, Marker, Mechanism, NewOrganization, NewPool, OrganizationQuery, PayloadMembers, SchemaId, SecureAuth,
    UserId, UserStatus, UserUpdate,
};
use secrecy::SecretString;
use secureauth_simulator::{Fault, FaultKind, Options, Seed, Simulator};
use serde_json::json;
use time::macros::datetime;
use uuid::Uuid;

use crate::support::{RUN, config, context, organization_id, pool_id};

const BILLER: &str = "1876";
const SCHEMA: &str = "5d5ced58793b41178123b2d1cc5fb658";

fn connect(method: ClientAuthMethod) -> (Simulator, Api) {
    let simulator = Simulator::start(Options::default()).unwrap();
    let mut config = config(&simulator.base_url());
    config.client_id = "onboarding".into();
    config.client_secret = SecretString::from("simulator-secret");
    config.auth_method = method;
    config.scopes.push("view_audit_events".into());
    let api = SecureAuth::new(config).unwrap().call(context(None));
    (simulator, api)
}

fn marker() -> Marker {
    Marker {
        onboarding_id: RUN.into(),
        owner_id: BILLER.into(),
        created_by: "test".into(),
        created_at: Some(datetime!(2026-01-02 03:04:05 UTC)),
    }
}

fn organization() -> NewOrganization {
    NewOrganization {
        id: organization_id(BILLER),
        name: "Smith & Sons, Inc.".into(),
        parent_id: organization_id("invoice-cloud"),
        deactivated: true,
        marker: marker(),
    }
}

fn pool() -> NewPool {
    NewPool {
        id: pool_id("0123456789abcdef0123456789abcdef"),
        name: "1876 users".into(),
        description: "Smith & Sons, Inc.".into(),
        workspace_id: organization_id(BILLER),
        payload_schema_id: SchemaId::parse(SCHEMA).unwrap(),
        metadata_schema_id: None,
        identifier_case_insensitive: true,
        authentication_mechanisms: vec![Mechanism::Totp, Mechanism::Password],
        preferred_authentication_mechanism: Mechanism::Password,
        second_factor_mechanisms: vec![Mechanism::EmailOtp],
        second_factor_preferred: Some(Mechanism::EmailOtp),
        marker: marker(),
    }
}

fn user(number: u128) -> ImportUser {
    ImportUser {
        user_id: UserId::from(Uuid::from_u128(number)),
        identifier_id: Uuid::from_u128(number + 1_000_000),
        address_id: Uuid::from_u128(number + 2_000_000),
        user_name: format!("user{number}"),
        email: format!("user{number}@example.com"),
        first_name: Some("First".into()),
        last_name: None,
        status: UserStatus::Active,
    }
}

fn import_settings() -> ImportSettings {
    ImportSettings {
        payload_schema_id: SchemaId::parse(SCHEMA).unwrap(),
        metadata_schema_id: Some(SchemaId::parse("default_metadata_v2").unwrap()),
        address_verified: true,
        payload_members: PayloadMembers::default(),
        recorded_at: datetime!(2026-01-02 03:04:05 UTC),
    }
}

fn key(step: &str) -> IdempotencyKey {
    IdempotencyKey::derive(RUN, step, 0)
}

fn chunk(tenant: &str, users: std::ops::Range<u128>) -> ImportChunk {
    let users: Vec<_> = users.map(user).collect();
    ImportChunk::new(&pool().id, tenant, &users, &import_settings()).unwrap()
}

#[tokio::test]
async fn an_organization_is_created_activated_and_deleted() {
    for method in [ClientAuthMethod::Basic, ClientAuthMethod::Post] {
        let (simulator, api) = connect(method);
        let id = organization_id(BILLER);
        assert!(api.organization(&id).await.unwrap().is_none());
        let created = api
            .create_organization(&organization(), &key("organization"))
            .await
            .unwrap();
        assert!(created.value.deactivated());
        assert_eq!(created.value.marker(), Some(&marker()));
        let found = api
            .organization_fresh(&id, created.etag.as_ref())
            .await
            .unwrap()
            .unwrap();
        let live = found.map(|organization| organization.with_deactivated(false));
        assert!(!api.update_organization(&live).await.unwrap().value.deactivated());
        let entry = simulator
            .inventory()
            .organizations
            .into_iter()
            .find(|entry| entry.id == BILLER)
            .unwrap();
        assert_eq!((entry.name.as_str(), entry.deactivated), ("Smith & Sons, Inc.", false));
        assert_eq!(
            api.child_count(&organization_id("invoice-cloud")).await.unwrap(),
            Some(1)
        );
        assert_eq!(api.delete_organization(&id).await.unwrap(), Deleted::Deleted);
        assert_eq!(api.delete_organization(&id).await.unwrap(), Deleted::WasAbsent);
    }
}

#[tokio::test]
async fn a_write_on_an_old_version_of_an_organization_is_stale() {
    let (_simulator, api) = connect(ClientAuthMethod::Basic);
    api.create_organization(&organization(), &key("organization"))
        .await
        .unwrap();
    let old = api.organization(&organization_id(BILLER)).await.unwrap().unwrap();
    let newer = old.clone().map(|organization| organization.with_deactivated(false));
    api.update_organization(&newer).await.unwrap();
    let stale = api.update_organization(&old).await.unwrap_err();
    assert_eq!(stale.status(), Some(412));
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_replayed_with_its_key() {
    let (simulator, api) = connect(ClientAuthMethod::Basic);
    simulator
        .faults()
        .add(Fault::on("create_organization", FaultKind::ResetAfter).nth(1));
    let created = api
        .create_organization(&organization(), &key("organization"))
        .await
        .unwrap();
    assert_eq!(created.value.id().as_str(), BILLER);
    let statuses: Vec<_> = simulator
        .calls()
        .into_iter()
        .filter(|call| call.operation.as_deref() == Some("create_organization"))
        .map(|call| (call.status, call.replayed))
        .collect();
    assert_eq!(statuses.last(), Some(&(Some(201), true)), "{statuses:?}");
}

#[tokio::test]
async fn a_pool_its_users_and_its_identity_provider_come_and_go() {
    let (simulator, api) = connect(ClientAuthMethod::Basic);
    let organization = organization_id(BILLER);
    api.create_organization(&self::organization(), &key("organization"))
        .await
        .unwrap();
    let created = api.create_pool(&pool(), &key("pool")).await.unwrap();
    assert_eq!(pool().differences(&created.value), []);
    let id = created.value.id;
    assert_eq!(api.workspace_idps(&organization, &id).await.unwrap(), IdpCheck::Present);
    assert_eq!(api.pools_of(&organization).await.unwrap().len(), 1);

    api.import(&chunk(simulator.tenant(), 1..101)).await.unwrap();
    api.import_once(&chunk(simulator.tenant(), 101..151)).await.unwrap();
    assert_eq!(api.pool(&id).await.unwrap().unwrap().value.number_of_users, Some(150));
    let mut listed = BTreeSet::new();
    let mut after = None;
    loop {
        let page = api.users_page(&id, after.as_ref(), 100).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        listed.extend(page.into_iter().map(|user| user.id));
    }
    assert_eq!(listed.len(), 150);

    let one = UserId::from(Uuid::from_u128(7));
    let found = api.user(&id, &one).await.unwrap().unwrap();
    assert_eq!(found.value.status, Some(UserStatus::Active));
    let by_name = api.find_user_by_identifier(&id, "USER7").await.unwrap().unwrap();
    assert_eq!(by_name.value.id, one);
    let by_address = api
        .find_user_by_address(&id, "user7@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_address.value.id, one);
    let update = UserUpdate {
        status: Some(UserStatus::Inactive),
        if_match: found.etag,
        ..UserUpdate::default()
    };
    let updated = api.update_user(&id, &one, &update).await.unwrap();
    assert_eq!(updated.value.status, Some(UserStatus::Inactive));
    assert_eq!(updated.value.payload, found.value.payload, "absent members are kept");
    assert_eq!(api.delete_user(&id, &one).await.unwrap(), Deleted::Deleted);
    assert_eq!(api.delete_user(&id, &one).await.unwrap(), Deleted::WasAbsent);
    assert!(api.user(&id, &one).await.unwrap().is_none());

    assert_eq!(
        api.delete_organization(&organization).await.unwrap_err().status(),
        Some(400)
    );
    assert_eq!(api.delete_pool(&id).await.unwrap(), Deleted::Deleted);
    assert_eq!(api.workspace_idps(&organization, &id).await.unwrap(), IdpCheck::Missing);
    assert_eq!(api.delete_organization(&organization).await.unwrap(), Deleted::Deleted);
}

#[tokio::test]
async fn schemas_lists_and_audit_events_are_read_page_by_page() {
    let (simulator, api) = connect(ClientAuthMethod::Basic);
    let schema = api.schema(&SchemaId::parse(SCHEMA).unwrap()).await.unwrap().unwrap();
    assert!(schema.schema.contains_key("properties"));
    assert!(
        api.schema(&SchemaId::parse("no-such-schema").unwrap())
            .await
            .unwrap()
            .is_none()
    );
    let mut seed = Seed::default();
    for number in 0..25 {
        seed = seed.organization(&json!({"id": format!("b-{number:02}"), "name": "B", "parent_id": "invoice-cloud"}));
    }
    simulator.seed(seed).unwrap();
    let query = OrganizationQuery {
        search_phrase: Some("B".into()),
        limit: 10,
        ..OrganizationQuery::default()
    };
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = api.list_organizations(&query, after.as_ref()).await.unwrap();
        ids.extend(page.items.iter().map(|organization| organization.id().to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), 25);
    api.create_organization(&organization(), &key("organization"))
        .await
        .unwrap();
    let query = AuditQuery {
        subjects: vec!["organization".into()],
        ..AuditQuery::default()
    };
    let events = api.audit_events(&organization_id("system"), &query).await.unwrap();
    let ours = events
        .iter()
        .filter(|event| event.metadata.request_correlation_id.as_deref() == Some(RUN));
    assert_eq!(ours.count(), 1, "{events:?}");
}

#[tokio::test]
async fn tenants_of_an_on_premise_installation_are_managed_with_credentials_of_their_own() {
    let simulator = Simulator::start(Options::default()).unwrap();
    let config = config(&simulator.base_url());
    let management = TenantManagement::new(
        TenantManagementConfig {
            base_url: config.base_url,
            client_id: "setup".into(),
            client_secret: SecretString::from("simulator-setup-secret"),
            auth_method: ClientAuthMethod::Basic,
            attempts: 3,
            backoff: config.backoff,
            deadlines: Deadlines::default(),
            expiry_margin: Duration::from_mins(1),
            jitter_seed: 7,
        },
        context(None),
    )
    .unwrap();
    let id = TenantId::parse("acme").unwrap();
    assert!(management.get(&id).await.unwrap().is_none());
    let new = NewTenant {
        id: id.clone(),
        name: "Acme".into(),
        url: None,
    };
    management.create(&new, &key("tenant")).await.unwrap();
    let found = management.get(&id).await.unwrap().unwrap();
    let renamed = management.update(&found.with_name("Acme Ltd")).await.unwrap();
    assert_eq!(renamed.name(), Some("Acme Ltd"));
    assert!(management.list().await.unwrap().iter().any(|tenant| tenant.id() == &id));
}
