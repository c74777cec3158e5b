//! What the token may be used for.

use ic_secureauth_api::{Class, ErrorKind, IdpCheck};
use serde_json::json as object;
use wiremock::Request;

use crate::support::{
    ALL_REQUIRED, Server, grant, idp_check, json,
    samples::{self, pool_of_samples},
    with_tokens,
};

#[tokio::test]
async fn a_scope_that_was_not_granted_is_named_before_anything_is_called() {
    for (granted, missing) in [
        ("identity", "manage_configuration"),
        ("manage_configuration", "identity"),
    ] {
        let server = with_tokens(move || json(200, &grant("token", granted))).await;
        let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::MissingScope { scope: missing });
        assert_eq!(
            (error.class(), error.to_string().contains(missing)),
            (Class::Retry { after: None }, true)
        );
        assert!(server.requests().await.is_empty());
    }
}

#[tokio::test]
async fn without_the_scope_to_look_the_check_of_the_identity_provider_is_not_done() {
    let server = with_tokens(|| json(200, &grant("token", ALL_REQUIRED))).await;
    let check = idp_check(&server).await;
    assert_eq!(check, IdpCheck::NotPermitted);
    assert!(server.requests().await.is_empty());
}

#[tokio::test]
async fn a_client_that_may_not_have_an_optional_scope_is_given_the_required_ones() {
    let server = Server::responding(|request: &Request| {
        if !request.url.path().ends_with("/token") {
            return json(200, &samples::pool());
        }
        if String::from_utf8_lossy(&request.body).contains("read_configuration") {
            return json(400, &object!({ "error": "invalid_scope", "error_description": "no" }));
        }
        json(200, &grant("token", ALL_REQUIRED))
    })
    .await;
    assert!(server.api().pool(&pool_of_samples()).await.unwrap().is_some());
    let check = idp_check(&server).await;
    assert_eq!(check, IdpCheck::NotPermitted);
}

#[tokio::test]
async fn a_client_that_may_not_have_a_required_scope_gets_no_token() {
    let server = with_tokens(|| json(400, &object!({ "error": "invalid_scope" }))).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(
        (error.error_code(), error.class()),
        (Some("invalid_scope"), Class::Retry { after: None })
    );
    assert_eq!(
        (server.token_requests().await.len(), server.requests().await.len()),
        (2, 0)
    );
}

#[tokio::test]
async fn the_granted_scopes_can_be_asked_for() {
    let server = with_tokens(|| json(200, &grant("token", ALL_REQUIRED))).await;
    assert_eq!(
        server.api().granted_scopes().await.unwrap(),
        ["manage_configuration", "identity"]
    );
}
