//! PATCH of a user: row 96.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Chunk, Tenant, pools, send};

async fn with_ann() -> Tenant {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    let chunk = Chunk::new("pool")
        .user("ann")
        .set("users", "payload", json!({ "name": "Ann", "given_name": "A" }));
    tenant.import(&chunk).await.expect(204);
    tenant
}

async fn patch(tenant: &Tenant, query: &str, body: &Value) -> Answer {
    let path = pools(&format!("/pool/users/u-ann{query}"));
    send(tenant.request(Method::PATCH, &path).json(body))
        .await
        .expect("an answer")
}

#[tokio::test]
async fn a_user_is_patched_in_both_formats_and_other_members_are_ignored() {
    let tenant = with_ann().await;
    let body = json!({
        "status": "inactive",
        "payload": { "given_name": null, "family_name": "B" },
        "identifiers": [],
        "id": "other",
    });
    let merged = patch(&tenant, "", &body).await.expect(200);
    assert_eq!(merged.at("/payload"), json!({ "name": "Ann", "family_name": "B" }));
    assert_eq!(
        (merged.at("/status"), merged.at("/id")),
        ("inactive".into(), "u-ann".into())
    );
    assert_eq!(merged.at("/identifiers/0/identifier"), "ann");
    let operations = json!([
        { "op": "test", "path": "/status", "value": "inactive" },
        { "op": "replace", "path": "/status", "value": "active" },
        { "op": "move", "from": "/payload/family_name", "path": "/payload/given_name" },
        { "op": "remove", "path": "/identifiers/0" },
    ]);
    let patched = patch(&tenant, "?rfc_version=6902", &operations).await.expect(200);
    assert_eq!(patched.at("/payload"), json!({ "name": "Ann", "given_name": "B" }));
    assert_eq!(patched.at("/status"), "active");
    assert_eq!(patched.at("/identifiers/0/identifier"), "ann");
    tenant.switch("patch-foreign-member", "422");
    patch(&tenant, "?rfc_version=7396", &body).await.expect(422);
    patch(&tenant, "?rfc_version=6902", &operations).await.expect(422);
}

#[tokio::test]
async fn a_patch_that_cannot_be_applied_changes_nothing() {
    let tenant = with_ann().await;
    let before = tenant.get(&pools("/pool/users/u-ann")).await.expect(200).text;
    let replace = |path: &str, value: &str| json!([{ "op": "replace", "path": path, "value": value }]);
    for (query, body, status) in [
        ("", json!({ "status": "invented" }), 422),
        ("", json!({ "status": null }), 422),
        ("", json!({ "payload": "text" }), 422),
        ("", json!({ "payload": { "first_name": "A" } }), 422),
        ("", json!([]), 422),
        ("?rfc_version=1", json!({}), 400),
        ("?rfc_version=6902", json!({ "status": "active" }), 422),
        ("?rfc_version=6902", replace("/payload/nothing", "x"), 422),
        ("?rfc_version=6902", replace("/status", "invented"), 422),
    ] {
        patch(&tenant, query, &body).await.expect(status);
    }
    assert_eq!(tenant.get(&pools("/pool/users/u-ann")).await.expect(200).text, before);
    let nobody = tenant
        .request(Method::PATCH, &pools("/pool/users/nobody"))
        .json(&json!({}));
    send(nobody).await.expect("an answer").expect(404);
}
