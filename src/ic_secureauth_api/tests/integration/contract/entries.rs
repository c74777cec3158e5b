//! Identifiers and addresses of one user, and what signs users out.

use ic_secureauth_api::{
    Address, AddressStatus, AddressUpdate, Class, Deleted, ETag, Identifier, IdentifierType, NewAddress, NewIdentifier,
    UserId, UserStatus, UserUpdate, Versioned,
};
use serde_json::{Value, json as object};

use crate::support::{
    Server, absent, golden, json, reply,
    samples::{self, key, pool_of_samples, user_id},
};

const MAIL: &str = "rsable@invoicecloud.com";

fn tag() -> Option<ETag> {
    ETag::parse("\"u1\"")
}

fn name() -> NewIdentifier {
    NewIdentifier {
        identifier: "RSable".into(),
        kind: IdentifierType::Uid,
    }
}

fn etag<T>(versioned: &Versioned<T>) -> Option<&str> {
    versioned.etag.as_ref().and_then(ETag::as_str)
}

fn identifier(added: &Versioned<Identifier>) -> Value {
    let Identifier { id, identifier, kind } = &added.value;
    object!({ "id": id, "identifier": identifier, "kind": kind, "etag": etag(added) })
}

fn address(answered: &Versioned<Address>) -> Value {
    let it = &answered.value;
    object!({
        "id": it.id, "address": it.address, "kind": it.kind, "status": it.status.map(<&str>::from),
        "verified": it.verified, "allowed_for_2fa": it.allowed_for_2fa, "etag": etag(answered),
    })
}

fn removed(removed: &Versioned<Deleted>) -> Value {
    object!({ "result": format!("{:?}", removed.value), "etag": etag(removed) })
}

#[tokio::test]
async fn an_identifier_is_added_with_a_key_under_the_users_tag() {
    let server = Server::scripted([json(200, &samples::identifier()).insert_header("etag", "\"u2\"")]).await;
    let added = server
        .api()
        .add_identifier(&pool_of_samples(), &user_id(), &name(), &key("add"), tag().as_ref())
        .await
        .unwrap();
    golden("add_identifier", &server, identifier(&added)).await;
}

#[tokio::test]
async fn an_identifier_is_removed_by_its_text_and_absent_the_next_time() {
    let server = Server::scripted([reply(204).insert_header("etag", "\"u3\"")]).await;
    let gone = server
        .api()
        .remove_identifier(&pool_of_samples(), &user_id(), "rsable", tag().as_ref())
        .await
        .unwrap();
    golden("remove_identifier", &server, removed(&gone)).await;

    let server = Server::scripted([absent()]).await;
    let gone = server
        .api()
        .remove_identifier(&pool_of_samples(), &user_id(), "rsable", None)
        .await
        .unwrap();
    assert_eq!((gone.value, gone.etag), (Deleted::WasAbsent, None));
}

#[tokio::test]
async fn an_address_is_added_with_the_members_that_the_import_sends() {
    let server = Server::scripted([json(200, &samples::address()).insert_header("etag", "\"u2\"")]).await;
    let new = NewAddress::email(MAIL, false, true);
    let added = server
        .api()
        .add_address(&pool_of_samples(), &user_id(), &new, &key("add"), tag().as_ref())
        .await
        .unwrap();
    golden("add_address", &server, address(&added)).await;
}

#[tokio::test]
async fn an_address_is_updated_under_its_text() {
    let server = Server::scripted([json(200, &samples::address()).insert_header("etag", "\"u2\"")]).await;
    let update = AddressUpdate {
        address: MAIL.into(),
        status: AddressStatus::Inactive,
        verified: true,
        allowed_for_2fa: Some(true),
    };
    let updated = server
        .api()
        .update_address(&pool_of_samples(), &user_id(), &update, tag().as_ref())
        .await
        .unwrap();
    golden("update_address", &server, address(&updated)).await;
}

#[tokio::test]
async fn an_address_is_removed_by_its_text_and_absent_the_next_time() {
    let server = Server::scripted([reply(204)]).await;
    let gone = server
        .api()
        .remove_address(&pool_of_samples(), &user_id(), MAIL, tag().as_ref())
        .await
        .unwrap();
    golden("remove_address", &server, removed(&gone)).await;

    let server = Server::scripted([absent()]).await;
    let gone = server
        .api()
        .remove_address(&pool_of_samples(), &user_id(), MAIL, None)
        .await
        .unwrap();
    assert_eq!(gone.value, Deleted::WasAbsent);
}

#[tokio::test]
async fn a_merge_patch_sends_single_members_of_the_profile_and_null_for_those_to_remove() {
    let server = Server::scripted([json(200, &samples::user()).insert_header("etag", "\"u2\"")]).await;
    let patch = UserUpdate {
        status: Some(UserStatus::Inactive),
        payload: object!({ "first_name": "demo", "last_name": null })
            .as_object()
            .cloned(),
        if_match: tag(),
    };
    let patched = server
        .api()
        .patch_user(&pool_of_samples(), &user_id(), &patch)
        .await
        .unwrap();
    let returned = object!({ "id": patched.value.id.as_str(), "etag": etag(&patched) });
    golden("patch_user", &server, returned).await;
}

#[tokio::test]
async fn tokens_of_many_users_are_revoked_in_one_call() {
    let server = Server::scripted([reply(204)]).await;
    let users = [user_id(), UserId::parse("self-registered").unwrap()];
    server.api().revoke_tokens(&pool_of_samples(), &users).await.unwrap();
    golden("revoke_tokens", &server, object!(null)).await;
}

#[tokio::test]
async fn what_a_user_is_refused_for_is_told_apart() {
    for (status, class) in [
        (404, Class::Permanent),
        (409, Class::Permanent),
        (412, Class::Stale),
        (422, Class::Permanent),
    ] {
        let server = Server::scripted([json(status, &object!({ "status_code": status }))]).await;
        let (api, pool, user) = (server.api(), pool_of_samples(), user_id());
        let new = NewAddress::email(MAIL, true, true);
        let update = AddressUpdate {
            address: MAIL.into(),
            status: AddressStatus::Active,
            verified: true,
            allowed_for_2fa: None,
        };
        let errors = [
            api.add_identifier(&pool, &user, &name(), &key("add"), None).await.err(),
            api.add_address(&pool, &user, &new, &key("add"), None).await.err(),
            api.update_address(&pool, &user, &update, None).await.err(),
            api.patch_user(&pool, &user, &UserUpdate::default()).await.err(),
        ];
        for error in errors.map(Option::unwrap) {
            assert_eq!((error.class(), error.attempts()), (class, 1), "{error}");
            assert_eq!(error.is_conflict(), status == 409);
            assert!(!error.outcome_unknown(), "{error}");
        }
    }
}
