//! Scopes of the token, and 403.

use std::time::Duration;

use ic_secureauth_api::{AuditQuery, Class, ErrorKind, IdpCheck, Operation};
use serde_json::json as object;
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    ALL_REQUIRED, Server, api, grant, idp_check, json, organization_id, reply,
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
        assert_eq!(
            error.kind(),
            &ErrorKind::MissingScope {
                scope: missing,
                refusal: None
            }
        );
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
    assert_eq!(check, IdpCheck::NotChecked);
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
    assert_eq!(check, IdpCheck::NotChecked);
}

#[tokio::test]
async fn a_client_that_may_not_have_a_required_scope_gets_no_token() {
    let server = with_tokens(|| json(400, &object!({ "error": "invalid_scope" }))).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(
        (error.error_code(), error.class()),
        (Some("invalid_scope"), Class::Retry { after: None })
    );
    assert_eq!(error.missing_scope(), Some("manage_configuration"));
    assert_eq!(
        (server.token_requests().await.len(), server.requests().await.len()),
        (3, 0)
    );
}

/// A server that grants the requested scopes if all of them are `allowed`, and answers everything else with `answer`.
async fn granting(
    allowed: &'static [&'static str],
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> Server {
    Server::responding(move |request: &Request| {
        if !request.url.path().ends_with("/token") {
            return answer(request);
        }
        let form: Vec<_> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let asked = form.into_iter().find(|(name, _)| name == "scope").unwrap().1;
        if asked.split(' ').all(|scope| allowed.contains(&scope)) {
            json(200, &grant("token", &asked))
        } else {
            json(400, &object!({ "error": "invalid_scope" }))
        }
    })
    .await
}

#[tokio::test]
async fn an_optional_scope_that_is_refused_does_not_cost_the_other_one() {
    for optional in ["read_configuration", "manage_idps"] {
        let allowed: &[&str] = match optional {
            "manage_idps" => &["manage_configuration", "identity", "manage_idps"],
            _ => &["manage_configuration", "identity", "read_configuration"],
        };
        let server = granting(allowed, |_| reply(500)).await;
        let mut config = server.config();
        config.scopes.push("manage_idps".into());
        let granted = api(config).granted_scopes().await.unwrap();
        assert_eq!(granted, allowed, "{optional}");
    }
}

#[tokio::test]
async fn of_three_optional_scopes_each_is_granted_whatever_the_others_are() {
    let optional = ["read_configuration", "manage_idps", "revoke_tokens"];
    let subsets: [&'static [&'static str]; 5] = [
        &["manage_configuration", "identity"],
        &["manage_configuration", "identity", "revoke_tokens"],
        &[
            "manage_configuration",
            "identity",
            "read_configuration",
            "revoke_tokens",
        ],
        &["manage_configuration", "identity", "read_configuration", "manage_idps"],
        &[
            "manage_configuration",
            "identity",
            "read_configuration",
            "manage_idps",
            "revoke_tokens",
        ],
    ];
    for allowed in subsets {
        let server = granting(allowed, |_| reply(500)).await;
        let mut config = server.config();
        config.scopes = ["manage_configuration", "identity"]
            .iter()
            .chain(&optional)
            .map(ToString::to_string)
            .collect();
        let api = api(config);
        assert_eq!(api.granted_scopes().await.unwrap(), allowed);
        let requests = server.token_requests().await.len();
        assert!(requests <= 5, "{allowed:?}: {requests}");
        let is_granted = api.is_granted(Operation::RevokeTokens).await.unwrap();
        assert_eq!(is_granted, allowed.contains(&"revoke_tokens"));
    }
}

