//! Reads the secrets that are not in the environment from Key Vault.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::key_vault::{KeyVault, VaultError};
use super::secrets::{Kind, Secrets, Sources};
use super::vault::Vault;
use super::{DatabaseSettings, Settings};

impl Settings {
    /// All secrets. The vault is asked only for those that are not in the environment, and anew with every call: so a
    /// failed call can be repeated, and a rotated secret is found.
    ///
    /// # Errors
    /// See [`VaultError`]. The call takes at most `KEY_VAULT_DEADLINE`.
    pub async fn resolve(&self, now: OffsetDateTime) -> Result<Secrets, VaultError> {
        let fetched = fetch(&self.sources, self.vault.as_ref(), self.is_development, now).await?;
        self.sources
            .with(&fetched)
            .map_err(|names| VaultError::Missing { names })
    }
}

impl DatabaseSettings {
    /// The connection string, as [`Settings::resolve`]; `None` only with SQLite.
    ///
    /// # Errors
    /// See [`VaultError`]. The call takes at most `KEY_VAULT_DEADLINE`.
    pub async fn resolve(&self, now: OffsetDateTime) -> Result<Option<SecretString>, VaultError> {
        let fetched = fetch(&self.sources, self.vault.as_ref(), self.is_development, now).await?;
        match self.sources.missing(&fetched) {
            names if names.is_empty() => Ok(self.sources.connection_string(&fetched)),
            names => Err(VaultError::Missing { names }),
        }
    }
}

type Fetched = Vec<(Kind, SecretString)>;

/// What is not in the environment.
async fn fetch(
    sources: &Sources,
    vault: Option<&Vault>,
    is_development: bool,
    now: OffsetDateTime,
) -> Result<Fetched, VaultError> {
    match vault {
        Some(vault) if sources.need_vault() => {
            let key_vault = KeyVault::connect(vault, now)?;
            fetch_from(&key_vault, sources, vault.deadline, is_development).await
        }
        _ => Ok(Vec::new()),
    }
}

async fn fetch_from(
    key_vault: &KeyVault,
    sources: &Sources,
    within: Duration,
    is_development: bool,
) -> Result<Fetched, VaultError> {
    let all = fetch_all(key_vault, sources, is_development);
    let in_time = tokio::time::timeout(within, all).await;
    in_time.map_err(|_| VaultError::TimedOut { within })?
}

async fn fetch_all(key_vault: &KeyVault, sources: &Sources, is_development: bool) -> Result<Fetched, VaultError> {
    let mut fetched = Vec::new();
    for (kind, name) in sources.in_vault() {
        let Some(value) = key_vault.secret(name).await? else {
            continue;
        };
        kind.check(value.expose_secret(), is_development)
            .map_err(|expected| VaultError::Unusable {
                name: name.to_owned(),
                expected,
            })?;
        fetched.push((kind, value));
    }
    Ok(fetched)
}

#[cfg(test)]
mod tests;
