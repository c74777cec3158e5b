//! How often the client tries a call, and the error that it returns.

use ic_secureauth_api::{
    Class, IdentifierType, NewAddress, NewIdentifier, Organization, Resource, UserUpdate, Versioned,
};
use serde_json::json as object;

use crate::support::{
    Captured, Server, json, organization_id, reply,
    samples::{self, key, pool_of_samples},
};

#[tokio::test]
async fn what_passes_is_tried_again_until_it_has_passed() {
    for status in [408, 429, 500, 502, 503, 504] {
        let server = Server::scripted([reply(status), reply(status), json(200, &samples::pool())]).await;
        let found = server.api().pool(&pool_of_samples()).await.unwrap();
        assert!(found.is_some());
        assert_eq!(server.requests().await.len(), 3, "{status}");
    }
}

#[tokio::test]
async fn a_call_ends_after_its_attempts_and_says_what_the_last_one_met() {
    let body = object!({ "status_code": 503, "error": "service unavailable", "error_code": "overloaded" });
    let server = Server::scripted([json(503, &body)]).await;
    let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(server.requests().await.len(), 3);
    assert_eq!(
        (error.attempts(), error.status(), error.class()),
        (3, Some(503), Class::Retry { after: None })
    );
    assert_eq!(
        (error.error_code(), error.trace_id()),
        (Some("overloaded"), Some("trace-503"))
    );
    assert!(!error.outcome_unknown(), "a read has no outcome");
    let shown =
        "SecureAuth get_pool: answered 503 overloaded (Service unavailable) (attempts: 3, x-trace-id: trace-503)";
    assert_eq!(error.to_string(), shown);
}

#[tokio::test]
async fn a_refusal_of_the_data_is_permanent_and_not_repeated() {
    for status in [400, 404, 409, 413, 422] {
        let server = Server::scripted([json(status, &object!({ "status_code": status }))]).await;
        let error = server
            .api()
            .create_pool(&samples::new_pool(), &key("create_pool"))
            .await
            .unwrap_err();
        assert_eq!((error.class(), error.attempts()), (Class::Permanent, 1), "{status}");
        assert_eq!(
            (error.is_conflict(), error.is_not_found()),
            (status == 409, status == 404)
        );
        assert!(!error.outcome_unknown());
    }
}

#[tokio::test]
async fn a_404_to_a_write_names_the_resource_that_a_replica_may_not_know_yet() {
    let absent = || json(404, &object!({ "status_code": 404, "error": "Not found" }));
    let (server, key) = (Server::scripted([absent()]).await, key("create"));
    let api = server.api();
    let organization: Organization = serde_json::from_str(&samples::organization().to_string()).unwrap();
    let organization = Versioned {
        value: organization,
        etag: None,
    };
    let update = UserUpdate::default();
    let address = NewAddress::email("a@b.example", false, true);
    let errors = [
        (
            api.create_organization(&samples::new_organization(), &key).await.err(),
            Resource::Organization,
        ),
        (
            api.update_organization(&organization).await.err(),
            Resource::Organization,
        ),
        (
            api.create_pool(&samples::new_pool(), &key).await.err(),
            Resource::Organization,
        ),
        (api.import(&samples::chunk()).await.err(), Resource::Pool),
        (api.import_once(&samples::chunk()).await.err(), Resource::Pool),
        (
            api.update_user(&pool_of_samples(), &samples::user_id(), &update)
                .await
                .err(),
            Resource::User,
        ),
        (
            api.patch_user(&pool_of_samples(), &samples::user_id(), &UserUpdate::default())
                .await
                .err(),
            Resource::User,
        ),
        (
            api.add_address(&pool_of_samples(), &samples::user_id(), &address, &key, None)
                .await
                .err(),
            Resource::User,
        ),
        (
            api.revoke_tokens(&pool_of_samples(), &[samples::user_id()]).await.err(),
            Resource::Pool,
        ),
    ];
    for (error, resource) in errors {
        let error = error.unwrap();
        assert_eq!(error.absent_resource(), Some(resource), "{error}");
        assert!(error.is_not_found() && !error.outcome_unknown());
    }
    let server = Server::scripted([json(409, &object!({}))]).await;
    let taken = server.api().create_pool(&samples::new_pool(), &key).await.unwrap_err();
    assert_eq!(taken.absent_resource(), None);
    let server = Server::scripted([absent()]).await;
    let unlisted = server.api().pools_of(&organization_id("1876")).await.unwrap_err();
    assert_eq!((unlisted.absent_resource(), unlisted.is_not_found()), (None, true));
}

