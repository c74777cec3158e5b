//! Identifiers and addresses of one user: rows 90 to 95.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Chunk, TENANT, Tenant, pools, send};

/// A pool with the users `ann` and `bob`.
async fn two_users() -> Tenant {
    let tenant = Tenant::new().await;
    tenant.biller().await;
    tenant
        .import(&Chunk::new("pool").user("ann").user("bob"))
        .await
        .expect(204);
    tenant
}

/// `entry("ann", "identifiers/add")`
fn entry(user: &str, call: &str) -> String {
    pools(&format!("/pool/users/u-{user}/{call}"))
}

fn uid(text: &str) -> Value {
    json!({ "identifier": text, "type": "uid" })
}

fn email(text: &str, verified: bool) -> Value {
    json!({ "address": text, "type": "email", "status": "active", "verified": verified })
}

/// The texts of a user's identifiers or addresses.
async fn texts(tenant: &Tenant, user: &str, list: &str, member: &str) -> Vec<String> {
    let user = tenant
        .get(&pools(&format!("/pool/users/u-{user}")))
        .await
        .expect(200)
        .at(list);
    let rows = user.as_array().expect("a list").iter();
    rows.map(|row| row[member].as_str().expect("a text").to_owned())
        .collect()
}

async fn identifiers(tenant: &Tenant, user: &str) -> Vec<String> {
    texts(tenant, user, "/identifiers", "identifier").await
}

async fn addresses(tenant: &Tenant, user: &str) -> Vec<String> {
    texts(tenant, user, "/verifiable_addresses", "address").await
}

#[tokio::test]
async fn an_identifier_is_added_unless_another_user_has_it() {
    let tenant = two_users().await;
    let path = entry("ann", "identifiers/add");
    let added = tenant.post(&path, &uid("anna")).await.expect(200);
    assert_eq!(
        (added.at("/identifier"), added.at("/type"), added.at("/user_id")),
        ("anna".into(), "uid".into(), "u-ann".into())
    );
    assert_eq!(
        (added.at("/tenant_id"), added.at("/user_pool_id")),
        (TENANT.into(), "pool".into())
    );
    let of_server = added.at("/id").as_str().expect("an id").to_owned();
    assert!(of_server.len() > 30, "{of_server}");
    assert!(added.header("etag").is_some());
    assert_eq!(identifiers(&tenant, "ann").await, ["ann", "anna"]);
    let by_key = tenant
        .post(&pools("/pool/users/by_key"), &json!({ "identifier": "ANNA" }))
        .await
        .expect(200);
    assert_eq!(by_key.at("/id"), "u-ann");
    tenant.post(&path, &uid("BOB")).await.expect(409);
    tenant.switch("identifier-conflict", "422");
    tenant.post(&path, &uid("bob")).await.expect(422);
    for invalid in [
        uid("a b"),
        json!({ "identifier": "x" }),
        json!({ "identifier": "x", "type": "nickname" }),
        json!({ "identifier": "x", "type": "email" }),
    ] {
        tenant.post(&path, &invalid).await.expect(422);
    }
    tenant
        .post(&entry("nobody", "identifiers/add"), &uid("x"))
        .await
        .expect(404);
    assert_eq!(identifiers(&tenant, "ann").await, ["ann", "anna"]);
}

#[tokio::test]
async fn what_a_user_has_is_not_added_again() {
    let tenant = two_users().await;
    tenant
        .post(&entry("ann", "identifiers/add"), &uid("Ann"))
        .await
        .expect(409);
    let again = email("ann@example.com", false);
    tenant.post(&entry("ann", "addresses/add"), &again).await.expect(409);
    tenant.switch("identifier-again", "unchanged-200");
    let before = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    let present = tenant
        .post(&entry("ann", "identifiers/add"), &uid("Ann"))
        .await
        .expect(200);
    assert_eq!(
        (present.at("/id"), present.at("/identifier")),
        ("i-ann".into(), "ann".into())
    );
    assert_eq!(present.header("etag"), before.header("etag"));
    tenant.post(&entry("ann", "addresses/add"), &again).await.expect(200);
    let after = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(before.text, after.text);
}

#[tokio::test]
async fn an_addition_is_replayed_with_its_key() {
    let tenant = two_users().await;
    let (path, key) = (entry("ann", "identifiers/add"), "k".repeat(40));
    let first = tenant.post_with_key(&path, &key, &uid("anna")).await.expect(200);
    let replayed = tenant.post_with_key(&path, &key, &uid("anna")).await.expect(200);
    assert_eq!(first.text, replayed.text);
    tenant.post(&path, &uid("anna")).await.expect(409);
}