#[tokio::test]
async fn tokens_are_revoked_by_a_client_that_may_and_the_scope_is_named_otherwise() {
    let server = granting(&["manage_configuration", "identity", "read_configuration"], |_| {
        reply(403)
    })
    .await;
    let api = server.api();
    assert!(!api.is_granted(Operation::RevokeTokens).await.unwrap());
    assert!(api.is_granted(Operation::AddIdentifier).await.unwrap());
    let error = api
        .revoke_tokens(&pool_of_samples(), &[samples::user_id()])
        .await
        .unwrap_err();
    assert_eq!(error.missing_scope(), Some("revoke_tokens"));
    assert!(!error.outcome_unknown());
}

#[tokio::test]
async fn a_403_is_a_missing_scope_only_where_the_token_lacks_it() {
    let refused = || {
        json(
            403,
            &object!({ "status_code": 403, "error": "Forbidden", "error_code": "request_forbidden" }),
        )
    };
    let server = granting(&["manage_configuration", "identity", "read_configuration"], move |_| {
        refused()
    })
    .await;
    let api = server.api();
    let error = api.pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.missing_scope()),
        (Class::Retry { after: None }, None)
    );
    assert_eq!(
        (error.status(), error.error_code()),
        (Some(403), Some("request_forbidden"))
    );
    let error = api
        .audit_events(&organization_id("1876"), &AuditQuery::default())
        .await
        .unwrap_err();
    assert_eq!(error.missing_scope(), Some("view_audit_events"));
    assert_eq!(
        (error.class(), error.status()),
        (Class::Retry { after: None }, Some(403))
    );
    assert!(error.to_string().contains("view_audit_events"), "{error}");
}

#[tokio::test]
async fn request_forbidden_is_read_in_every_form_and_is_a_wait() {
    for body in [
        object!({ "error": "request_forbidden", "error_description": "not now" }),
        object!({ "status_code": 403, "error": "Forbidden", "error_code": "request_forbidden" }),
    ] {
        let server = Server::scripted([json(403, &body).insert_header("retry-after", "0")]).await;
        let error = server.api().import(&samples::chunk()).await.unwrap_err();
        assert_eq!(error.error_code(), Some("request_forbidden"), "{body}");
        assert_eq!(
            error.class(),
            Class::Retry {
                after: Some(Duration::ZERO)
            }
        );
        assert!(!error.outcome_unknown() && error.missing_scope().is_none());
    }
}

#[tokio::test]
async fn the_scopes_of_a_token_that_names_none_are_those_asked_for() {
    let mut unnamed = grant("token", "");
    unnamed.as_object_mut().unwrap().remove("scope");
    let server = Server::responding(move |request: &Request| {
        if request.url.path().ends_with("/token") {
            json(200, &unnamed)
        } else {
            reply(403)
        }
    })
    .await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(error.missing_scope(), None);
    let error = server
        .api()
        .audit_events(&organization_id("1876"), &AuditQuery::default())
        .await
        .unwrap_err();
    assert_eq!(error.missing_scope(), Some("view_audit_events"));
}

#[tokio::test]
async fn the_granted_scopes_can_be_asked_for() {
    let server = with_tokens(|| json(200, &grant("token", ALL_REQUIRED))).await;
    assert_eq!(
        server.api().granted_scopes().await.unwrap(),
        ["manage_configuration", "identity"]
    );
}

#[tokio::test]
async fn each_scope_can_be_asked_for_alone_where_there_is_no_token_to_work_with() {
    let server = Server::responding(|request: &Request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if body.contains("identity") {
            return json(400, &object!({ "error": "invalid_scope", "error_description": "no" }));
        }
        let left_out = body.contains("revoke_tokens");
        json(200, &grant("token", if left_out { "" } else { "manage_configuration" }))
    })
    .await;
    let api = server.api();
    assert!(api.granted_scopes().await.is_err());
    let before = server.token_requests().await.len();
    for (scope, expected) in [
        ("manage_configuration", true),
        ("identity", false),
        ("revoke_tokens", false),
    ] {
        assert_eq!(api.grants_scope(scope).await.unwrap(), expected, "{scope}");
    }
    assert_eq!(server.token_requests().await.len(), before + 3, "one request each");
}
