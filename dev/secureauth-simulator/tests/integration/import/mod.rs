//! Import: rows 60 to 77 and 82.

mod conflicts;
mod values;

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Chunk, TENANT, Tenant, identity, pools, send};

fn chunk() -> Chunk {
    Chunk::new("pool")
}

#[tokio::test]
async fn an_import_answers_204_without_a_body() {
    let tenant = Tenant::with_pool(&[]).await;
    let answer = tenant.import(&chunk().user("ann")).await.expect(204);
    assert_eq!(answer.text, "");
    assert_eq!(tenant.listed("pool").await, ["u-ann"]);
}

#[tokio::test]
async fn the_parameter_mode_changes_nothing() {
    let tenant = Tenant::with_pool(&[]).await;
    tenant.import(&chunk().user("ann")).await.expect(204);
    let path = identity("/configuration?mode=fail");
    tenant.put(&path, &chunk().user("ann").body).await.expect(204);
    tenant.switch("import-mode-parameter", "400");
    tenant.put(&path, &chunk().user("ann").body).await.expect(400);
}

#[tokio::test]
async fn a_reimported_user_loses_what_the_payload_leaves_out() {
    let tenant = Tenant::with_pool(&[]).await;
    let full = chunk().user("ann").credential("c-ann", "u-ann");
    tenant.import(&full).await.expect(204);
    let again = chunk().bare_user("u-ann").identifier("i-new", "u-ann", "anna");
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
    let tenant = Tenant::with_pool(&[]).await;
    tenant.import(&chunk().user("ann").user("bob")).await.expect(204);
    let renamed = chunk().identifier("i-ann", "u-ann", "anna");
    tenant.import(&renamed).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/identifiers").as_array().map(Vec::len), Some(1));
    assert_eq!(user.at("/identifiers/0/identifier"), "anna");
    assert_eq!(user.at("/verifiable_addresses").as_array().map(Vec::len), Some(1));
    let moved = chunk().identifier("i-ann", "u-bob", "annas-old-name");
    tenant.import(&moved).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/identifiers"), json!([]));
    tenant
        .import(&chunk().user("new").set("user_identifiers", "identifier", json!("anna")))
        .await
        .expect(204);
}

#[tokio::test]
async fn a_record_without_id_gets_one_on_every_import() {
    let tenant = Tenant::with_pool(&[]).await;
    let nameless = chunk().bare_user("u").set("users", "id", Value::Null);
    tenant.import(&nameless).await.expect(204);
    tenant.import(&nameless).await.expect(204);
    assert_eq!(tenant.listed("pool").await.len(), 2);
    let identifier = chunk().user("ann").set("user_identifiers", "id", Value::Null);
    tenant.import(&identifier).await.expect(204);
    tenant.switch("import-without-id", "422");
    tenant.refused(&nameless, 422).await;
    tenant.refused(&identifier, 422).await;
}

#[tokio::test]
async fn more_than_100_users_are_slow_or_refused() {
    let tenant = Tenant::with_pool(&[("import-slow-ms-per-user", "20")]).await;
    let many = (0..105).fold(chunk(), |chunk, number| chunk.user(&format!("n{number:03}")));
    let started = Instant::now();
    tenant.import(&many).await.expect(204);
    assert!(started.elapsed().as_millis() >= 100, "{:?}", started.elapsed());
    assert_eq!(tenant.listed("pool").await.len(), 105);
    for status in ["413", "422"] {
        tenant.switch("import-over-100", status);
        tenant.import(&many).await.expect(status.parse().expect("a status"));
    }
}

#[tokio::test]
async fn a_failing_import_applies_nothing_or_the_users_before_the_failure() {
    let tenant = Tenant::with_pool(&[]).await;
    tenant.import(&chunk().user("b")).await.expect(204);
    let failing = chunk()
        .user("a")
        .user("b")
        .set("users", "status", json!("inactive"))
        .bare_user("u-bad")
        .set("users", "status", json!("invented"))
        .user("c");
    tenant.refused(&failing, 422).await;
    tenant.switch("failing-import", "prefix");
    tenant.import(&failing).await.expect(422);
    assert_eq!(tenant.listed("pool").await, ["u-a", "u-b"]);
    assert_eq!(tenant.get(&pools("/pool/users/u-b")).await.at("/status"), "inactive");
}

