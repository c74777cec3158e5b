//! A server that answers by a script and records the requests.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use ic_secureauth_api::{Api, Config};
use serde_json::{Value, json as object};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use super::{api, config};

pub struct Server {
    mock: MockServer,
}

/// An answer with a status and a JSON body.
pub fn json(status: u16, body: &Value) -> ResponseTemplate {
    reply(status).set_body_json(body)
}

/// An answer with a status and nothing else but a trace id.
pub fn reply(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("x-trace-id", format!("trace-{status}"))
}

/// The API's 404.
pub fn absent() -> ResponseTemplate {
    json(
        404,
        &object!({ "status_code": 404, "error": "Not found", "error_code": "not_found" }),
    )
}

/// Answers API requests by `answer`, and token requests with numbered tokens.
struct Script<F> {
    tokens: AtomicUsize,
    answer: F,
}

impl<F: Fn(&Request) -> ResponseTemplate + Send + Sync> Respond for Script<F> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if !is_token(request) {
            return (self.answer)(request);
        }
        let number = self.tokens.fetch_add(1, Ordering::SeqCst) + 1;
        json(
            200,
            &token(
                &format!("token-{number}"),
                "manage_configuration identity read_configuration",
            ),
        )
    }
}

pub fn token(value: &str, scope: &str) -> Value {
    object!({ "access_token": value, "token_type": "bearer", "expires_in": 3600, "scope": scope })
}

fn is_token(request: &Request) -> bool {
    request.url.path().ends_with("/system/oauth2/token")
}

impl Server {
    /// Answers every API request by `answer`.
    pub async fn answering(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        Self::responding(Script {
            tokens: AtomicUsize::new(0),
            answer,
        })
        .await
    }

    /// Answers every request, for tokens as well, by `respond`.
    pub async fn responding(respond: impl Respond + 'static) -> Self {
        let mock = MockServer::start().await;
        Mock::given(any()).respond_with(respond).mount(&mock).await;
        Self { mock }
    }

    /// Answers the API requests in this order, then always with the last answer.
    pub async fn scripted(answers: impl IntoIterator<Item = ResponseTemplate>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::answering(move |_| {
            let mut answers = answers.lock().unwrap();
            if answers.len() > 1 {
                answers.pop_front().unwrap()
            } else {
                answers.front().unwrap().clone()
            }
        })
        .await
    }

    pub fn uri(&self) -> String {
        self.mock.uri()
    }

    pub fn config(&self) -> Config {
        config(&self.mock.uri())
    }

    pub fn api(&self) -> Api {
        api(self.config())
    }

    /// The requests to the APIs.
    pub async fn requests(&self) -> Vec<Request> {
        self.all_requests()
            .await
            .into_iter()
            .filter(|request| !is_token(request))
            .collect()
    }

    /// The requests for tokens.
    pub async fn token_requests(&self) -> Vec<Request> {
        self.all_requests().await.into_iter().filter(is_token).collect()
    }

    async fn all_requests(&self) -> Vec<Request> {
        self.mock.received_requests().await.unwrap()
    }
}

/// The scopes that every token needs.
pub const ALL_REQUIRED: &str = "manage_configuration identity";

/// Answers tokens by `token` and everything else with a pool.
pub async fn with_tokens(token: impl Fn() -> ResponseTemplate + Send + Sync + 'static) -> Server {
    Server::responding(move |request: &Request| {
        if request.url.path().ends_with("/token") {
            token()
        } else {
            json(200, &super::samples::pool())
        }
    })
    .await
}
