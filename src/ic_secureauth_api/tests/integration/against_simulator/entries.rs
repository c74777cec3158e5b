//! Users who change their names and addresses, leave, and activate themselves.

use ic_secureauth_api::{
    AddressStatus, AddressUpdate, Api, Class, ClientAuthMethod, Deleted, ETag, IdentifierType, NewAddress,
    NewIdentifier, Operation, PoolId, User, UserId, UserStatus, UserUpdate, Versioned,
};
use secureauth_simulator::{Fault, FaultKind, Seed, Simulator};
use serde_json::json;

use super::{BILLER, client_of, client_with};
use crate::support::{pool_id, samples::key};

struct Biller {
    simulator: Simulator,
    api: Api,
    pool: PoolId,
    jane: UserId,
    john: UserId,
}

/// A pool with the users jane and john, and a client that may end sessions.
fn biller() -> Biller {
    let simulator = Simulator::start(secureauth_simulator::Options::default()).unwrap();
    let user = |name: &str| {
        json!({
            "id": name, "user_pool_id": "p", "status": "active",
            "payload": { "given_name": name, "family_name": "Doe" },
            "identifiers": [{ "identifier": name, "type": "uid" }],
            "verifiable_addresses": [
                { "address": format!("{name}@example.com"), "type": "email", "status": "active", "verified": false },
            ],
        })
    };
    let seed = Seed::default()
        .organization(&json!({ "id": BILLER, "name": "Acme", "parent_id": "invoice-cloud" }))
        .pool(&json!({ "id": "p", "name": "P", "workspace_id": BILLER, "identifier_case_insensitive": true }))
        .user(&user("jane"))
        .user(&user("john"));
    simulator.seed(seed).unwrap();
    let api = client_with(&simulator, ClientAuthMethod::Basic, &["revoke_tokens"]);
    Biller {
        simulator,
        api,
        pool: pool_id("p"),
        jane: UserId::parse("jane").unwrap(),
        john: UserId::parse("john").unwrap(),
    }
}

fn uid(text: &str) -> NewIdentifier {
    NewIdentifier {
        identifier: text.into(),
        kind: IdentifierType::Uid,
    }
}

impl Biller {
    async fn read(&self, user: &UserId) -> Versioned<User> {
        self.api.user(&self.pool, user).await.unwrap().unwrap()
    }

    async fn identifiers(&self, user: &UserId) -> Vec<String> {
        let identifiers = self.read(user).await.value.identifiers;
        identifiers.into_iter().map(|it| it.identifier).collect()
    }
}

#[tokio::test]
async fn a_user_name_moves_under_one_tag_from_step_to_step() {
    let it = biller();
    let (api, pool, jane) = (&it.api, &it.pool, &it.jane);
    let read = it.read(jane).await;
    let added = api
        .add_identifier(pool, jane, &uid("jane.roe"), &key("add"), read.etag.as_ref())
        .await
        .unwrap();
    assert_eq!(
        (added.value.identifier.as_str(), added.value.kind.as_str()),
        ("jane.roe", "uid")
    );
    let removed = api
        .remove_identifier(pool, jane, "jane", added.etag.as_ref())
        .await
        .unwrap();
    assert_eq!(removed.value, Deleted::Deleted);
    let patch = UserUpdate {
        payload: json!({ "family_name": "Roe" }).as_object().cloned(),
        if_match: removed.etag,
        ..UserUpdate::default()
    };
    let patched = api.patch_user(pool, jane, &patch).await.unwrap();
    let payload = patched.value.payload.unwrap();
    assert_eq!(
        (payload["given_name"].as_str(), payload["family_name"].as_str()),
        (Some("jane"), Some("Roe"))
    );
    assert_eq!(it.identifiers(jane).await, ["jane.roe"]);
    let again = api.remove_identifier(pool, jane, "jane", None).await.unwrap();
    assert_eq!(again.value, Deleted::WasAbsent);
    let stale = api
        .add_identifier(pool, jane, &uid("x"), &key("late"), read.etag.as_ref())
        .await
        .unwrap_err();
    assert_eq!(stale.class(), Class::Stale);
    let taken = api
        .add_identifier(pool, jane, &uid("JOHN"), &key("taken"), None)
        .await
        .unwrap_err();
    assert!(taken.is_conflict());
    let holder = api.find_user_by_identifier(pool, "JOHN").await.unwrap().unwrap();
    assert_eq!(&holder.value.id, &it.john);
    let invalid = api
        .add_identifier(pool, jane, &uid("j d"), &key("invalid"), None)
        .await
        .unwrap_err();
    assert_eq!((invalid.status(), invalid.class()), (Some(422), Class::Permanent));
    let nobody = UserId::parse("nobody").unwrap();
    let absent = api
        .add_identifier(pool, &nobody, &uid("n"), &key("absent"), None)
        .await
        .unwrap_err();
    assert!(absent.is_not_found());
}

