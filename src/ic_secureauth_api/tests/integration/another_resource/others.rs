//! Schemas and tenants.

use ic_secureauth_api::{
    Api, SchemaId,
    tenant_management::{NewTenant, Tenant, TenantId, TenantManagement},
};
use serde_json::json as object;

use super::{FOREIGN, assert_mismatch, each, is_refused, with};
use crate::support::{Server, TENANT, context, json, samples::key, tenant_management};

#[tokio::test]
async fn a_schema_that_is_not_the_one_asked_for_is_no_answer() {
    let own = object!({ "id": "s", "tenant_id": TENANT, "name": "Users", "schema": {} });
    let read = |api: Api| async move { api.schema(&SchemaId::parse("s").unwrap()).await };
    is_refused("get_schema", 200, each(&own, &["/id", "/tenant_id"]), read).await;
    let of_the_system = with(with(own, "/tenant_id", FOREIGN), "/system", true);
    let server = Server::scripted([json(200, &of_the_system)]).await;
    assert!(read(server.api()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_tenant_that_is_not_the_one_asked_for_is_no_answer() {
    let other = object!({ "id": FOREIGN, "name": "Other" });
    let own: Tenant = serde_json::from_value(object!({ "id": "tenant-1" })).unwrap();
    let id = TenantId::parse("tenant-1").unwrap();
    let new = NewTenant {
        id: id.clone(),
        name: "One".into(),
        url: None,
    };
    for name in ["get_tenant", "update_tenant", "create_tenant"] {
        let answer = if name == "create_tenant" {
            object!({ "tenant": other })
        } else {
            other.clone()
        };
        let server = Server::scripted([json(200, &answer)]).await;
        let management = TenantManagement::new(tenant_management(&server.uri()), context(None)).unwrap();
        let error = match name {
            "get_tenant" => management.get(&id).await.unwrap_err(),
            "update_tenant" => management.update(&own).await.unwrap_err(),
            _ => management.create(&new, &key("create")).await.unwrap_err(),
        };
        assert_mismatch(&error, name, "id");
    }
}
