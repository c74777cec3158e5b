//! Import: rows 60 to 77 and 82.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Chunk, TENANT, Tenant, identity, pools, send};

/// A simulator with organization `biller`, pool `pool` and these switches.
async fn ready(switches: &[(&str, &str)]) -> Tenant {
    let tenant = Tenant::with(switches).await;
    tenant.biller().await;
    tenant
}

fn chunk() -> Chunk {
    Chunk::new("pool")
}

/// Imports a chunk, expects a refusal and that nothing was written.
async fn refused(tenant: &Tenant, chunk: &Chunk, status: u16) {
    let before = tenant.simulator.pool_users("pool", None, 1000);
    tenant.import(chunk).await.expect(status);
    assert_eq!(tenant.simulator.pool_users("pool", None, 1000), before);
}

#[tokio::test]
async fn an_import_answers_204_without_a_body() {
    let tenant = ready(&[]).await;
    let answer = tenant.import(&chunk().user("ann")).await.expect(204);
    assert_eq!(answer.text, "");
    assert_eq!(tenant.listed("pool").await, ["u-ann"]);
}

#[tokio::test]
async fn the_parameter_mode_changes_nothing() {
    let tenant = ready(&[]).await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    let path = identity("/configuration?mode=fail");
    tenant
        .put(&path, &chunk().user("ann").body)
        .await
        .expect(204);
    tenant.switch("import-mode-parameter", "400");
    tenant
        .put(&path, &chunk().user("ann").body)
        .await
        .expect(400);
}

#[tokio::test]
async fn a_reimported_user_loses_what_the_payload_leaves_out() {
    let tenant = ready(&[]).await;
    let full = chunk().user("ann").credential("c-ann", "u-ann");
    tenant.import(&full).await.expect(204);
    let again = chunk()
        .bare_user("u-ann")
        .identifier("i-new", "u-ann", "anna");
    tenant.import(&again).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/identifiers/0/identifier"), "anna");
    assert_eq!(
        (user.at("/verifiable_addresses"), user.at("/credentials")),
        (json!([]), json!([]))
    );
    tenant.switch("reimport-subentries", "kept");
    tenant.import(&full).await.expect(204);
    tenant.import(&chunk().bare_user("u-ann")).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/identifiers").as_array().map(Vec::len), Some(2));
    assert_eq!(user.at("/credentials/0/id"), "c-ann");
}

#[tokio::test]
async fn a_record_is_replaced_by_one_of_the_same_id() {
    let tenant = ready(&[]).await;
    tenant
        .import(&chunk().user("ann").user("bob"))
        .await
        .expect(204);
    let renamed = chunk().identifier("i-ann", "u-ann", "anna");
    tenant.import(&renamed).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/identifiers").as_array().map(Vec::len), Some(1));
    assert_eq!(user.at("/identifiers/0/identifier"), "anna");
    assert_eq!(
        user.at("/verifiable_addresses").as_array().map(Vec::len),
        Some(1)
    );
    let moved = chunk().identifier("i-ann", "u-bob", "annas-old-name");
    tenant.import(&moved).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/identifiers"), json!([]));
    tenant
        .import(
            &chunk()
                .user("new")
                .set("user_identifiers", "identifier", json!("anna")),
        )
        .await
        .expect(204);
}

#[tokio::test]
async fn a_record_without_id_gets_one_on_every_import() {
    let tenant = ready(&[]).await;
    let nameless = chunk().bare_user("u").set("users", "id", Value::Null);
    tenant.import(&nameless).await.expect(204);
    tenant.import(&nameless).await.expect(204);
    assert_eq!(tenant.listed("pool").await.len(), 2);
    let identifier = chunk()
        .user("ann")
        .set("user_identifiers", "id", Value::Null);
    tenant.import(&identifier).await.expect(204);
    tenant.switch("import-without-id", "422");
    refused(&tenant, &nameless, 422).await;
    refused(&tenant, &identifier, 422).await;
}

#[tokio::test]
async fn more_than_100_users_are_slow_or_refused() {
    let tenant = ready(&[("import-slow-ms-per-user", "20")]).await;
    let many = (0..105).fold(chunk(), |chunk, number| {
        chunk.user(&format!("n{number:03}"))
    });
    let started = Instant::now();
    tenant.import(&many).await.expect(204);
    assert!(
        started.elapsed().as_millis() >= 100,
        "{:?}",
        started.elapsed()
    );
    assert_eq!(tenant.listed("pool").await.len(), 105);
    for status in ["413", "422"] {
        tenant.switch("import-over-100", status);
        tenant
            .import(&many)
            .await
            .expect(status.parse().expect("a status"));
    }
}

