//! Every operation against the simulator over HTTP. The simulator shares no code with the client.

mod entries;
mod users;

use std::collections::BTreeSet;

use ic_secureauth_api::{
    Api, AuditQuery, ClientAuthMethod, Deleted, ErrorKind, IdpCheck, OrganizationQuery, SchemaId, SecureAuth, UserId,
    tenant_management::{NewTenant, TenantId, TenantManagement},
};
use secrecy::SecretString;
use secureauth_simulator::{Client, Fault, FaultKind, Options, Seed, Simulator};
use serde_json::json;

use crate::support::{
    RUN, config, context, organization_id, pool_id,
    samples::{key, marker, new_organization, new_pool},
    tenant_management,
};

const BILLER: &str = "1876";

fn connect(method: ClientAuthMethod) -> (Simulator, Api) {
    let simulator = Simulator::start(Options::default()).unwrap();
    let api = client_of(&simulator, method);
    (simulator, api)
}

fn client_of(simulator: &Simulator, method: ClientAuthMethod) -> Api {
    client_with(simulator, method, &["view_audit_events", "manage_idps"])
}

/// A client that requests the usual scopes and `scopes`.
fn client_with(simulator: &Simulator, method: ClientAuthMethod, scopes: &[&str]) -> Api {
    let mut config = config(&simulator.base_url());
    config.client_id = "onboarding".into();
    config.client_secret = SecretString::from("simulator-secret");
    config.auth_method = method;
    config.scopes.extend(scopes.iter().map(ToString::to_string));
    SecureAuth::new(config).unwrap().call(context(None))
}

