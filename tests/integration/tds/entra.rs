//! Log-ins with a token of Microsoft Entra: the program itself, with a stub of the identity endpoint that Azure gives a function app.

use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tokio::process::Command;
use wiremock::matchers::{header, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::server::{Behaviour, TdsServer};

/// Answers with a token for the system-assigned identity, and another one for the identity `0a1b`.
async fn endpoint() -> MockServer {
    let stub = MockServer::start().await;
    let asked = || {
        Mock::given(method("GET"))
            .and(path("/msi/token"))
            .and(header("x-identity-header", "the-header"))
            .and(query_param("api-version", "2019-08-01"))
            .and(query_param("resource", "https://database.windows.net"))
    };
    let token = |of| {
        let body = json!({ "access_token": of, "expires_on": "4102444800", "resource": "r", "token_type": "Bearer" });
        ResponseTemplate::new(200).set_body_json(body)
    };
    let of_system = asked().and(query_param_is_missing("client_id"));
    of_system.respond_with(token("token of the system")).mount(&stub).await;
    let of_user = asked().and(query_param("client_id", "0a1b"));
    of_user.respond_with(token("token of 0a1b")).mount(&stub).await;
    stub
}

/// `db check`, with this way to log in.
async fn db_check(server: &TdsServer, endpoint: &MockServer, log_in: &str, more: &[(&str, &str)]) -> Output {
    let port = server.address.port();
    let connection_string = format!("Server=127.0.0.1,{port};Database=crm;Encrypt=DANGER_PLAINTEXT;{log_in}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_biller-onboarding"));
    command
        .args(["db", "check"])
        .env_clear()
        .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
        .env("DATABASE", "sqlserver")
        .env("SQLSERVER_CONNECTION_STRING", connection_string)
        .env("IDENTITY_ENDPOINT", format!("{}/msi/token", endpoint.uri()))
        .env("IDENTITY_HEADER", "the-header")
        .envs(more.iter().copied())
        .stdin(Stdio::null());
    command.output().await.unwrap()
}

#[tokio::test]
async fn the_managed_identity_of_the_function_app_logs_in_with_its_token() {
    let endpoint = endpoint().await;
    for (log_in, more, token) in [
        (
            "Authentication=Active Directory Default",
            &[][..],
            "token of the system",
        ),
        (
            "Authentication=Active Directory Managed Identity",
            &[],
            "token of the system",
        ),
        (
            "Authentication=Active Directory Managed Identity",
            &[("AZURE_CLIENT_ID", "0a1b")],
            "token of 0a1b",
        ),
        ("Authentication=Active Directory MSI;User ID=0a1b", &[], "token of 0a1b"),
    ] {
        let server = TdsServer::start(Behaviour::default()).await;
        let output = db_check(&server, &endpoint, log_in, more).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let log_ins = server.log_ins();
        assert!(!log_ins.is_empty(), "{log_in}: {told}");
        assert!(
            log_ins.iter().all(|it| it.token.as_deref() == Some(token)),
            "{log_in}: {log_ins:?}"
        );
        assert_eq!((log_ins[0].user.as_str(), log_ins[0].database.as_str()), ("", "crm"));
        assert!(!told.contains("token of"), "{told}");
    }
}

#[tokio::test]
async fn an_identity_that_gets_no_token_is_named_and_nobody_logs_in() {
    let endpoint = MockServer::start().await;
    let refusal = ResponseTemplate::new(400).set_body_json(json!({ "error": "invalid_request" }));
    Mock::given(method("GET")).respond_with(refusal).mount(&endpoint).await;
    let server = TdsServer::start(Behaviour::default()).await;
    let output = db_check(&server, &endpoint, "Authentication=Active Directory Default", &[]).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("Microsoft Entra gave no token") && told.contains("has not been assigned"),
        "{told}"
    );
    assert_eq!(server.connections(), 0);
}

/// Answers with `token 1`, then `token 2`, and so on.
async fn endpoint_with_new_tokens() -> MockServer {
    let stub = MockServer::start().await;
    let given = AtomicU32::new(0);
    let token = move |_: &Request| {
        let number = given.fetch_add(1, Ordering::Relaxed) + 1;
        let token = format!("token {number}");
        let body =
            json!({ "access_token": token, "expires_on": "4102444800", "resource": "r", "token_type": "Bearer" });
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(method("GET")).respond_with(token).mount(&stub).await;
    stub
}

#[tokio::test]
async fn a_token_that_the_server_refuses_is_dropped_once_and_the_next_log_in_has_a_new_one() {
    for (accepted, is_let_in) in [("token 2", true), ("none", false)] {
        let endpoint = endpoint_with_new_tokens().await;
        let server = TdsServer::start(Behaviour {
            judge: Box::new(move |log_in| {
                let fits = log_in.token.as_deref() == Some(accepted);
                if fits { Ok(()) } else { Err(18456) }
            }),
            ..Behaviour::default()
        })
        .await;
        let output = db_check(&server, &endpoint, "Authentication=Active Directory Default", &[]).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(told.contains("18456"), !is_let_in, "{told}");
        let log_ins = server.log_ins();
        let tokens: Vec<_> = log_ins.iter().filter_map(|log_in| log_in.token.as_deref()).collect();
        assert_eq!(tokens[..2], ["token 1", "token 2"]);
        assert!(tokens[2..].iter().all(|token| *token == "token 2"), "{tokens:?}");
        assert_eq!(endpoint.received_requests().await.unwrap().len(), 2);
    }
}
