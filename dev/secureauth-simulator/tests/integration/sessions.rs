//! Sessions and activation: rows 98, 102 and 103.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Chunk, TENANT, Tenant, pools, send};

async fn with_users() -> Tenant {
    // What a person signs in with is not the question here.
    let tenant = Tenant::with_pool(&[("sign-in-factors", "not-checked")]).await;
    tenant
        .import(&Chunk::new("pool").user("ann").user("bob"))
        .await
        .expect(204);
    tenant
}

fn sign_in(tenant: &Tenant, name: &str) -> String {
    tenant.simulator.sign_in("biller", name).reason
}

fn sessions(tenant: &Tenant) -> [usize; 2] {
    ["u-ann", "u-bob"].map(|user| tenant.simulator.sessions("pool", user))
}

async fn set_status(tenant: &Tenant, user: &str, status: &str) {
    let path = pools(&format!("/pool/users/{user}"));
    tenant.put(&path, &json!({ "status": status })).await.expect(200);
}

async fn revoke(tenant: &Tenant, pool: &str, users: &Value) -> Answer {
    let path = format!("/api/system/{TENANT}/pools/{pool}/tokens");
    let request = tenant.request(Method::DELETE, &path).json(&json!({ "users": users }));
    send(request).await.expect("an answer")
}

#[tokio::test]
async fn a_sign_in_opens_a_session_and_users_who_left_are_refused_and_keep_theirs() {
    let tenant = with_users().await;
    assert!(tenant.simulator.may_sign_in("biller", "ann").allowed);
    assert_eq!(sessions(&tenant), [0, 0], "looking opens none");
    let body = json!({ "workspace_id": "biller", "identifier": "ANN" });
    assert_eq!(
        tenant.post("/admin/sign-in", &body).await.expect(200).at("/allowed"),
        true
    );
    assert_eq!(
        (sign_in(&tenant, "ann"), sign_in(&tenant, "bob")),
        ("ok".into(), "ok".into())
    );
    let inventory = tenant.get("/admin/inventory/pools/pool/users").await.expect(200);
    assert_eq!(
        (inventory.at("/users/0/sessions"), inventory.at("/users/1/sessions")),
        (2.into(), 1.into())
    );
    set_status(&tenant, "u-ann", "inactive").await;
    set_status(&tenant, "u-bob", "deleted").await;
    for name in ["ann", "bob"] {
        assert_eq!(sign_in(&tenant, name), "user-not-active");
        assert_eq!(tenant.simulator.may_sign_in("biller", name).reason, "user-not-active");
    }
    assert_eq!(sessions(&tenant), [2, 1]);
    tenant.delete(&pools("/pool/users/u-bob")).await.expect(204);
    assert_eq!(sessions(&tenant), [2, 1]);
}

#[tokio::test]
async fn inactive_may_end_sessions_however_the_status_is_set() {
    let tenant = with_users().await;
    tenant.switch("inactive-ends-sessions", "on");
    let import = Chunk::new("pool").user("ann").set("users", "status", json!("inactive"));
    for way in ["put", "patch", "import", "delete"] {
        set_status(&tenant, "u-ann", "active").await;
        assert_eq!(
            (sign_in(&tenant, "ann"), sign_in(&tenant, "bob")),
            ("ok".into(), "ok".into())
        );
        assert!(sessions(&tenant)[0] > 0);
        match way {
            "put" => set_status(&tenant, "u-ann", "inactive").await,
            "patch" => {
                let request = tenant.request(Method::PATCH, &pools("/pool/users/u-ann"));
                let request = request.json(&json!({ "status": "deleted" }));
                send(request).await.expect("an answer").expect(200);
            }
            "import" => {
                tenant.import(&import).await.expect(204);
            }
            _ => {
                tenant.delete(&pools("/pool/users/u-ann")).await.expect(204);
            }
        }
        assert_eq!(sessions(&tenant)[0], 0, "{way}");
    }
    assert_eq!(sessions(&tenant)[1], 4);
}

#[tokio::test]
async fn revoking_tokens_ends_the_sessions_of_the_users_named() {
    let mut tenant = with_users().await;
    assert_eq!(
        (sign_in(&tenant, "ann"), sign_in(&tenant, "bob")),
        ("ok".into(), "ok".into())
    );
    revoke(&tenant, "pool", &json!(["u-ann", "nobody"])).await.expect(204);
    assert_eq!(sessions(&tenant), [0, 1]);
    let ids = |count: usize| Value::from((0..count).map(|number| format!("u-{number}")).collect::<Vec<_>>());
    for (users, status) in [(ids(0), 422), (ids(101), 422), (json!("u-bob"), 422), (ids(100), 204)] {
        revoke(&tenant, "pool", &users).await.expect(status);
    }
    revoke(&tenant, "no-pool", &json!(["u-bob"])).await.expect(404);
    tenant.switch("revoke-unknown-user", "404");
    revoke(&tenant, "pool", &json!(["u-bob", "nobody"])).await.expect(404);
    assert_eq!(sessions(&tenant), [0, 1]);
    revoke(&tenant, "pool", &json!(["u-bob"])).await.expect(204);
    assert_eq!(sessions(&tenant), [0, 0]);
    assert_eq!(sign_in(&tenant, "bob"), "ok", "the user stays active");
    let token = tenant.new_token("identity manage_configuration").await;
    tenant.use_token(&token);
    revoke(&tenant, "pool", &json!(["u-bob"])).await.expect(403);
}

#[tokio::test]
async fn a_completed_activation_verifies_the_address_and_makes_it_an_identifier() {
    let tenant = with_users().await;
    for user in ["u-ann", "u-bob"] {
        set_status(&tenant, user, "new").await;
    }
    assert_eq!(sign_in(&tenant, "ann"), "user-not-active");
    let body = json!({ "pool_id": "pool", "user_id": "u-ann" });
    let activated = tenant.post("/admin/activate", &body).await.expect(200);
    assert_eq!(activated.json(), json!({ "activated": true, "reason": "ok" }));
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(
        (user.at("/status"), user.at("/verifiable_addresses/0/verified")),
        ("active".into(), true.into())
    );
    assert_eq!(
        (user.at("/identifiers/1/identifier"), user.at("/identifiers/1/type")),
        ("ann@example.com".into(), "email".into())
    );
    assert_eq!(sign_in(&tenant, "ann@example.com"), "ok");
    let reason = |user: &str, address: Option<&str>| tenant.simulator.activate("pool", user, address).reason;
    assert_eq!(reason("u-ann", None), "user-not-new");
    assert_eq!(reason("nobody", None), "no-such-user");
    assert_eq!(reason("u-bob", Some("ann@example.com")), "no-address");
    let second = json!({ "address": "Ann@example.com", "type": "email", "verified": false });
    tenant
        .post(&pools("/pool/users/u-bob/addresses/add"), &second)
        .await
        .expect(200);
    assert_eq!(reason("u-bob", None), "no-address", "the user has two");
    assert_eq!(reason("u-bob", Some("ann@example.com")), "address-taken");
    let bob = tenant.get(&pools("/pool/users/u-bob")).await.expect(200);
    assert_eq!(
        (bob.at("/status"), bob.at("/verifiable_addresses/1/verified")),
        ("new".into(), false.into())
    );
    assert_eq!(reason("u-bob", Some("bob@example.com")), "ok");
}