#[tokio::test]
async fn an_organization_is_created_activated_and_deleted() {
    for method in [ClientAuthMethod::Basic, ClientAuthMethod::Post] {
        let (simulator, api) = connect(method);
        let id = organization_id(BILLER);
        assert!(api.organization(&id).await.unwrap().is_none());
        let created = api
            .create_organization(&new_organization(), &key("organization"))
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
        let live = api.update_organization(&live).await.unwrap();
        assert!(!live.value.deactivated());
        let renamed = live.map(|organization| organization.with_name("Smith & Sons"));
        let renamed = api.update_organization(&renamed).await.unwrap();
        assert_eq!(
            (renamed.value.name(), renamed.value.deactivated()),
            (Some("Smith & Sons"), false)
        );
        let entry = simulator
            .inventory()
            .organizations
            .into_iter()
            .find(|entry| entry.id == BILLER)
            .unwrap();
        assert_eq!((entry.name.as_str(), entry.deactivated), ("Smith & Sons", false));
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
    api.create_organization(&new_organization(), &key("organization"))
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
        .create_organization(&new_organization(), &key("organization"))
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
async fn a_client_that_may_not_read_the_configuration_does_without_the_check_of_the_identity_provider() {
    let mut client = Client::new("onboarding", "simulator-secret");
    client.scopes = vec!["manage_configuration".into(), "identity".into()];
    let simulator = Simulator::start(Options {
        clients: vec![client],
        ..Options::default()
    })
    .unwrap();
    let api = client_of(&simulator, ClientAuthMethod::Basic);
    api.create_organization(&new_organization(), &key("organization"))
        .await
        .unwrap();
    let pool = api.create_pool(&new_pool(), &key("pool")).await.unwrap().value.id;
    let check = api.identity_provider(&organization_id(BILLER), &pool).await.unwrap();
    assert_eq!(check, IdpCheck::NotChecked);
}

#[tokio::test]
async fn a_read_refuses_every_answer_about_another_resource() {
    let (simulator, api) = connect(ClientAuthMethod::Basic);
    let pool = |id: &str, workspace: &str| json!({"id": id, "name": id, "workspace_id": workspace, "with_idp": true});
    let user = |id: &str, pool: &str| {
        let identifiers = json!([{"identifier": id, "type": "uid"}]);
        json!({"id": id, "user_pool_id": pool, "status": "active", "identifiers": identifiers})
    };
    let mut seed = Seed::default();
    for number in ["1", "2"] {
        let (organization, pool_id) = (format!("o-{number}"), format!("p-{number}"));
        seed = seed
            .organization(&json!({"id": organization, "name": "O", "parent_id": "invoice-cloud"}))
            .pool(&pool(&pool_id, &organization))
            .user(&user(&format!("a-{number}"), &pool_id))
            .user(&user(&format!("b-{number}"), &pool_id));
    }
    simulator.seed(seed).unwrap();
    for operation in [
        "export_configuration",
        "get_organization",
        "get_pool",
        "get_schema",
        "get_user",
        "get_user_by_key",
        "list_audit_events",
        "list_pool_idps",
        "list_users",
        "list_workspace_pools",
    ] {
        simulator.faults().add(Fault::on(operation, FaultKind::WrongSubject));
    }
    let (organization, pool, user) = (organization_id("o-1"), pool_id("p-1"), UserId::parse("a-1").unwrap());
    let schema = SchemaId::parse("default_payload_v2").unwrap();
    let audit = AuditQuery::default();
    let with_idps = api;
    let api = client_with(&simulator, ClientAuthMethod::Basic, &["view_audit_events"]);
    let errors = [
        api.organization(&organization).await.err(),
        api.organization(&organization_id("absent")).await.err(),
        api.pool(&pool).await.err(),
        api.pools_of(&organization).await.err(),
        api.schema(&schema).await.err(),
        api.user(&pool, &user).await.err(),
        api.users_page(&pool, None, 100).await.err(),
        api.find_user_by_identifier(&pool, "a-1").await.err(),
        api.audit_events(&organization, &audit).await.err(),
        api.identity_provider(&organization, &pool).await.err(),
        with_idps.identity_provider(&organization, &pool).await.err(),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("call {number} accepted the answer"));
        assert!(
            matches!(error.kind(), ErrorKind::UnusableAnswer { mismatch: Some(_), .. }),
            "call {number}: {error}"
        );
    }
    simulator.faults().clear();
    let with_idp = with_idps.identity_provider(&organization, &pool).await.unwrap();
    assert_eq!(with_idp, IdpCheck::Present);
}

#[tokio::test]
async fn a_pools_own_list_tells_whether_its_identity_provider_lets_anybody_in() {
    let (simulator, api) = connect(ClientAuthMethod::Basic);
    let dumping = client_with(&simulator, ClientAuthMethod::Basic, &[]);
    let organization = organization_id(BILLER);
    api.create_organization(&new_organization(), &key("organization"))
        .await
        .unwrap();
    let pool = api.create_pool(&new_pool(), &key("pool")).await.unwrap().value.id;
    for (switch, value, expected) in [
        ("idp-disabled", "off", IdpCheck::Present),
        ("idp-disabled", "on", IdpCheck::Disabled),
        ("idp-method", "oidc", IdpCheck::OfAnotherKind),
    ] {
        simulator.set_switch(switch, value).unwrap();
        for api in [&api, &dumping] {
            assert_eq!(api.identity_provider(&organization, &pool).await.unwrap(), expected);
        }
        simulator.set_switch("idp-disabled", "off").unwrap();
    }
    let asked: BTreeSet<_> = simulator
        .calls()
        .into_iter()
        .filter_map(|call| call.operation)
        .collect();
    assert!(asked.contains("list_pool_idps") && asked.contains("export_configuration"));
}

#[tokio::test]
async fn schemas_lists_and_audit_events_are_read_page_by_page() {
    let (simulator, api) = connect(ClientAuthMethod::Basic);
    let schema = api.schema(&new_pool().payload_schema_id).await.unwrap().unwrap();
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
    for pages in 1.. {
        assert!(pages <= 3, "25 organizations are on more than three pages: {ids:?}");
        let page = api.list_organizations(&query, after.as_ref()).await.unwrap();
        ids.extend(page.items.iter().map(|organization| organization.id().to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), 25);
    api.create_organization(&new_organization(), &key("organization"))
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
    let mut config = tenant_management(&simulator.base_url());
    config.client_secret = SecretString::from("simulator-setup-secret");
    let management = TenantManagement::new(config, context(None)).unwrap();
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

#[tokio::test]
async fn a_workspace_and_its_applications_are_read() {
    let simulator = Simulator::start(Options::default()).unwrap();
    let api = client_with(&simulator, ClientAuthMethod::Basic, &["manage_servers", "view_clients"]);
    let (parent, default) = (organization_id("invoice-cloud"), organization_id("default"));
    let kind = |found: Option<ic_secureauth_api::Workspace>| found.and_then(|found| found.kind);
    let found = api.workspace(&parent).await.unwrap();
    assert_eq!(kind(found).as_deref(), Some("organization"));
    let found = api.workspace(&default).await.unwrap();
    assert_eq!(kind(found).as_deref(), Some("regular"));
    assert_eq!(api.workspace(&organization_id(BILLER)).await.unwrap(), None);
    assert_eq!(api.application_count(&parent).await.unwrap(), Some(1));
    assert_eq!(api.application_count(&default).await.unwrap(), Some(0));
    assert_eq!(api.application_count(&organization_id(BILLER)).await.unwrap(), None);
}
