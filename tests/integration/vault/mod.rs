//! Key Vault over TLS, as the program meets it in Azure: a vault's name, a certificate, the challenge, a token of the managed identity,
//! refusals, and secrets that change. The program runs as it is shipped. `HTTPS_PROXY` leads it to a vault of the tests, and
//! `SSL_CERT_FILE` lets it trust that vault's CA, as both do on any machine.

mod database;
mod reading;
mod refusals;
mod rotation;
mod server;

use std::time::Duration;

use local_stack::{FrontDoor, StackOptions};
use serde_json::json;
use tempfile::TempDir;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use self::server::{Answer, HOST, TOKEN, TestVault};
use crate::support::{DEADLINE, options};
use crate::tds::tls::identity;

/// The secrets that a stack's handler needs, in the order in which it reads them.
const SECRETS: [(&str, &str); 4] = [
    ("secureauth-tenant-id", "dev-invoicecloud"),
    ("secureauth-payload-schema-id", "5d5ced58793b41178123b2d1cc5fb658"),
    ("secureauth-client-id", "onboarding"),
    (CLIENT_SECRET, "simulator-secret"),
];
const CLIENT_SECRET: &str = "secureauth-client-secret";

/// A vault, the endpoint of a managed identity that may read it, and the file with the vault's CA.
struct Cloud {
    vault: TestVault,
    endpoint: MockServer,
    folder: TempDir,
}

impl Cloud {
    /// The vault has what a stack's handler needs.
    async fn start() -> Self {
        let (ca, identity) = identity(HOST);
        Self::with(&ca, TestVault::start(identity).await).await
    }

    async fn with(ca: &str, vault: TestVault) -> Self {
        for (name, value) in SECRETS {
            vault.set(name, Answer::value(value));
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca).unwrap();
        let endpoint = MockServer::start().await;
        let cloud = Self {
            vault,
            endpoint,
            folder,
        };
        cloud.grant(true).await;
        cloud
    }

    /// Whether the app has an identity, which gets the token.
    async fn grant(&self, has_identity: bool) {
        self.endpoint.reset().await;
        let token =
            json!({ "access_token": TOKEN, "expires_on": "4102444800", "resource": "r", "token_type": "Bearer" });
        let answer = if has_identity {
            ResponseTemplate::new(200).set_body_json(token)
        } else {
            ResponseTemplate::new(400)
        };
        Mock::given(method("GET"))
            .and(path("/msi/token"))
            .and(header("x-identity-header", "the-header"))
            .and(query_param("resource", "https://vault.azure.net"))
            .respond_with(answer)
            .mount(&self.endpoint)
            .await;
    }

    /// What the platform sets, and `KEY_VAULT_URL`.
    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("KEY_VAULT_URL", format!("https://{HOST}")),
            ("KEY_VAULT_DEADLINE", "1m".to_owned()),
            ("IDENTITY_ENDPOINT", format!("{}/msi/token", self.endpoint.uri())),
            ("IDENTITY_HEADER", "the-header".to_owned()),
            ("HTTPS_PROXY", self.vault.proxy()),
            ("SSL_CERT_FILE", self.folder.path().join("ca.pem").display().to_string()),
        ]
    }

    /// A stack whose handler has its secrets from the vault.
    fn options(&self) -> StackOptions {
        let unset = ["TENANT_ID", "PAYLOAD_SCHEMA_ID", "CLIENT_ID", "CLIENT_SECRET"];
        let options = unset.iter().fold(options(), |options, name| {
            options.set(&format!("SECUREAUTH_{name}"), "")
        });
        let settings = self.settings().into_iter();
        settings.fold(options, |options, (name, value)| options.set(name, value))
    }

    /// How many tokens were given out.
    async fn tokens(&self) -> usize {
        self.endpoint.received_requests().await.unwrap().len()
    }
}

/// The first check of readiness that fails; none where the handler is ready.
async fn failed_check(door: &FrontDoor) -> Option<String> {
    let answer = door.get("/api/health/ready").await.unwrap();
    let checks = answer.json["checks"].as_object().unwrap();
    let failed = checks.iter().find(|(_, word)| *word == "failed");
    failed.map(|(check, _)| check.clone())
}

/// Waits until this check of readiness fails, or none does.
async fn until_failed_check(door: &FrontDoor, check: Option<&str>) {
    let reached = async {
        while failed_check(door).await.as_deref() != check {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, reached).await.expect("gets there");
}