#[tokio::test]
async fn a_missing_required_member_is_unprocessable_or_filled_in() {
    let tenant = ready(&[]).await;
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
            refused(&tenant, &full().set(array, member, Value::Null), 422).await;
        }
    }
    refused(
        &tenant,
        &full().set("users", "tenant_id", json!("other")),
        422,
    )
    .await;
    tenant.switch("import-required", "lenient");
    let mut seeds = full().set("users", "tenant_id", Value::Null);
    for member in [
        "tenant_id",
        "address_lc",
        "verified",
        "created_at",
        "updated_at",
    ] {
        seeds = seeds.set("user_verifiable_addresses", member, Value::Null);
    }
    for member in ["tenant_id", "identifier_lc", "created_at", "updated_at"] {
        seeds = seeds.set("user_identifiers", member, Value::Null);
    }
    tenant.import(&seeds).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/verifiable_addresses/0/verified"), false);
    assert_eq!(user.at("/identifiers/0/identifier_lc"), "ann");
    refused(&tenant, &full().set("users", "status", Value::Null), 422).await;
}

#[tokio::test]
async fn an_unknown_enum_value_is_unprocessable() {
    let tenant = ready(&[]).await;
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
        refused(&tenant, &full().set(array, member, json!("invented")), 422).await;
    }
    tenant.switch("unknown-enum", "400");
    refused(
        &tenant,
        &full().set("users", "status", json!("invented")),
        400,
    )
    .await;
}

