//! Schemas (docs/reference/secureauth-api.md#schemas).

use serde_json::json;

use crate::support::{TENANT, Tenant, identity, pools};

#[tokio::test]
async fn the_schemas_of_the_tenant_are_there_at_start() {
    let tenant = Tenant::new().await;
    for id in [
        "default_payload_v2",
        "default_metadata_v2",
        "default_business_metadata_v2",
        "5d5ced58793b41178123b2d1cc5fb658",
    ] {
        let schema = tenant
            .get(&identity(&format!("/system/schemas/{id}")))
            .await
            .expect(200);
        assert_eq!((schema.at("/id"), schema.at("/tenant_id")), (id.into(), TENANT.into()));
        assert_eq!(schema.at("/schema/type"), "object");
    }
    let listed = tenant
        .get(&identity("/system/schemas"))
        .await
        .expect(200)
        .at("/schemas");
    assert_eq!(listed.as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_schema_is_created_updated_and_deleted_unless_it_is_in_use() {
    let tenant = Tenant::new().await;
    let path = identity("/system/schemas");
    let schema = json!({ "id": "s", "tenant_id": TENANT, "name": "S", "schema": { "type": "object" } });
    tenant.post(&path, &schema).await.expect(201);
    tenant.post(&path, &schema).await.expect(409);
    tenant.post(&path, &json!({ "name": "S" })).await.expect(422);
    tenant
        .post(&path, &json!({ "name": "S", "schema": { "type": 1 } }))
        .await
        .expect(422);
    let one = identity("/system/schemas/s");
    let renamed = json!({ "name": "T", "schema": { "type": "object" } });
    assert_eq!(tenant.put(&one, &renamed).await.expect(200).at("/name"), "T");
    let pool = json!({ "id": "p", "name": "P", "tenant_id": TENANT, "payload_schema_id": "s" });
    tenant.post(&pools(""), &pool).await.expect(201);
    tenant.delete(&one).await.expect(409);
    tenant.delete(&pools("/p")).await.expect(204);
    tenant.delete(&one).await.expect(204);
    tenant.get(&one).await.expect(404);
}