#[tokio::test]
async fn an_identifier_or_address_is_removed_and_then_absent() {
    let tenant = two_users().await;
    let kinds = [
        ("identifiers/remove", json!({ "identifier": "ANN" })),
        ("addresses/remove", json!({ "address": "Ann@example.com" })),
    ];
    for (call, body) in &kinds {
        let path = entry("ann", call);
        let removed = tenant.post(&path, body).await.expect(204);
        assert!(removed.header("etag").is_some() && removed.text.is_empty(), "{call}");
        tenant.post(&path, body).await.expect(404);
        tenant.post(&entry("nobody", call), body).await.expect(404);
        tenant.post(&path, &json!({})).await.expect(422);
        tenant.switch("remove-absent", "204");
        tenant.post(&path, body).await.expect(204);
        tenant.switch("remove-absent", "404");
    }
    assert!(identifiers(&tenant, "ann").await.is_empty() && addresses(&tenant, "ann").await.is_empty());
    tenant.switch("remove-last", "422");
    tenant
        .post(&entry("bob", "identifiers/remove"), &json!({ "identifier": "bob" }))
        .await
        .expect(422);
    assert_eq!(identifiers(&tenant, "bob").await, ["bob"]);
    let moved = tenant.post(&entry("bob", "identifiers/add"), &uid("ann")).await;
    moved.expect(200);
}

#[tokio::test]
async fn a_set_replaces_all_or_nothing() {
    let tenant = two_users().await;
    let path = entry("ann", "identifiers/set");
    let all = |list: Value| json!({ "identifiers": list });
    let set = tenant
        .post(&path, &all(json!([uid("ann"), uid("anna")])))
        .await
        .expect(200);
    assert_eq!(set.at("/id"), "u-ann");
    assert_eq!(identifiers(&tenant, "ann").await, ["ann", "anna"]);
    assert_ne!(set.at("/identifiers/0/id"), "i-ann", "ids are new");
    for (refused, status) in [
        (json!([uid("bob")]), 409),
        (json!([uid("x"), uid("x")]), 409),
        (json!([uid("a b")]), 422),
        (json!([{ "identifier": "x" }]), 422),
    ] {
        tenant.post(&path, &all(refused)).await.expect(status);
    }
    assert_eq!(identifiers(&tenant, "ann").await, ["ann", "anna"]);
    tenant.switch("set-entry-ids", "kept-for-equal-values");
    let kept = tenant
        .post(&path, &all(json!([uid("anna"), uid("new")])))
        .await
        .expect(200);
    assert_eq!(kept.at("/identifiers/0/id"), set.at("/identifiers/1/id"));
    let path_of_addresses = entry("bob", "addresses/set");
    let addresses_of = |list: Value| json!({ "addresses": list });
    let kept = addresses_of(json!([email("Bob@example.com", true), email("b2@example.com", false)]));
    let kept = tenant.post(&path_of_addresses, &kept).await.expect(200);
    assert_eq!(kept.at("/verifiable_addresses/0/id"), "a-bob");
    assert_eq!(addresses(&tenant, "bob").await, ["Bob@example.com", "b2@example.com"]);
    tenant
        .post(&path_of_addresses, &addresses_of(json!([])))
        .await
        .expect(200);
    assert!(addresses(&tenant, "bob").await.is_empty());
    tenant.switch("set-empty", "422");
    tenant.post(&path, &all(json!([]))).await.expect(422);
    tenant
        .post(&path_of_addresses, &addresses_of(json!([])))
        .await
        .expect(422);
    assert_eq!(identifiers(&tenant, "ann").await, ["anna", "new"]);
}

