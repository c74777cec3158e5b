//! Messages with codes, and what a person does with them: rows 97 to 99.

use std::time::Duration;

use secureauth_simulator::{Message, MessageKind};
use serde_json::{Value, json};

use crate::support::{Answer, Chunk, Tenant, pools};

const PASSWORD: &str = "a long password";

/// `ann` and `bob` with an unverified address each, and the status given.
async fn with_users(status: &str) -> Tenant {
    let tenant = Tenant::with_pool(&[]).await;
    let chunk = Chunk::new("pool")
        .user("ann")
        .set("users", "status", json!(status))
        .user("bob")
        .set("users", "status", json!(status));
    tenant.import(&chunk).await.expect(204);
    tenant
}

async fn activation(tenant: &Tenant, user: &str, query: &str, body: &Value) -> Answer {
    let path = pools(&format!("/pool/users/{user}/activation/send{query}"));
    tenant.post(&path, body).await
}

async fn reset(tenant: &Tenant, body: &Value) -> Answer {
    tenant.post(&pools("/pool/user/password/reset/request"), body).await
}

/// Users and addresses of the messages so far.
fn sent(tenant: &Tenant) -> Vec<(String, String)> {
    let messages = tenant.simulator.outbox().into_iter();
    messages.map(|it| (it.user_id, it.address)).collect()
}

fn newest(tenant: &Tenant) -> Message {
    tenant.simulator.outbox().pop().expect("a message")
}

fn enter(tenant: &Tenant, code: &str, password: Option<&str>) -> String {
    tenant.simulator.enter_code(code, password).reason
}

fn to(user: &str) -> (String, String) {
    (format!("u-{user}"), format!("{user}@example.com"))
}

#[tokio::test]
async fn an_activation_message_goes_to_an_own_address_of_a_new_user() {
    let tenant = with_users("new").await;
    activation(&tenant, "u-ann", "?mode=invitation&server_id=biller", &json!({}))
        .await
        .expect(204);
    assert_eq!(sent(&tenant), [to("ann")]);
    let message = newest(&tenant);
    assert_eq!(message.kind, MessageKind::Activation);
    assert_eq!(
        (message.mode.as_deref(), message.server_id.as_deref()),
        (Some("invitation"), Some("biller"))
    );
    let second = json!({ "address": "second@example.com", "type": "email", "verified": false });
    tenant
        .post(&pools("/pool/users/u-ann/addresses/add"), &second)
        .await
        .expect(200);
    for body in [json!({}), json!({ "address": "bob@example.com" })] {
        activation(&tenant, "u-ann", "", &body).await.expect(204);
        assert_eq!(sent(&tenant).len(), 1, "{body}");
    }
    let old_name = json!({ "identifier": "ANN@example.com", "address": "second@example.com" });
    activation(&tenant, "u-ann", "", &old_name).await.expect(204);
    assert_eq!(sent(&tenant), [to("ann"), to("ann")]);
    activation(&tenant, "nobody", "", &json!({})).await.expect(404);
    activation(&tenant, "u-ann", "?mode=other", &json!({}))
        .await
        .expect(422);
    let verified = json!({ "address": "second@example.com", "type": "email", "verified": true });
    tenant
        .post(&pools("/pool/users/u-bob/addresses/add"), &verified)
        .await
        .expect(200);
    let taken = json!({ "address": "second@example.com" });
    activation(&tenant, "u-ann", "", &taken).await.expect(204);
    tenant
        .put(&pools("/pool/users/u-ann"), &json!({ "status": "active" }))
        .await
        .expect(200);
    let own = json!({ "address": "ann@example.com" });
    activation(&tenant, "u-ann", "", &own).await.expect(204);
    assert_eq!(
        sent(&tenant).len(),
        2,
        "neither to another's address nor to an active user"
    );
}

#[tokio::test]
async fn the_newest_code_of_an_activation_completes_it_once() {
    let tenant = with_users("new").await;
    activation(&tenant, "u-ann", "", &json!({})).await.expect(204);
    let first = newest(&tenant).code;
    activation(&tenant, "u-ann", "", &json!({})).await.expect(204);
    let second = newest(&tenant).code;
    assert_eq!(enter(&tenant, &first, None), "wrong-code", "a newer message voids it");
    let body = json!({ "code": second, "password": PASSWORD });
    let answer = tenant.post("/admin/code", &body).await.expect(200);
    assert_eq!(answer.json(), json!({ "accepted": true, "reason": "ok" }));
    assert_eq!(enter(&tenant, &second, None), "wrong-code", "it works once");
    let user = tenant.get(&pools("/pool/users/u-ann")).await.expect(200);
    assert_eq!(
        (user.at("/status"), user.at("/verifiable_addresses/0/verified")),
        ("active".into(), true.into())
    );
    assert_eq!(user.at("/identifiers/1/identifier"), "ann@example.com");
    let signed_in = tenant
        .simulator
        .sign_in_with_password("biller", "ann@example.com", PASSWORD);
    assert!(signed_in.allowed, "{signed_in:?}");
    activation(&tenant, "u-bob", "", &json!({})).await.expect(204);
    let late = newest(&tenant).code;
    tenant.simulator.advance(Duration::from_hours(168));
    assert_eq!(enter(&tenant, &late, None), "wrong-code", "it has expired");
}

