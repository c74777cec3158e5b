//! Members and values of records: rows 65 to 68, 72 and 73.

use serde_json::{Value, json};

use super::chunk;
use crate::support::{Chunk, TENANT, Tenant, identity, pools};

#[tokio::test]
async fn a_missing_required_member_is_unprocessable_or_filled_in() {
    let tenant = Tenant::with_pool(&[]).await;
    let full = || chunk().user("ann").credential("c-ann", "u-ann");
    let required = [
        ("users", &["tenant_id", "user_pool_id", "status"][..]),
        (
            "user_identifiers",
            &[
                "tenant_id",
                "user_pool_id",
                "user_id",
                "identifier",
                "identifier_lc",
                "type",
                "created_at",
                "updated_at",
            ],
        ),
        (
            "user_verifiable_addresses",
            &[
                "tenant_id",
                "user_pool_id",
                "user_id",
                "address",
                "address_lc",
                "type",
                "status",
                "verified",
                "created_at",
                "updated_at",
            ],
        ),
        (
            "user_credentials",
            &[
                "tenant_id",
                "user_pool_id",
                "user_id",
                "type",
                "payload",
                "created_at",
                "updated_at",
            ],
        ),
    ];
    for (array, members) in required {
        for member in members {
            tenant.refused(&full().set(array, member, Value::Null), 422).await;
        }
    }
    tenant
        .refused(&full().set("users", "tenant_id", json!("other")), 422)
        .await;
    tenant.switch("import-required", "lenient");
    let mut seeds = full().set("users", "tenant_id", Value::Null);
    for member in ["tenant_id", "address_lc", "verified", "created_at", "updated_at"] {
        seeds = seeds.set("user_verifiable_addresses", member, Value::Null);
    }
    for member in ["tenant_id", "identifier_lc", "created_at", "updated_at"] {
        seeds = seeds.set("user_identifiers", member, Value::Null);
    }
    tenant.import(&seeds).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/verifiable_addresses/0/verified"), false);
    assert_eq!(user.at("/identifiers/0/identifier_lc"), "ann");
    tenant.refused(&full().set("users", "status", Value::Null), 422).await;
}

#[tokio::test]
async fn an_unknown_enum_value_is_unprocessable() {
    let tenant = Tenant::with_pool(&[]).await;
    let full = || chunk().user("ann").credential("c-ann", "u-ann");
    let enums = [
        ("users", "status"),
        ("user_identifiers", "type"),
        ("user_verifiable_addresses", "type"),
        ("user_verifiable_addresses", "status"),
        ("user_verifiable_addresses", "preferred_contact_method"),
        ("user_credentials", "type"),
        ("user_credentials", "state"),
    ];
    for (array, member) in enums {
        tenant.refused(&full().set(array, member, json!("invented")), 422).await;
    }
    tenant.switch("unknown-enum", "400");
    tenant
        .refused(&full().set("users", "status", json!("invented")), 400)
        .await;
}

#[tokio::test]
async fn a_sub_record_of_a_user_that_is_nowhere_is_unprocessable() {
    let tenant = Tenant::with_pool(&[]).await;
    let orphan = chunk().user("ann").identifier("i", "nobody", "nobody");
    tenant.refused(&orphan, 422).await;
    tenant.switch("orphan-subrecord", "404");
    tenant.refused(&orphan, 404).await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    tenant
        .import(&chunk().address("a2", "u-ann", "second@example.com", false))
        .await
        .expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/verifiable_addresses").as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_unknown_pool_is_not_found_and_a_mixed_one_unprocessable() {
    let tenant = Tenant::with_pool(&[]).await;
    tenant.pool("pool-2", "biller").await;
    let unknown = Chunk::new("nobody").user("ann");
    tenant.import(&unknown).await.expect(404);
    tenant.switch("import-unknown-pool", "422");
    tenant.import(&unknown).await.expect(422);
    let mixed = chunk()
        .user("ann")
        .set("user_identifiers", "user_pool_id", json!("pool-2"));
    tenant.refused(&mixed, 422).await;
    tenant.delete(&pools("/pool-2")).await.expect(204);
    tenant.switch("import-unknown-pool", "404");
    tenant.import(&Chunk::new("pool-2").user("ann")).await.expect(404);
}

#[tokio::test]
async fn identifiers_and_addresses_must_be_valid_for_their_type() {
    let tenant = Tenant::with_pool(&[]).await;
    let identifier = |kind: &str, value: &str| {
        chunk()
            .bare_user("u")
            .identifier("i", "u", value)
            .set("user_identifiers", "type", json!(kind))
    };
    for (kind, value) in [
        ("uid", "with space"),
        ("uid", "ümlaut"),
        ("external", "a b"),
        ("email", "nobody"),
        ("mobile", "0123"),
    ] {
        tenant.refused(&identifier(kind, value), 422).await;
    }
    let address = |kind: &str, value: &str| {
        chunk()
            .bare_user("u")
            .address("a", "u", value, false)
            .set("user_verifiable_addresses", "type", json!(kind))
    };
    tenant.refused(&address("email", "nobody@"), 422).await;
    tenant.refused(&address("mobile", "+1 800"), 422).await;
    tenant.switch("invalid-identifier", "400");
    tenant.refused(&identifier("uid", "with space"), 400).await;
    for (kind, value) in [
        ("uid", "rsable01"),
        ("email", "a@example.com"),
        ("mobile", "+14155550100"),
    ] {
        tenant.import(&identifier(kind, value)).await.expect(204);
    }
}

#[tokio::test]
async fn payload_and_metadata_must_match_their_schemas() {
    let tenant = Tenant::with_pool(&[]).await;
    let biller_schema = json!("5d5ced58793b41178123b2d1cc5fb658");
    let names = json!({ "first_name": "A", "last_name": "B", "user_name": "ab" });
    let default = chunk().bare_user("u").set("users", "payload", names);
    tenant.refused(&default, 422).await;
    tenant
        .import(&default.clone().set("users", "payload_schema_id", biller_schema))
        .await
        .expect(204);
    tenant
        .refused(&default.clone().set("users", "payload_schema_id", json!("nobody")), 422)
        .await;
    let schema = json!({
        "id": "strict", "tenant_id": TENANT, "name": "S", "schema": { "type": "object", "required": ["bid"] },
    });
    tenant.post(&identity("/system/schemas"), &schema).await.expect(201);
    let metadata = chunk()
        .bare_user("u")
        .set("users", "metadata_schema_id", json!("strict"));
    tenant.refused(&metadata, 422).await;
    tenant
        .import(&metadata.set("users", "metadata", json!({ "bid": 1 })))
        .await
        .expect(204);
    tenant.switch("schema-violation", "400");
    tenant.refused(&default, 400).await;
}

#[tokio::test]
async fn patterns_in_schemas_are_those_of_go() {
    let tenant = Tenant::with_pool(&[]).await;
    let schema = json!({ "id": "letters", "tenant_id": TENANT, "name": "L", "schema": {
        "type": "object", "properties": { "first_name": { "pattern": "^[[:alpha:]]+$" } },
    } });
    tenant.post(&identity("/system/schemas"), &schema).await.expect(201);
    let named = |name: &str| {
        chunk()
            .bare_user("u")
            .set("users", "payload_schema_id", json!("letters"))
            .set("users", "payload", json!({ "first_name": name }))
    };
    tenant.refused(&named("4nn"), 422).await;
    tenant.import(&named("Ann")).await.expect(204);
}
