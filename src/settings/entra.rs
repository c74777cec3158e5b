//! Tokens of Microsoft Entra for log-ins at SQL Server.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, HttpClient, RetryOptions, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use secrecy::{ExposeSecret, SecretString};

use super::connection_string::Entra;
use super::key_vault::credential;
use super::vault::Identity;

/// Azure SQL, in every region of the public cloud.
const SCOPE: &str = "https://database.windows.net/.default";

/// Time limit of one request for a token, and attempts: together less than connections are given.
const DEADLINE: Duration = Duration::from_secs(4);
const ATTEMPTS: u32 = 3;

/// Gets tokens, and keeps each until five minutes before it expires.
#[derive(Debug, Clone)]
pub struct TokenSource(Arc<dyn TokenCredential>);

impl TokenSource {
    /// Sends no request yet. `identity` is the one of this machine.
    ///
    /// # Errors
    /// The client library's.
    pub fn new(entra: &Entra, identity: &Identity) -> azure_core::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DEADLINE)
            .build()
            .map_err(|error| azure_core::Error::new(azure_core::error::ErrorKind::Io, error))?;
        Self::over(entra, identity, Arc::new(http))
    }

    fn over(entra: &Entra, identity: &Identity, http: Arc<dyn HttpClient>) -> azure_core::Result<Self> {
        let retry = ExponentialRetryOptions {
            max_retries: ATTEMPTS - 1,
            ..Default::default()
        };
        let client_options = ClientOptions {
            transport: Some(Transport::new(http)),
            retry: RetryOptions::exponential(retry),
            ..Default::default()
        };
        let managed = match (entra, identity) {
            (Entra::Managed(Some(id)), _) | (Entra::Default(Some(id)), Identity::Managed(_)) => {
                Identity::Managed(Some(id.clone()))
            }
            (Entra::Managed(None), Identity::Developer) => Identity::Managed(None),
            (Entra::Managed(None) | Entra::Default(_), identity) => identity.clone(),
            (
                Entra::ServicePrincipal {
                    tenant,
                    client_id,
                    secret,
                },
                _,
            ) => {
                let secret = Secret::new(secret.expose_secret().to_owned());
                let options = ClientSecretCredentialOptions { client_options };
                let credential = ClientSecretCredential::new(tenant, client_id.clone(), secret, Some(options))?;
                return Ok(Self(credential));
            }
        };
        credential(&managed, client_options).map(Self)
    }

    /// A token that is valid for five minutes at least, where the service gives such.
    ///
    /// # Errors
    /// There is no token: the identity, the secret, or the service that gives tokens.
    pub async fn token(&self) -> azure_core::Result<SecretString> {
        let token = self.0.get_token(&[SCOPE], None).await?;
        Ok(token.token.secret().into())
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use azure_core::http::{AsyncRawResponse, Request};
    use serde_json::json;
    use url::Url;
    use wiremock::matchers::{body_string_contains, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    /// Sends requests for Entra to the stub.
    #[derive(Debug)]
    struct ToStub(Url);

    #[async_trait]
    impl HttpClient for ToStub {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            assert_eq!(request.url().host_str(), Some("login.microsoftonline.com"));
            let mut url = self.0.clone();
            url.set_path(request.url().path());
            let mut request = request.clone();
            *request.url_mut() = url;
            let http: &dyn HttpClient = &reqwest::Client::new();
            http.execute_request(&request).await
        }
    }

    async fn requests_for_two_tokens(expires_in: u32) -> usize {
        let stub = MockServer::start().await;
        let answer = json!({ "token_type": "Bearer", "access_token": "marked-token", "expires_in": expires_in, "ext_expires_in": expires_in });
        Mock::given(method("POST"))
            .and(path("/the-tenant/oauth2/v2.0/token"))
            .and(body_string_contains("client_id=the-app"))
            .and(body_string_contains("client_secret=the-secret"))
            .and(body_string_contains(
                "scope=https%3A%2F%2Fdatabase.windows.net%2F.default",
            ))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&stub)
            .await;
        let application = Entra::ServicePrincipal {
            tenant: "the-tenant".to_owned(),
            client_id: "the-app".to_owned(),
            secret: "the-secret".into(),
        };
        let http = Arc::new(ToStub(stub.uri().parse().unwrap()));
        let tokens = TokenSource::over(&application, &Identity::Developer, http).unwrap();
        for _ in 0..2 {
            assert_eq!(tokens.token().await.unwrap().expose_secret(), "marked-token");
        }
        assert!(!format!("{application:?}{tokens:?}").contains("the-secret"));
        stub.received_requests().await.unwrap().len()
    }

    #[tokio::test]
    async fn a_token_is_kept_until_five_minutes_before_it_expires() {
        assert_eq!(requests_for_two_tokens(3600).await, 1);
        assert_eq!(requests_for_two_tokens(290).await, 2);
    }
}
