//! A simulator and a plain HTTP client for it.

mod bodies;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use secureauth_simulator::{ClockSource, FaultStatus, Options, Simulator};
use serde_json::Value;
use time::macros::datetime;

pub(crate) use bodies::Chunk;

/// Tenant of every test.
pub(crate) const TENANT: &str = "dev-invoicecloud";

/// A running simulator with an authenticated client.
pub(crate) struct Tenant {
    pub(crate) simulator: Simulator,
    http: reqwest::Client,
    token: String,
}

/// An answer, read completely.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// A member of the body, by JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Checks the status and hands the answer on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl Tenant {
    /// A simulator with these switches, and a token with every scope.
    pub(crate) async fn with(switches: &[(&str, &str)]) -> Self {
        let mut options = Options::default();
        for (name, value) in switches {
            options.switches.set(name, value).expect("a switch of the table");
        }
        Self::start(options).await
    }

    /// A simulator with every switch at its default.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A simulator whose clock stands still until a test moves it: nothing expires, lags or fills up by itself.
    pub(crate) async fn start(mut options: Options) -> Self {
        if options.clock == ClockSource::System {
            options.clock = ClockSource::Fixed(datetime!(2026-09-14 15:14:15 UTC));
        }
        let simulator = Simulator::start(options).expect("a free port");
        let http = reqwest::Client::builder()
            .timeout(Duration::from_mins(2))
            .build()
            .expect("a client");
        let mut tenant = Self {
            simulator,
            http,
            token: String::new(),
        };
        tenant.token = tenant.new_token("").await;
        tenant
    }

    /// A token of the default client, for these scopes or all.
    pub(crate) async fn new_token(&self, scope: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "onboarding"),
            ("client_secret", "simulator-secret"),
            ("scope", scope),
        ];
        let answer = self.token_request(TENANT, &form).await.expect(200);
        answer.at("/access_token").as_str().expect("a token").to_owned()
    }

    /// A token request with a form.
    pub(crate) async fn token_request(&self, tenant: &str, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}/{tenant}/system/oauth2/token", self.simulator.base_url());
        send(self.http.post(url).form(form)).await.expect("an answer")
    }

    /// Continues with another token.
    pub(crate) fn use_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// A request to a path below the server, with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.simulator.base_url());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    /// A request without the token.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.simulator.base_url()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await.expect("an answer")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body))
            .await
            .expect("an answer")
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body))
            .await
            .expect("an answer")
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await.expect("an answer")
    }

    /// Sets a switch of the running simulator.
    pub(crate) fn switch(&self, name: &str, value: &str) {
        self.simulator.set_switch(name, value).expect("a switch of the table");
    }

    /// Names and answers of the calls of one operation.
    pub(crate) fn calls_of(&self, operation: &str) -> Vec<secureauth_simulator::CallRecord> {
        let calls = self.simulator.calls();
        calls
            .into_iter()
            .filter(|call| call.operation.as_deref() == Some(operation))
            .collect()
    }
}

/// Sends a request and reads the answer; `Err` when there was none.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await?;
    Ok(Answer {
        status: StatusCode::as_u16(&status),
        headers,
        text,
    })
}

/// Waits until a condition holds.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(2);
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Path of the organizations, or of one.
pub(crate) fn organizations(rest: &str) -> String {
    format!("/api/system/{TENANT}/organizations{rest}")
}

/// Path below the Identity API of the tenant.
pub(crate) fn identity(rest: &str) -> String {
    format!("/api/identity/{TENANT}{rest}")
}

/// Path of the pools, or below.
pub(crate) fn pools(rest: &str) -> String {
    identity(&format!("/system/pools{rest}"))
}

/// A fault that answers a status.
pub(crate) fn status(status: u16) -> FaultStatus {
    FaultStatus {
        status,
        ..FaultStatus::default()
    }
}