#[tokio::test]
async fn an_address_is_added_and_updated_and_a_verified_one_belongs_to_one_user() {
    let tenant = two_users().await;
    let (add, update) = (entry("ann", "addresses/add"), entry("ann", "addresses/update"));
    let bare = json!({ "address": "ann@work.example", "type": "email", "verified": false });
    let added = tenant.post(&add, &bare).await.expect(200);
    assert_eq!(
        (added.at("/status"), added.at("/verified"), added.at("/verified_at")),
        ("active".into(), false.into(), Value::Null)
    );
    let change = |address: &str, verified: bool| json!({ "address": address, "status": "inactive", "verified": verified, "allowed_for_2fa": true });
    let updated = tenant
        .post(&update, &change("Ann@Work.example", true))
        .await
        .expect(200);
    assert_eq!(
        (updated.at("/id"), updated.at("/address"), updated.at("/status")),
        (added.at("/id"), "ann@work.example".into(), "inactive".into())
    );
    assert!(updated.at("/verified_at").is_string() && updated.at("/allowed_for_2fa") == true);
    tenant
        .post(&update, &change("nobody@example.com", true))
        .await
        .expect(404);
    tenant
        .post(&update, &json!({ "address": "ann@work.example", "verified": true }))
        .await
        .expect(422);
    // Unverified addresses may be shared, verified ones not.
    let of_bob = entry("bob", "addresses/add");
    tenant
        .post(&of_bob, &email("ann@work.example", false))
        .await
        .expect(200);
    let verifying = change("ann@work.example", true);
    tenant
        .post(&entry("bob", "addresses/update"), &verifying)
        .await
        .expect(409);
    tenant
        .post(
            &entry("bob", "addresses/remove"),
            &json!({ "address": "ann@work.example" }),
        )
        .await
        .expect(204);
    tenant.post(&of_bob, &email("ann@work.example", true)).await.expect(409);
    let as_name = json!({ "identifier": "ann@work.example", "type": "email" });
    tenant
        .post(&entry("bob", "identifiers/add"), &as_name)
        .await
        .expect(409);
    for invalid in [
        email("no address", false),
        json!({ "address": "x@example.com", "type": "email" }),
        json!({ "address": "x@example.com", "type": "fax", "verified": false }),
        json!({ "address": "+14155550100", "type": "mobile", "verified": false, "preferred_contact_method": "pigeon" }),
    ] {
        tenant.post(&add, &invalid).await.expect(422);
    }
    assert_eq!(addresses(&tenant, "bob").await, ["bob@example.com"]);
    let unverified = tenant
        .post(&update, &change("ann@work.example", false))
        .await
        .expect(200);
    assert_eq!(unverified.at("/verified_at"), Value::Null);
}

/// A call with `If-Match`.
async fn under(tenant: &Tenant, method: Method, path: &str, tag: &str, body: &Value) -> Answer {
    let request = tenant.request(method, path).header("If-Match", tag).json(body);
    send(request).await.expect("an answer")
}

#[tokio::test]
async fn every_change_of_an_entry_moves_the_users_etag() {
    let tenant = two_users().await;
    let user = pools("/pool/users/u-ann");
    let tag = |answer: &Answer| answer.header("etag").expect("an etag").to_owned();
    let calls = [
        (Method::POST, entry("ann", "identifiers/add"), uid("anna"), 200),
        (
            Method::POST,
            entry("ann", "identifiers/remove"),
            json!({ "identifier": "ann" }),
            204,
        ),
        (
            Method::POST,
            entry("ann", "identifiers/set"),
            json!({ "identifiers": [] }),
            200,
        ),
        (
            Method::POST,
            entry("ann", "addresses/add"),
            email("a2@example.com", false),
            200,
        ),
        (
            Method::POST,
            entry("ann", "addresses/update"),
            email("a2@example.com", true),
            200,
        ),
        (
            Method::POST,
            entry("ann", "addresses/remove"),
            json!({ "address": "a2@example.com" }),
            204,
        ),
        (
            Method::POST,
            entry("ann", "addresses/set"),
            json!({ "addresses": [] }),
            200,
        ),
        (Method::PATCH, user.clone(), json!({ "status": "inactive" }), 200),
    ];
    let mut before = tenant.get(&user).await.expect(200);
    for (method, path, body, status) in &calls {
        tenant.simulator.advance(std::time::Duration::from_secs(1));
        let old = tag(&before);
        let changed = under(&tenant, method.clone(), path, &old, body).await.expect(*status);
        let after = tenant.get(&user).await.expect(200);
        assert_ne!(tag(&after), old, "{path}");
        assert_eq!(tag(&after), tag(&changed), "{path}");
        assert_ne!(after.at("/updated_at"), before.at("/updated_at"), "{path}");
        under(&tenant, method.clone(), path, &old, body).await.expect(412);
        before = after;
    }
    tenant.switch("sub-entry-etag", "entry");
    let added = tenant
        .post(&entry("ann", "identifiers/add"), &uid("anna"))
        .await
        .expect(200);
    let after = tenant.get(&user).await.expect(200);
    assert_eq!(
        (tag(&after), after.at("/updated_at")),
        (tag(&before), before.at("/updated_at"))
    );
    assert_ne!(tag(&added), tag(&after));
    assert_eq!(identifiers(&tenant, "ann").await, ["anna"]);
}
