//! The token request: `grant_type=client_credentials` (docs/reference/secureauth-api.md#access).

use std::time::Duration;

use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use tracing::{debug, warn};
use url::{Url, form_urlencoded};

use super::{
    super::{
        ClientAuthMethod, ErrorKind, Operation,
        transport::{Answer, interruption},
    },
    AccessToken,
    access_token::TokenResponse,
};

/// The client's credentials, the token endpoint and the scopes.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) endpoint: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    pub(crate) auth_method: ClientAuthMethod,
    /// Requested scopes. Empty: the request has no `scope`, and the server decides.
    pub(crate) scopes: Vec<String>,
    /// A token without one of these is not used.
    pub(crate) required_scopes: &'static [&'static str],
}

impl Credentials {
    /// A token with all scopes that the server grants. Names the scope that it does not grant and that the client needs.
    pub(super) async fn request(
        &self,
        http: &reqwest::Client,
        deadline: Duration,
        margin: Duration,
    ) -> Result<AccessToken, ErrorKind> {
        let outcome = self.request_granted(http, deadline, margin).await;
        let Some(refused) = outcome.as_ref().err().filter(|kind| kind.refuses_the_scope()) else {
            return outcome;
        };
        for scope in self.required_scopes {
            let alone = self.ask(http, deadline, margin, &[scope]).await;
            if refuses_a_scope(&alone) {
                let refusal = refused.refusal().cloned();
                return Err(ErrorKind::MissingScope { scope, refusal });
            }
        }
        outcome
    }

    /// Requests all scopes. A server may refuse the whole request because of one scope (RFC 6749, section 3.3). Then the client requests
    /// the required scopes with one optional scope more at a time, keeps those that are not refused, and in the end requests the
    /// required scopes alone.
    async fn request_granted(
        &self,
        http: &reqwest::Client,
        deadline: Duration,
        margin: Duration,
    ) -> Result<AccessToken, ErrorKind> {
        let wanted: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        let required = self.required_scopes.to_vec();
        let is_optional = |scope: &&&str| !required.contains(scope);
        let optional: Vec<&str> = wanted.iter().filter(is_optional).copied().collect();
        let mut outcome = self.ask(http, deadline, margin, &wanted).await;
        if optional.is_empty() || !refuses_a_scope(&outcome) {
            return outcome;
        }
        let mut accepted = required.clone();
        for scope in optional {
            let more = [accepted.as_slice(), &[scope]].concat();
            if wanted.iter().all(|scope| more.contains(scope)) {
                continue; // All of them were refused above.
            }
            warn!(scopes = ?more, "SecureAuth refused the requested scopes; requesting fewer");
            let next = self.ask(http, deadline, margin, &more).await;
            if !refuses_a_scope(&next) {
                accepted = more;
                outcome = Ok(next?);
            }
        }
        if outcome.is_err() {
            warn!(scopes = ?required, "SecureAuth refused the requested scopes; requesting fewer");
            outcome = self.ask(http, deadline, margin, &required).await;
        }
        outcome
    }

    async fn ask(
        &self,
        http: &reqwest::Client,
        deadline: Duration,
        margin: Duration,
        scopes: &[&str],
    ) -> Result<AccessToken, ErrorKind> {
        let token = self.ask_for_any(http, deadline, margin, scopes).await?;
        match self.required_scopes.iter().find(|scope| !token.grants(scope)) {
            Some(scope) => Err(ErrorKind::MissingScope { scope, refusal: None }),
            None => Ok(token),
        }
    }

    /// Whether the server grants a scope alone, whatever else the client needs.
    pub(super) async fn grants(
        &self,
        http: &reqwest::Client,
        deadline: Duration,
        scope: &str,
    ) -> Result<bool, ErrorKind> {
        let outcome = self.ask_for_any(http, deadline, Duration::ZERO, &[scope]).await;
        if refuses_a_scope(&outcome) {
            return Ok(false);
        }
        outcome.map(|token| token.grants(scope))
    }

    async fn ask_for_any(
        &self,
        http: &reqwest::Client,
        deadline: Duration,
        margin: Duration,
        scopes: &[&str],
    ) -> Result<AccessToken, ErrorKind> {
        let asked_at = Instant::now();
        let no_token = |kind: ErrorKind| ErrorKind::NoToken(kind.into());
        let answer = self.send(http, deadline, scopes).await.map_err(no_token)?;
        let response: Option<TokenResponse> = answer.parse();
        let token = response
            .and_then(|response| AccessToken::granted(response, scopes, asked_at, margin))
            .ok_or_else(|| no_token(answer.unusable_kind(None)))?;
        debug!(secureauth_trace_id = answer.trace_id(), scopes = ?token.scopes(), "SecureAuth token granted");
        Ok(token)
    }

    async fn send(&self, http: &reqwest::Client, deadline: Duration, scopes: &[&str]) -> Result<Answer, ErrorKind> {
        let scope = scopes.join(" ");
        let mut form = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        let mut request = http
            .post(self.endpoint.clone())
            .timeout(deadline)
            .header(ACCEPT, "application/json");
        match self.auth_method {
            ClientAuthMethod::Basic => {
                let secret = form_encoded(self.client_secret.expose_secret());
                request = request.basic_auth(form_encoded(&self.client_id), Some(secret));
            }
            ClientAuthMethod::Post => {
                form.push(("client_id", &self.client_id));
                form.push(("client_secret", self.client_secret.expose_secret()));
            }
        }
        let response = request.form(&form).send().await.map_err(|error| interruption(&error))?;
        Answer::read(Operation::Token, response, &[]).await
    }
}

fn refuses_a_scope(outcome: &Result<AccessToken, ErrorKind>) -> bool {
    outcome.as_ref().is_err_and(ErrorKind::refuses_the_scope)
}

/// `client_secret_basic` form-encodes id and secret before it joins them (RFC 6749, section 2.3.1).
fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
