//! Users one by one: rows 78 to 81.

use serde_json::json;

use crate::support::{Chunk, TENANT, Tenant, pools};

async fn ready() -> Tenant {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant
}

#[tokio::test]
async fn users_are_listed_by_id_paged_and_searched_by_key() {
    let tenant = ready().await;
    let chunk = (0..45).fold(Chunk::new("pool"), |chunk, n| chunk.user(&format!("n{n:02}")));
    let chunk = chunk
        .bare_user("u-z")
        .address("a-z", "u-z", "zoe@verified.example", true);
    tenant.import(&chunk).await.expect(204);
    let ids = |query: &'static str| {
        let tenant = &tenant;
        async move {
            let rows = tenant
                .get(&pools(&format!("/pool/users{query}")))
                .await
                .expect(200)
                .at("/users");
            let rows = rows.as_array().expect("rows").clone();
            rows.iter()
                .map(|row| row["id"].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        }
    };
    let first = ids("").await;
    assert_eq!(
        (first.len(), first[0].as_str(), first[19].as_str()),
        (20, "u-n00", "u-n19")
    );
    assert_eq!(ids("?after_user_id=u-n43").await, ["u-n44", "u-z"]);
    assert_eq!(ids("?before_user_id=u-n02").await, ["u-n00", "u-n01"]);
    assert_eq!(ids("?limit=100").await.len(), 46);
    let key = |key: &str| format!("/pool/users?query=%7B%22user_key%22%3A%22{key}%22%7D");
    for (wanted, count) in [
        ("n1", 10),
        ("4", 5),
        ("zoe@", 1),
        ("verified.example", 1),
        ("u-n07", 1),
        ("n07@example.com", 0),
    ] {
        let rows = tenant.get(&pools(&key(wanted))).await.expect(200).at("/users");
        assert_eq!(rows.as_array().map(Vec::len), Some(count), "{wanted}");
    }
    let payload = "/pool/users?query=%7B%22payload%22%3A%7B%22name%22%3A%22u-n03%22%7D%7D";
    assert_eq!(tenant.get(&pools(payload)).await.expect(200).at("/users/0/id"), "u-n03");
    for bad in ["/pool/users?limit=0", "/pool/users?limit=101", "/pool/users?query=x"] {
        tenant.get(&pools(bad)).await.expect(400);
    }
    tenant.get(&pools("/nobody/users")).await.expect(404);
    assert_eq!(tenant.listed("pool").await.len(), 46);
}

#[tokio::test]
async fn a_listed_user_shows_addresses_twice_and_identifiers_as_text() {
    let tenant = ready().await;
    let chunk = Chunk::new("pool")
        .user("ann")
        .address("a-2", "u-ann", "ann@verified.example", true);
    tenant.import(&chunk).await.expect(204);
    let user = tenant.get(&pools("/pool/users")).await.expect(200).at("/users/0");
    assert_eq!(user["identifiers"], json!(["ann"]));
    assert_eq!(
        user["identifiers_with_details"],
        json!([{ "type": "uid", "value": "ann" }])
    );
    assert_eq!(user["verified addresses"], json!(["ann@verified.example"]));
    assert_eq!(
        user["addresses"],
        json!([
            { "address": "ann@example.com", "verified": false },
            { "address": "ann@verified.example", "verified": true },
        ])
    );
    assert_eq!(
        (&user["tenant_id"], &user["user_pool_id"]),
        (&json!(TENANT), &json!("pool"))
    );
    assert_eq!(user["payload_schema_id"], "default_payload_v2");
    assert_eq!(user["created_at"], "2026-01-02T03:04:05Z");
}