#[tokio::test]
async fn a_reset_message_goes_to_a_verified_address_or_to_an_own_one_of_the_user_named() {
    let tenant = with_users("active").await;
    let address = "ann@example.com";
    for (body, status) in [
        (
            json!({ "address": address, "identifier": "ann", "userID": "u-ann" }),
            400,
        ),
        (json!({ "identifier": "ann" }), 422),
        (json!({ "address": address }), 204),
        (json!({ "address": "nobody@example.com" }), 204),
        (json!({ "address": address, "identifier": "bob" }), 204),
        (json!({ "address": address, "identifier": "nobody" }), 204),
    ] {
        reset(&tenant, &body).await.expect(status);
        assert!(sent(&tenant).is_empty(), "{body}");
    }
    reset(&tenant, &json!({ "address": address, "identifier": "ANN" }))
        .await
        .expect(204);
    reset(&tenant, &json!({ "address": address, "userID": "u-ann" }))
        .await
        .expect(204);
    let verify = json!({ "address": address, "status": "active", "verified": true });
    tenant
        .post(&pools("/pool/users/u-ann/addresses/update"), &verify)
        .await
        .expect(200);
    reset(&tenant, &json!({ "address": address })).await.expect(204);
    assert_eq!(sent(&tenant), vec![to("ann"); 3]);
    assert_eq!(newest(&tenant).kind, MessageKind::PasswordReset);
}

#[tokio::test]
async fn a_person_resets_the_password_on_the_page_and_signs_in_with_it() {
    let tenant = with_users("active").await;
    let sign_in = |password: &str| tenant.simulator.sign_in_with_password("biller", "ann", password).reason;
    assert_eq!(sign_in(PASSWORD), "no-first-factor");
    let body = json!({ "workspace_id": "biller", "identifier": "ann", "address": "ann@example.com" });
    tenant.post("/admin/password-reset", &body).await.expect(204);
    let shown = tenant.get("/admin/outbox").await.expect(200);
    let code = shown.at("/messages/0/code").as_str().expect("a code").to_owned();
    assert_eq!(enter(&tenant, "guessed", Some(PASSWORD)), "wrong-code");
    assert_eq!(enter(&tenant, &code, None), "no-password");
    assert_eq!(enter(&tenant, &code, Some(PASSWORD)), "ok");
    assert_eq!(
        (sign_in("another").as_str(), sign_in(PASSWORD).as_str()),
        ("wrong-password", "ok")
    );
    let user = tenant.get("/admin/inventory/pools/pool/users").await.expect(200);
    assert_eq!(user.at("/users/0/credentials"), 1);
    let deactivated = json!({ "name": "N", "deactivated": true });
    let path = crate::support::organizations("/biller");
    tenant.put(&path, &deactivated).await.expect(200);
    tenant.simulator.ask_for_reset("biller", Some("ann"), "ann@example.com");
    assert_eq!(sent(&tenant).len(), 1, "there is no page any more");
}

#[tokio::test]
async fn no_code_and_no_password_is_in_the_call_log_the_inventory_or_debug_output() {
    let tenant = with_users("active").await;
    tenant.switch("keep-request-bodies", "on");
    reset(&tenant, &json!({ "address": "ann@example.com", "identifier": "ann" }))
        .await
        .expect(204);
    let message = newest(&tenant);
    assert_eq!(enter(&tenant, &message.code, Some(PASSWORD)), "ok");
    let inventory = tenant.get("/admin/inventory/pools/pool/users").await.expect(200).text;
    let calls = tenant.get("/admin/calls").await.expect(200).text;
    let export = tenant
        .get(&crate::support::identity("/configuration"))
        .await
        .expect(200);
    for text in [inventory, calls, export.text, format!("{message:?}")] {
        assert!(!text.contains(&message.code) && !text.contains(PASSWORD), "{text}");
    }
}