#[tokio::test]
async fn an_address_is_added_verified_and_removed() {
    let it = biller();
    let (api, pool, jane) = (&it.api, &it.pool, &it.jane);
    let new = NewAddress::email("jane@work.example", false, true);
    let added = api.add_address(pool, jane, &new, &key("add"), None).await.unwrap();
    assert_eq!(
        (added.value.status, added.value.verified),
        (Some(AddressStatus::Active), false)
    );
    assert!(
        api.find_user_by_address(pool, "jane@work.example")
            .await
            .unwrap()
            .is_none()
    );
    let update = AddressUpdate {
        address: "jane@work.example".into(),
        status: AddressStatus::Active,
        verified: true,
        allowed_for_2fa: Some(true),
    };
    let verified = api
        .update_address(pool, jane, &update, added.etag.as_ref())
        .await
        .unwrap();
    assert_eq!(
        (verified.value.verified, verified.value.allowed_for_2fa),
        (true, Some(true))
    );
    let found = api
        .find_user_by_address(pool, "JANE@work.example")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&found.value.id, jane);
    let taken = NewAddress::email("jane@work.example", true, true);
    let taken = api
        .add_address(pool, &it.john, &taken, &key("taken"), None)
        .await
        .unwrap_err();
    assert!(taken.is_conflict());
    let absent = AddressUpdate {
        address: "nobody@example.com".into(),
        ..update
    };
    assert!(
        api.update_address(pool, jane, &absent, None)
            .await
            .unwrap_err()
            .is_not_found()
    );
    for (address, expected) in [
        ("jane@example.com", Deleted::Deleted),
        ("jane@example.com", Deleted::WasAbsent),
    ] {
        let removed = api.remove_address(pool, jane, address, None).await.unwrap();
        assert_eq!(removed.value, expected);
    }
    let left = it.read(jane).await.value.verifiable_addresses;
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn an_addition_whose_answer_is_lost_is_replayed_with_its_key_and_a_removal_repeated() {
    let it = biller();
    for operation in ["add_identifier", "remove_identifier"] {
        it.simulator
            .faults()
            .add(Fault::on(operation, FaultKind::ResetAfter).nth(1));
    }
    let added = it
        .api
        .add_identifier(&it.pool, &it.jane, &uid("jane.roe"), &key("add"), None)
        .await
        .unwrap();
    assert_eq!(added.value.identifier, "jane.roe");
    let removed = it
        .api
        .remove_identifier(&it.pool, &it.jane, "jane", None)
        .await
        .unwrap();
    assert_eq!(removed.value, Deleted::WasAbsent, "the lost attempt removed it");
    assert_eq!(it.identifiers(&it.jane).await, ["jane.roe"]);
}

#[tokio::test]
async fn a_leaver_is_signed_out_everywhere_by_a_client_that_may() {
    let it = biller();
    for name in ["jane", "john"] {
        assert!(it.simulator.enroll("p", name));
        assert!(it.simulator.sign_in(BILLER, name).allowed);
    }
    let patch = UserUpdate {
        status: Some(UserStatus::Inactive),
        ..UserUpdate::default()
    };
    let left = it.api.patch_user(&it.pool, &it.jane, &patch).await.unwrap();
    assert_eq!(left.value.status, Some(UserStatus::Inactive));
    assert!(!it.simulator.may_sign_in(BILLER, "jane").allowed);
    let sessions = || [&it.jane, &it.john].map(|user| it.simulator.sessions("p", user.as_str()));
    assert_eq!(sessions(), [1, 1]);
    assert!(it.api.is_granted(Operation::RevokeTokens).await.unwrap());
    it.api
        .revoke_tokens(&it.pool, std::slice::from_ref(&it.jane))
        .await
        .unwrap();
    assert_eq!(sessions(), [0, 1]);
    let unknown = it
        .api
        .revoke_tokens(&pool_id("no-pool"), std::slice::from_ref(&it.john))
        .await;
    assert!(unknown.unwrap_err().is_not_found());
    let without = client_of(&it.simulator, ClientAuthMethod::Basic);
    assert!(!without.is_granted(Operation::RevokeTokens).await.unwrap());
    let refused = without
        .revoke_tokens(&it.pool, std::slice::from_ref(&it.john))
        .await
        .unwrap_err();
    assert_eq!(refused.missing_scope(), Some("revoke_tokens"));
}

#[tokio::test]
async fn a_user_who_activated_has_an_identifier_that_nobody_sent() {
    let it = biller();
    let patch = UserUpdate {
        status: Some(UserStatus::New),
        ..UserUpdate::default()
    };
    it.api.patch_user(&it.pool, &it.jane, &patch).await.unwrap();
    assert!(it.simulator.activate("p", "jane", None).activated);
    assert_eq!(it.identifiers(&it.jane).await, ["jane", "jane@example.com"]);
}

#[tokio::test]
async fn a_change_that_is_answered_may_show_later_and_its_tag_leads_on() {
    let it = biller();
    it.simulator.set_switch("user-persistence-lag-ms", "60000").unwrap();
    let added = it
        .api
        .add_identifier(&it.pool, &it.jane, &uid("jane.roe"), &key("add"), None)
        .await
        .unwrap();
    assert_eq!(it.identifiers(&it.jane).await, ["jane"]);
    let removed = it
        .api
        .remove_identifier(&it.pool, &it.jane, "jane", added.etag.as_ref())
        .await
        .unwrap();
    it.simulator.advance(std::time::Duration::from_mins(1));
    assert_eq!(it.identifiers(&it.jane).await, ["jane.roe"]);
    let shown = it.read(&it.jane).await.etag;
    assert_eq!(
        shown.as_ref().and_then(ETag::as_str),
        removed.etag.as_ref().and_then(ETag::as_str)
    );
}