#[tokio::test]
async fn the_code_of_a_conflict_can_be_read() {
    let body = object!({ "status_code": 409, "error": "somebody", "error_code": "organization_deactivated" });
    let server = Server::scripted([json(409, &body)]).await;
    let error = server
        .api()
        .create_pool(&samples::new_pool(), &key("create"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.is_conflict(), error.error_code()),
        (true, Some("organization_deactivated"))
    );
}

#[tokio::test]
async fn a_refusal_of_the_client_is_left_to_the_run_and_not_repeated() {
    // After a 401 the client renews the token and tries once more.
    for (status, attempts) in [(301, 1), (401, 2), (403, 1), (405, 1)] {
        let server = Server::scripted([reply(status)]).await;
        let error = server.api().import(&samples::chunk()).await.unwrap_err();
        assert_eq!(
            (error.class(), error.attempts()),
            (Class::Retry { after: None }, attempts),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_failure_of_the_tenants_own_scripts_is_left_to_the_run() {
    let server = Server::scripted([reply(500).insert_header("x-external-error", "true")]).await;
    let error = server.api().import(&samples::chunk()).await.unwrap_err();
    assert_eq!((error.class(), error.attempts()), (Class::Retry { after: None }, 1));
    assert!(error.outcome_unknown());
}

#[tokio::test]
async fn a_failure_that_is_said_not_to_be_of_the_tenants_scripts_is_tried_again() {
    let server = Server::scripted([reply(500).insert_header("x-external-error", "false"), reply(204)]).await;
    server.api().import(&samples::chunk()).await.unwrap();
    assert_eq!(server.requests().await.len(), 2);
}

#[tokio::test]
async fn html_and_empty_error_bodies_survive() {
    for answer in [
        reply(502).set_body_string("<html><h1>Bad Gateway</h1></html>"),
        reply(502),
    ] {
        let server = Server::scripted([answer]).await;
        let error = server.api().pool(&pool_of_samples()).await.unwrap_err();
        assert_eq!((error.status(), error.error_code()), (Some(502), None));
    }
}

#[tokio::test]
async fn every_repetition_of_a_post_carries_the_same_key_and_body() {
    let server = Server::scripted([reply(503), reply(503), json(201, &samples::organization())]).await;
    server
        .api()
        .create_organization(&samples::new_organization(), &key("create_organization"))
        .await
        .unwrap();
    let sent = server.requests().await;
    assert_eq!(sent.len(), 3);
    for request in &sent {
        assert_eq!(
            request.headers["x-idempotency-key"],
            key("create_organization").as_str()
        );
        assert_eq!(request.body, sent[0].body);
    }
}

#[tokio::test]
async fn every_repetition_of_an_addition_carries_the_same_key_and_of_a_removal_none() {
    let server = Server::scripted([reply(503), json(200, &samples::identifier()), reply(503), reply(204)]).await;
    let (api, pool, user) = (server.api(), pool_of_samples(), samples::user_id());
    let new = NewIdentifier {
        identifier: "rsable".into(),
        kind: IdentifierType::Uid,
    };
    api.add_identifier(&pool, &user, &new, &key("add"), None).await.unwrap();
    api.remove_identifier(&pool, &user, "rsable", None).await.unwrap();
    let sent = server.requests().await;
    let keys: Vec<_> = sent
        .iter()
        .map(|request| Some(request.headers.get("x-idempotency-key")?.to_str().unwrap()))
        .collect();
    let add = key("add");
    assert_eq!(keys, [Some(add.as_str()), Some(add.as_str()), None, None]);
}

#[tokio::test]
async fn every_failed_attempt_is_logged_once_with_what_support_needs() {
    let captured = Captured::start();
    let body = object!({ "error": "Too many requests", "error_code": "rate_limited" });
    let server = Server::scripted([json(429, &body), reply(503), json(200, &samples::organization())]).await;
    server.api().organization(&organization_id("1876")).await.unwrap();
    let failed = captured.events("SecureAuth call failed");
    assert_eq!(failed.len(), 2);
    assert_eq!(
        (&failed[0]["attempt"], &failed[1]["attempt"]),
        (&object!(1), &object!(2))
    );
    let first = &failed[0];
    assert_eq!(first["operation"], "get_organization");
    assert_eq!(
        (&first["status"], &first["error_code"]),
        (&object!(429), &object!("rate_limited"))
    );
    assert_eq!(
        (&first["secureauth_trace_id"], &first["correlation_id"]),
        (&object!("trace-429"), &object!(crate::support::RUN))
    );
    let granted = captured.events("SecureAuth token granted");
    assert_eq!(granted[0]["secureauth_trace_id"], "trace-200");
    let answered = captured.events("SecureAuth call answered");
    assert_eq!(
        (answered.len(), &answered[0]["secureauth_trace_id"]),
        (1, &object!("trace-200"))
    );
}