#[tokio::test]
async fn a_user_is_read_found_by_key_and_deleted() {
    let tenant = ready().await;
    let chunk = Chunk::new("pool")
        .user("ann")
        .address("a-2", "u-ann", "ann@verified.example", true)
        .credential("c-ann", "u-ann");
    tenant.import(&chunk).await.expect(204);
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(user.at("/identifiers/0/identifier"), "ann");
    assert_eq!(user.at("/verifiable_addresses/1/address_lc"), "ann@verified.example");
    assert_eq!(user.at("/credentials/0/payload"), json!({}));
    let by_key = pools("/pool/users/by_key");
    for (key, status) in [
        (json!({ "identifier": "ANN" }), 200),
        (json!({ "address": "ann@verified.example" }), 200),
        (json!({ "address": "ann@example.com" }), 404),
        (json!({ "identifier": "nobody" }), 404),
        (json!({}), 400),
    ] {
        tenant.post(&by_key, &key).await.expect(status);
    }
    tenant.get(&pools("/pool/users/nobody")).await.expect(404);
    tenant.delete(&pools("/pool/users/u-ann")).await.expect(204);
    tenant.get(&pools("/pool/users/u-ann")).await.expect(404);
    tenant.delete(&pools("/pool/users/u-ann")).await.expect(404);
    tenant.post(&by_key, &json!({ "identifier": "ann" })).await.expect(404);
}

#[tokio::test]
async fn a_user_is_created_once_and_refused_with_the_reason() {
    let tenant = ready().await;
    let path = pools("/pool/users");
    let body = json!({
        "id": "u1",
        "status": "active",
        "payload": { "given_name": "Ann" },
        "identifiers": [{ "identifier": "ann", "type": "uid" }],
        "verifiable_addresses": [{ "address": "a@example.com", "type": "email", "status": "active", "verified": true }],
        "credentials": [{ "type": "password", "password": "secret" }],
    });
    let key = "k".repeat(32);
    let created = tenant.post_with_key(&path, &key, &body).await.expect(201);
    assert_eq!(
        (created.at("/id"), created.at("/identifiers/0/identifier")),
        ("u1".into(), "ann".into())
    );
    let replayed = tenant.post_with_key(&path, &key, &body).await.expect(201);
    assert_eq!(replayed.header("x-idempotent-replayed"), Some("true"));
    tenant.post(&path, &body).await.expect(409);
    let taken = json!({ "status": "active", "identifiers": [{ "identifier": "Ann", "type": "uid" }] });
    tenant.post(&path, &taken).await.expect(409);
    for invalid in [
        json!({}),
        json!({ "status": "invented" }),
        json!({ "status": "active", "payload": { "first_name": "A" } }),
        json!({ "status": "active", "identifiers": [{ "identifier": "a b", "type": "uid" }] }),
        json!({ "status": "active", "identifiers": [{ "identifier": "ab" }] }),
    ] {
        tenant.post(&path, &invalid).await.expect(422);
    }
    assert_eq!(tenant.listed("pool").await, ["u1"]);
}

#[tokio::test]
async fn an_updated_user_keeps_what_the_update_leaves_out() {
    let tenant = ready().await;
    tenant.import(&Chunk::new("pool").user("ann")).await.expect(204);
    let path = pools("/pool/users/u-ann");
    let updated = tenant.put(&path, &json!({ "status": "inactive" })).await.expect(200);
    assert_eq!(
        (updated.at("/status"), updated.at("/payload/name")),
        ("inactive".into(), "u-ann".into())
    );
    assert_eq!(updated.at("/identifiers/0/identifier"), "ann");
    assert_ne!(updated.at("/status_updated_at"), updated.at("/created_at"));
    let payload = tenant
        .put(&path, &json!({ "payload": { "given_name": "Ann" } }))
        .await
        .expect(200);
    assert_eq!(
        (payload.at("/payload"), payload.at("/status")),
        (json!({ "given_name": "Ann" }), "inactive".into())
    );
    tenant
        .put(&path, &json!({ "payload": { "first_name": "Ann" } }))
        .await
        .expect(422);
    tenant.put(&path, &json!({ "status": "invented" })).await.expect(422);
    tenant.put(&pools("/pool/users/nobody"), &json!({})).await.expect(404);
}

#[tokio::test]
async fn a_user_of_the_api_cannot_say_that_it_came_by_itself() {
    let tenant = ready().await;
    let user = json!({ "status": "new", "jit": true });
    tenant.post(&pools("/pool/users"), &user).await.expect(201);
    assert_eq!(tenant.get(&pools("/pool")).await.at("/number_of_jit_users"), 0);
}
