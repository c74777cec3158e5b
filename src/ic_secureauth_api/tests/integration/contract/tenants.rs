use ic_secureauth_api::tenant_management::{NewTenant, Tenant, TenantId, TenantManagement};
use serde_json::{Value, json as object};

use crate::support::{Server, absent, context, golden, json, samples::key, tenant_management};

fn management(server: &Server) -> TenantManagement {
    TenantManagement::new(tenant_management(&server.uri()), context(None)).unwrap()
}

fn sample() -> Value {
    object!({
        "id": "tenant-1", "name": "One", "url": "https://one.example", "jwks": { "keys": [] },
        "metadata": { "invented": 1.50 }, "settings": {}, "styling": {},
    })
}

fn id() -> TenantId {
    TenantId::parse("tenant-1").unwrap()
}

fn shown(tenant: &Tenant) -> Value {
    object!({ "id": tenant.id(), "name": tenant.name(), "url": tenant.url() })
}

#[tokio::test]
async fn tenants_are_listed_with_credentials_of_the_system_tenant() {
    let server = Server::scripted([json(200, &object!({ "tenants": [sample()] }))]).await;
    let tenants = management(&server).list().await.unwrap();
    golden("list_tenants", &server, tenants.iter().map(shown).collect()).await;
    assert_eq!(
        server.token_requests().await[0].url.path(),
        "/system/system/oauth2/token"
    );
}

#[tokio::test]
async fn a_tenant_is_read_by_its_id() {
    let server = Server::scripted([json(200, &sample())]).await;
    let tenant = management(&server).get(&id()).await.unwrap().unwrap();
    golden("get_tenant", &server, shown(&tenant)).await;

    let server = Server::scripted([absent()]).await;
    assert_eq!(management(&server).get(&id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_tenant_is_created() {
    let answer = object!({ "tenant": sample(), "clients": [{ "client_secret": "not read" }], "servers": [] });
    let server = Server::scripted([json(201, &answer)]).await;
    let new = NewTenant {
        id: id(),
        name: "One".into(),
        url: None,
    };
    let tenant = management(&server).create(&new, &key("create_tenant")).await.unwrap();
    golden("create_tenant", &server, shown(&tenant)).await;
}

#[tokio::test]
async fn a_tenant_is_updated_as_a_whole() {
    let server = Server::scripted([json(200, &sample())]).await;
    let management = management(&server);
    let tenant: Tenant = serde_json::from_str(&sample().to_string()).unwrap();
    let updated = management.update(&tenant.with_name("Two")).await.unwrap();
    golden("update_tenant", &server, shown(&updated)).await;
}