#[tokio::test]
async fn a_sub_record_of_a_user_that_is_nowhere_is_unprocessable() {
    let tenant = ready(&[]).await;
    let orphan = chunk().user("ann").identifier("i", "nobody", "nobody");
    refused(&tenant, &orphan, 422).await;
    tenant.switch("orphan-subrecord", "404");
    refused(&tenant, &orphan, 404).await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    tenant
        .import(&chunk().address("a2", "u-ann", "second@example.com", false))
        .await
        .expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(
        user.at("/verifiable_addresses").as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn an_unknown_pool_is_not_found_and_a_mixed_one_unprocessable() {
    let tenant = ready(&[]).await;
    tenant.pool("pool-2", "biller").await;
    let unknown = Chunk::new("nobody").user("ann");
    tenant.import(&unknown).await.expect(404);
    tenant.switch("import-unknown-pool", "422");
    tenant.import(&unknown).await.expect(422);
    let mixed = chunk()
        .user("ann")
        .set("user_identifiers", "user_pool_id", json!("pool-2"));
    refused(&tenant, &mixed, 422).await;
    tenant.delete(&pools("/pool-2")).await.expect(204);
    tenant.switch("import-unknown-pool", "404");
    tenant
        .import(&Chunk::new("pool-2").user("ann"))
        .await
        .expect(404);
}

#[tokio::test]
async fn an_identifier_belongs_to_one_user_of_the_pool() {
    let tenant = ready(&[]).await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    let same = chunk().bare_user("u-2").identifier("i-2", "u-2", "ANN");
    refused(&tenant, &same, 409).await;
    let email = same
        .clone()
        .set("user_identifiers", "type", json!("external"));
    refused(&tenant, &email, 409).await;
    tenant.switch("identifier-conflict", "422");
    refused(&tenant, &same, 422).await;
    let exact =
        json!({ "id": "exact", "name": "E", "tenant_id": TENANT, "workspace_id": "biller" });
    tenant.post(&pools(""), &exact).await.expect(201);
    let other_pool = Chunk::new("exact")
        .bare_user("e-1")
        .identifier("e-1", "e-1", "ann")
        .bare_user("e-2")
        .identifier("e-2", "e-2", "ANN");
    tenant.import(&other_pool).await.expect(204);
}

#[tokio::test]
async fn a_duplicate_inside_one_payload_is_a_conflict() {
    let tenant = ready(&[]).await;
    let duplicates = [
        chunk().user("ann").bare_user("u-ann"),
        chunk()
            .user("ann")
            .bare_user("u-2")
            .identifier("i-2", "u-2", "ann"),
        chunk()
            .user("ann")
            .bare_user("u-2")
            .identifier("i-ann", "u-2", "other"),
    ];
    for duplicate in &duplicates {
        refused(&tenant, duplicate, 409).await;
    }
    tenant.switch("duplicate-in-payload", "422");
    for duplicate in &duplicates {
        refused(&tenant, duplicate, 422).await;
    }
}

#[tokio::test]
async fn a_verified_address_belongs_to_one_user_and_an_unverified_one_to_many() {
    let tenant = ready(&[]).await;
    let shared = |user: &str, verified: bool| {
        chunk()
            .bare_user(user)
            .address(&format!("a-{user}"), user, "shared@example.com", verified)
    };
    tenant.import(&shared("u1", false)).await.expect(204);
    tenant.import(&shared("u2", false)).await.expect(204);
    tenant.import(&shared("u3", true)).await.expect(204);
    refused(&tenant, &shared("u4", true), 409).await;
    tenant.import(&shared("u4", false)).await.expect(204);
    let identifier = chunk()
        .bare_user("u5")
        .identifier("i-u5", "u5", "taken@example.com");
    tenant.import(&identifier).await.expect(204);
    let taken = chunk()
        .bare_user("u6")
        .address("a-u6", "u6", "taken@example.com", true);
    refused(&tenant, &taken, 409).await;
    tenant.switch("verified-address-conflict", "422");
    refused(&tenant, &taken, 422).await;
}

#[tokio::test]
async fn identifiers_and_addresses_must_be_valid_for_their_type() {
    let tenant = ready(&[]).await;
    let identifier = |kind: &str, value: &str| {
        chunk().bare_user("u").identifier("i", "u", value).set(
            "user_identifiers",
            "type",
            json!(kind),
        )
    };
    for (kind, value) in [
        ("uid", "with space"),
        ("uid", "ümlaut"),
        ("external", "a b"),
        ("email", "nobody"),
        ("mobile", "0123"),
    ] {
        refused(&tenant, &identifier(kind, value), 422).await;
    }
    let address = |kind: &str, value: &str| {
        chunk().bare_user("u").address("a", "u", value, false).set(
            "user_verifiable_addresses",
            "type",
            json!(kind),
        )
    };
    refused(&tenant, &address("email", "nobody@"), 422).await;
    refused(&tenant, &address("mobile", "+1 800"), 422).await;
    tenant.switch("invalid-identifier", "400");
    refused(&tenant, &identifier("uid", "with space"), 400).await;
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
    let tenant = ready(&[]).await;
    let biller_schema = json!("5d5ced58793b41178123b2d1cc5fb658");
    let names = json!({ "first_name": "A", "last_name": "B", "user_name": "ab" });
    let default = chunk().bare_user("u").set("users", "payload", names);
    refused(&tenant, &default, 422).await;
    tenant
        .import(
            &default
                .clone()
                .set("users", "payload_schema_id", biller_schema),
        )
        .await
        .expect(204);
    refused(
        &tenant,
        &default
            .clone()
            .set("users", "payload_schema_id", json!("nobody")),
        422,
    )
    .await;
    let schema = json!({
        "id": "strict", "tenant_id": TENANT, "name": "S", "schema": { "type": "object", "required": ["bid"] },
    });
    tenant
        .post(&identity("/system/schemas"), &schema)
        .await
        .expect(201);
    let metadata = chunk()
        .bare_user("u")
        .set("users", "metadata_schema_id", json!("strict"));
    refused(&tenant, &metadata, 422).await;
    tenant
        .import(&metadata.set("users", "metadata", json!({ "bid": 1 })))
        .await
        .expect(204);
    tenant.switch("schema-violation", "400");
    refused(&tenant, &default, 400).await;
}

#[tokio::test]
async fn a_user_id_of_another_pool_is_refused_moved_or_separate() {
    let tenant = ready(&[]).await;
    tenant.pool("pool-2", "biller").await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    let elsewhere = Chunk::new("pool-2").user("ann");
    tenant.import(&elsewhere).await.expect(409);
    tenant.switch("user-id-in-other-pool", "separate");
    tenant.import(&elsewhere).await.expect(204);
    assert_eq!(
        (tenant.listed("pool").await, tenant.listed("pool-2").await),
        (vec!["u-ann".to_owned()], vec!["u-ann".to_owned()])
    );
    tenant.import(&chunk().user("bob")).await.expect(204);
    tenant.switch("user-id-in-other-pool", "moved");
    tenant
        .import(&Chunk::new("pool-2").user("bob"))
        .await
        .expect(204);
    assert_eq!(tenant.listed("pool").await, ["u-ann"]);
    assert_eq!(tenant.listed("pool-2").await, ["u-ann", "u-bob"]);
}

#[tokio::test]
async fn a_failing_import_applies_nothing_or_what_stood_before() {
    let tenant = ready(&[]).await;
    tenant.import(&chunk().user("b")).await.expect(204);
    let failing = chunk()
        .user("a")
        .user("b")
        .set("users", "status", json!("inactive"))
        .bare_user("u-bad")
        .set("users", "status", json!("invented"))
        .user("c");
    refused(&tenant, &failing, 422).await;
    tenant.switch("failing-import", "prefix");
    tenant.import(&failing).await.expect(422);
    assert_eq!(tenant.listed("pool").await, ["u-a", "u-b"]);
    assert_eq!(
        tenant.get(&pools("/pool/users/u-b")).await.at("/status"),
        "inactive"
    );
}

#[tokio::test]
async fn pools_schemas_and_groups_in_an_import_are_upserted_too() {
    let tenant = ready(&[]).await;
    let dump = json!({
        "schemas": [{ "id": "s", "tenant_id": TENANT, "name": "S", "schema": { "type": "object" } }],
        "pools": [{ "id": "p", "tenant_id": TENANT, "name": "P", "workspace_id": "biller", "payload_schema_id": "s" }],
        "groups": [{ "id": "g", "user_pool_id": "p", "name": "G" }],
    });
    tenant
        .put(&identity("/configuration"), &dump)
        .await
        .expect(204);
    let inventory = tenant.simulator.inventory();
    assert!(inventory.schemas.contains(&"s".to_owned()));
    assert_eq!(inventory.groups, 1);
    assert_eq!(
        tenant
            .get(&pools("/p"))
            .await
            .expect(200)
            .at("/payload_schema_id"),
        "s"
    );
    let rename = json!({ "pools": [{ "id": "p", "tenant_id": TENANT, "name": "Q", "workspace_id": "biller" }] });
    tenant
        .put(&identity("/configuration"), &rename)
        .await
        .expect(204);
    assert_eq!(tenant.get(&pools("/p")).await.expect(200).at("/name"), "Q");
    let mut failing = chunk()
        .bare_user("u")
        .set("users", "status", json!("invented"))
        .body;
    failing["pools"] = json!([{ "id": "p", "tenant_id": TENANT, "name": "R" }, { "id": "p2", "tenant_id": TENANT, "name": "P2" }]);
    failing["groups"] = json!([{ "id": "g2" }]);
    tenant
        .put(&identity("/configuration"), &failing)
        .await
        .expect(422);
    assert_eq!(tenant.get(&pools("/p")).await.expect(200).at("/name"), "Q");
    tenant.get(&pools("/p2")).await.expect(404);
    assert_eq!(tenant.simulator.inventory().groups, 1);
}

#[tokio::test]
async fn an_import_error_does_not_name_the_record_unless_asked_to() {
    let tenant = ready(&[("error-details", "absent")]).await;
    let bad = chunk()
        .user("good")
        .user("bad")
        .set("users", "status", json!("invented"));
    let answer = tenant.import(&bad).await.expect(422);
    assert!(
        !answer.text.contains("u-bad") && !answer.text.contains("invented"),
        "{answer:?}"
    );
    tenant.switch("import-error-names-record", "on");
    assert_eq!(
        tenant.import(&bad).await.expect(422).at("/details/record"),
        "u-bad"
    );
}

#[tokio::test]
async fn the_export_holds_the_whole_tenant_and_is_seen_in_the_call_log() {
    let tenant = ready(&[]).await;
    tenant
        .import(&chunk().user("ann").credential("c-ann", "u-ann"))
        .await
        .expect(204);
    assert!(tenant.calls_of("export_identity_configuration").is_empty());
    let export = tenant.get(&identity("/configuration")).await.expect(200);
    assert_eq!(export.at("/users/0/id"), "u-ann");
    assert_eq!(export.at("/user_identifiers/0/user_id"), "u-ann");
    assert_eq!(
        export.at("/user_verifiable_addresses/0/address"),
        "ann@example.com"
    );
    assert_eq!(
        export.at("/user_credentials/0/payload/hashed_password"),
        "hash"
    );
    assert_eq!(export.at("/pools/0/id"), "pool");
    assert_eq!(tenant.calls_of("export_identity_configuration").len(), 1);
    let again = json!({
        "users": export.at("/users"),
        "user_identifiers": export.at("/user_identifiers"),
        "user_verifiable_addresses": export.at("/user_verifiable_addresses"),
        "user_credentials": export.at("/user_credentials"),
    });
    tenant
        .put(&identity("/configuration"), &again)
        .await
        .expect(204);
    assert_eq!(
        tenant.get(&identity("/configuration")).await.at("/users"),
        export.at("/users")
    );
}

#[tokio::test]
async fn a_body_that_is_no_dump_is_refused() {
    let tenant = ready(&[]).await;
    let path = identity("/configuration");
    tenant
        .put(&path, &json!({ "users": "many" }))
        .await
        .expect(422);
    send(tenant.request(Method::PUT, &path).body("not json"))
        .await
        .expect("an answer")
        .expect(400);
    tenant.put(&path, &json!({})).await.expect(204);
}
