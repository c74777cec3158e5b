//! Reads secrets from Azure Key Vault.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, HttpClient, RetryOptions, StatusCode, Transport};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use secrecy::SecretString;
use time::OffsetDateTime;

use super::secret_state::{out_of_force, refused_state, remedy};
use super::vault::{Identity, Vault};
use super::vault_wait::{Impatient, asked_wait};

/// Why the secrets could not be read. Secrets are named, values are never shown. Any of these errors may pass, so the
/// caller asks again later.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The vault answers, but does not have all secrets.
    #[error("Key Vault has no secret named {}", .names.join(", "))]
    Missing {
        /// The names of all missing secrets.
        names: Vec<String>,
    },
    /// The vault has the secret, with a value that cannot be used.
    #[error("the Key Vault secret {name} is not {expected}")]
    Unusable {
        /// The secret's name in the vault.
        name: String,
        /// What the value should be, as a noun or an adjective.
        expected: String,
    },
    /// The vault answers, but the handler's identity may not read the secret.
    #[error("Key Vault refused to return the secret {name} ({status}): {remedy}")]
    Refused {
        /// The secret's name in the vault.
        name: String,
        /// The HTTP status.
        status: u16,
        /// What is missing.
        remedy: &'static str,
    },
    /// The vault has the secret, but it is not in force.
    #[error("the Key Vault secret {name} is {state}")]
    NotInForce {
        /// The secret's name in the vault.
        name: String,
        /// `disabled`, `expired` or `not valid yet`.
        state: &'static str,
    },
    /// The vault is busy (429).
    #[error("Key Vault asks to wait {after:?} before the secret {name} is read again")]
    Busy {
        /// The secret's name in the vault.
        name: String,
        /// `Retry-After`, at most an hour.
        after: Duration,
    },
    /// The vault, or the service that issues tokens for it, does not answer or reports a failure.
    #[error("Key Vault did not return the secret {name}")]
    Unavailable {
        /// The secret's name in the vault.
        name: String,
        /// The error of the client library.
        source: azure_core::Error,
    },
    /// Reading all secrets took longer than `KEY_VAULT_DEADLINE`.
    #[error("Key Vault did not return all secrets within {within:?}")]
    TimedOut {
        /// `KEY_VAULT_DEADLINE`.
        within: Duration,
    },
    /// The client could not be set up (trust store, identity).
    #[error("the Key Vault client could not be set up")]
    Client {
        /// The error of the client library.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A client for one vault.
pub(super) struct KeyVault {
    client: SecretClient,
    now: OffsetDateTime,
}

impl KeyVault {
    /// Sets up the client with the identity of `vault`. No request is sent yet.
    pub(super) fn connect(vault: &Vault, now: OffsetDateTime) -> Result<Self, VaultError> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // The deadline is divided among the attempts: one that hangs leaves time for the next.
            .timeout(vault.deadline / u32::from(vault.attempts.max(1)))
            .build()
            .map_err(client_error)?;
        let options = client_options(vault, Arc::new(http), now);
        let credential = credential(&vault.identity, options.clone()).map_err(client_error)?;
        Self::new(vault, credential, options, now)
    }

    pub(super) fn new(
        vault: &Vault,
        credential: Arc<dyn TokenCredential>,
        client_options: ClientOptions,
        now: OffsetDateTime,
    ) -> Result<Self, VaultError> {
        let options = SecretClientOptions {
            client_options,
            ..Default::default()
        };
        SecretClient::new(vault.url.as_str(), credential, Some(options))
            .map(|client| Self { client, now })
            .map_err(client_error)
    }

    /// The newest version of a secret, without surrounding blanks; `None` when there is none.
    pub(super) async fn secret(&self, name: &str) -> Result<Option<SecretString>, VaultError> {
        let response = match self.client.get_secret(name, None).await {
            Ok(response) => response,
            Err(error) if error.http_status() == Some(StatusCode::NotFound) => return Ok(None),
            Err(error) => return Err(failure(name, error, self.now)),
        };
        // The parser's error is dropped, because it could quote the body.
        let secret = response.into_model().map_err(|_| VaultError::Unusable {
            name: name.to_owned(),
            expected: "readable".to_owned(),
        })?;
        if let Some(state) = secret.attributes.as_ref().and_then(|it| out_of_force(it, self.now)) {
            let name = name.to_owned();
            return Err(VaultError::NotInForce { name, state });
        }
        Ok(secret.value.map(|value| SecretString::from(value.trim())))
    }
}

fn failure(name: &str, source: azure_core::Error, now: OffsetDateTime) -> VaultError {
    let name = name.to_owned();
    if let Some(after) = asked_wait(&source, now) {
        return VaultError::Busy { name, after };
    }
    if let Some(state) = refused_state(source.kind()) {
        return VaultError::NotInForce { name, state };
    }
    match source.http_status() {
        Some(status @ (StatusCode::Unauthorized | StatusCode::Forbidden)) => VaultError::Refused {
            name,
            remedy: remedy(source.kind(), status),
            status: status.into(),
        },
        _ => VaultError::Unavailable { name, source },
    }
}

/// The vault and the service that issues tokens are called through the same transport. Attempts are limited, because
/// the library would retry for a minute by default (docs/reference/key-vault.md#repetition).
pub(super) fn client_options(vault: &Vault, http: Arc<dyn HttpClient>, now: OffsetDateTime) -> ClientOptions {
    let transport = Transport::new(Arc::new(Impatient {
        inner: http,
        deadline: vault.deadline,
        now,
    }));
    let retry = ExponentialRetryOptions {
        max_retries: u32::from(vault.attempts.saturating_sub(1)),
        max_total_elapsed: vault.deadline.try_into().unwrap_or(time::Duration::MINUTE),
        ..Default::default()
    };
    ClientOptions {
        transport: Some(transport),
        retry: RetryOptions::exponential(retry),
        ..Default::default()
    }
}

/// The credential of the identity of this machine.
pub(super) fn credential(
    identity: &Identity,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    match identity {
        Identity::Managed(client_id) => {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                client_options,
            };
            Ok(ManagedIdentityCredential::new(Some(options))?)
        }
        Identity::Developer => Ok(DeveloperToolsCredential::new(None)?),
    }
}

fn client_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> VaultError {
    VaultError::Client { source: error.into() }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn a_client_can_be_set_up_without_a_request() {
        let vault = Vault {
            url: Url::parse("https://ic.vault.azure.net").unwrap(),
            deadline: Duration::from_secs(1),
            attempts: 3,
            refresh: Duration::from_hours(1),
            identity: Identity::Developer,
        };
        assert!(KeyVault::connect(&vault, OffsetDateTime::UNIX_EPOCH).is_ok());
    }
}
