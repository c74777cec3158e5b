//! Whether a failed call may have taken effect.

use std::time::Duration;

use ic_secureauth_api::{Class, Deleted, ErrorKind, NewAddress};

use crate::support::{
    Server, absent, api, config, json,
    raw::HangingUp,
    reply,
    samples::{self, key, pool_of_samples},
};

#[tokio::test]
async fn a_success_that_cannot_be_read_leaves_the_outcome_of_a_write_unknown() {
    for body in ["<html>", "", "{\"name\":\"no id\"}"] {
        let server = Server::scripted([reply(201).set_body_string(body)]).await;
        let error = server
            .api()
            .create_pool(&samples::new_pool(), &key("create_pool"))
            .await
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnusableAnswer { status: 201, .. }));
        assert_eq!((error.attempts(), error.trace_id()), (1, Some("trace-201")));
        assert!(error.outcome_unknown());
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown() {
    let server = Server::scripted([json(201, &samples::pool()).set_delay(Duration::from_mins(1))]).await;
    let mut config = server.config();
    config.deadlines.crud = Duration::from_secs(1);
    config.attempts = 2;
    let api = api(config);
    let error = api
        .create_pool(&samples::new_pool(), &key("create_pool"))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (&ErrorKind::Timeout, 2));
    assert!(error.outcome_unknown());
    let error = api.pool(&pool_of_samples()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.outcome_unknown()),
        (Class::Retry { after: None }, false)
    );
}

#[tokio::test]
async fn a_connection_lost_after_sending_leaves_the_outcome_unknown() {
    let server = HangingUp::start().await;
    let api = api(config(&server.uri));
    let error = api
        .create_pool(&samples::new_pool(), &key("create_pool"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.class()),
        (&ErrorKind::Interrupted, Class::Retry { after: None })
    );
    assert!(error.outcome_unknown());
    assert_eq!(error.attempts(), 3);
    assert!(server.hung_up() >= 3);
}

/// An import that was not answered may take effect later, when somebody has enrolled a credential.
#[tokio::test]
async fn an_import_is_repeated_after_an_answer_only() {
    let server = HangingUp::start().await;
    let error = api(config(&server.uri)).import(&samples::chunk()).await.unwrap_err();
    assert!(error.outcome_unknown());
    assert_eq!(error.attempts(), 1);
    let server = Server::scripted([reply(503), reply(204)]).await;
    server.api().import(&samples::chunk()).await.unwrap();
}

#[tokio::test]
async fn without_a_connection_nothing_has_happened() {
    // The port is bound but does not listen, so no other process gets it and nobody answers.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let uri = format!("http://{}", socket.local_addr().unwrap());
    let error = api(config(&uri)).import(&samples::chunk()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoToken(cause) if matches!(**cause, ErrorKind::Connect { .. })));
    assert_eq!(
        (error.class(), error.outcome_unknown()),
        (Class::Retry { after: None }, false)
    );
}

#[tokio::test]
async fn an_attempt_whose_outcome_is_unknown_is_not_forgotten_over_a_later_refusal() {
    let server = Server::scripted([reply(504), reply(409)]).await;
    let error = server
        .api()
        .create_pool(&samples::new_pool(), &key("create_pool"))
        .await
        .unwrap_err();
    assert!(error.is_conflict());
    assert!(error.outcome_unknown(), "the conflict may be with the first attempt");
}

#[tokio::test]
async fn an_addition_that_was_not_answered_in_time_may_have_taken_effect() {
    let late = json(200, &samples::address()).set_delay(Duration::from_mins(1));
    let server = Server::scripted([late, json(409, &serde_json::json!({}))]).await;
    let mut config = server.config();
    config.deadlines.crud = Duration::from_secs(1);
    let new = NewAddress::email("rsable@invoicecloud.com", false, true);
    let error = api(config)
        .add_address(&pool_of_samples(), &samples::user_id(), &new, &key("add"), None)
        .await
        .unwrap_err();
    assert!(
        error.is_conflict() && error.outcome_unknown(),
        "the conflict may be with the first attempt"
    );
}

#[tokio::test]
async fn a_removal_whose_answer_is_lost_is_repeated_and_finds_nothing_to_remove() {
    let server = Server::scripted([reply(504), absent()]).await;
    let removed = server
        .api()
        .remove_address(&pool_of_samples(), &samples::user_id(), "rsable@invoicecloud.com", None)
        .await
        .unwrap();
    assert_eq!(removed.value, Deleted::WasAbsent);
}

#[tokio::test]
async fn an_import_into_a_pool_in_use_is_not_repeated_once_it_may_have_had_an_effect() {
    let server = Server::scripted([reply(429), reply(503), reply(204)]).await;
    let error = server.api().import_once(&samples::chunk()).await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(503), 2), "the 429 had none");
    assert!(error.outcome_unknown());
    server.api().import_once(&samples::chunk()).await.unwrap();
}