#[tokio::test]
async fn pools_schemas_and_groups_in_an_import_are_upserted_too() {
    let tenant = Tenant::with_pool(&[]).await;
    let dump = json!({
        "schemas": [{ "id": "s", "tenant_id": TENANT, "name": "S", "schema": { "type": "object" } }],
        "pools": [{ "id": "p", "tenant_id": TENANT, "name": "P", "workspace_id": "biller", "payload_schema_id": "s" }],
        "groups": [{ "id": "g", "user_pool_id": "p", "name": "G" }],
    });
    tenant.put(&identity("/configuration"), &dump).await.expect(204);
    let inventory = tenant.simulator.inventory();
    assert!(inventory.schemas.contains(&"s".to_owned()));
    assert_eq!(inventory.groups, 1);
    assert_eq!(tenant.get(&pools("/p")).await.expect(200).at("/payload_schema_id"), "s");
    let rename = json!({ "pools": [{ "id": "p", "tenant_id": TENANT, "name": "Q", "workspace_id": "biller" }] });
    tenant.put(&identity("/configuration"), &rename).await.expect(204);
    assert_eq!(tenant.get(&pools("/p")).await.expect(200).at("/name"), "Q");
    let mut failing = chunk().bare_user("u").set("users", "status", json!("invented")).body;
    failing["pools"] =
        json!([{ "id": "p", "tenant_id": TENANT, "name": "R" }, { "id": "p2", "tenant_id": TENANT, "name": "P2" }]);
    failing["groups"] = json!([{ "id": "g2" }]);
    tenant.put(&identity("/configuration"), &failing).await.expect(422);
    assert_eq!(tenant.get(&pools("/p")).await.expect(200).at("/name"), "Q");
    tenant.get(&pools("/p2")).await.expect(404);
    assert_eq!(tenant.simulator.inventory().groups, 1);
}

#[tokio::test]
async fn an_import_error_does_not_name_the_record_unless_asked_to() {
    let tenant = Tenant::with_pool(&[("error-details", "absent")]).await;
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
    assert_eq!(tenant.import(&bad).await.expect(422).at("/details/record"), "u-bad");
}

#[tokio::test]
async fn the_export_holds_the_whole_tenant_and_is_seen_in_the_call_log() {
    let tenant = Tenant::with_pool(&[]).await;
    tenant
        .import(&chunk().user("ann").credential("c-ann", "u-ann"))
        .await
        .expect(204);
    assert!(tenant.calls_of("export_identity_configuration").is_empty());
    let export = tenant.get(&identity("/configuration")).await.expect(200);
    assert_eq!(export.at("/users/0/id"), "u-ann");
    assert_eq!(export.at("/user_identifiers/0/user_id"), "u-ann");
    assert_eq!(export.at("/user_verifiable_addresses/0/address"), "ann@example.com");
    assert_eq!(export.at("/user_credentials/0/payload/hashed_password"), "hash");
    assert_eq!(export.at("/pools/0/id"), "pool");
    assert_eq!(tenant.calls_of("export_identity_configuration").len(), 1);
    let again = json!({
        "users": export.at("/users"),
        "user_identifiers": export.at("/user_identifiers"),
        "user_verifiable_addresses": export.at("/user_verifiable_addresses"),
        "user_credentials": export.at("/user_credentials"),
    });
    tenant.put(&identity("/configuration"), &again).await.expect(204);
    assert_eq!(
        tenant.get(&identity("/configuration")).await.at("/users"),
        export.at("/users")
    );
}

#[tokio::test]
async fn a_body_that_is_no_dump_is_refused() {
    let tenant = Tenant::with_pool(&[]).await;
    let path = identity("/configuration");
    tenant.put(&path, &json!({ "users": "many" })).await.expect(422);
    send(tenant.request(Method::PUT, &path).body("not json"))
        .await
        .expect("an answer")
        .expect(400);
    tenant.put(&path, &json!({})).await.expect(204);
}
