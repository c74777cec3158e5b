//! Reads the secrets that are not in the environment from Key Vault.

use secrecy::{ExposeSecret, SecretString};

use super::Settings;
use super::key_vault::{KeyVault, VaultError};
use super::secrets::{Kind, Secrets, Sources};

impl Settings {
    /// All secrets. The vault is asked only for those that are not in the environment, and anew with every call: so a
    /// failed call can be repeated, and a rotated secret is found.
    ///
    /// # Errors
    /// See [`VaultError`]. The call takes at most `KEY_VAULT_DEADLINE`.
    pub async fn resolve(&self) -> Result<Secrets, VaultError> {
        let vault = match &self.vault {
            Some(vault) if self.sources.need_vault() => Some(KeyVault::connect(vault)?),
            _ => None,
        };
        self.resolve_from(vault.as_ref()).await
    }

    async fn resolve_from(&self, key_vault: Option<&KeyVault>) -> Result<Secrets, VaultError> {
        let fetched = match (&self.vault, key_vault) {
            (Some(vault), Some(key_vault)) => {
                let all = fetch(&self.sources, key_vault, self.is_development);
                tokio::time::timeout(vault.deadline, all)
                    .await
                    .map_err(|_| VaultError::TimedOut { within: vault.deadline })??
            }
            _ => Vec::new(),
        };
        self.sources
            .with(&fetched)
            .map_err(|names| VaultError::Missing { names })
    }
}

async fn fetch(
    sources: &Sources,
    key_vault: &KeyVault,
    is_development: bool,
) -> Result<Vec<(Kind, SecretString)>, VaultError> {
    let mut fetched = Vec::new();
    for (kind, name) in sources.in_vault() {
        let Some(value) = key_vault.secret(name).await? else {
            continue;
        };
        if !kind.accepts(value.expose_secret(), is_development) {
            return Err(VaultError::Unusable {
                name: name.to_owned(),
                expected: kind.form(),
            });
        }
        fetched.push((kind, value));
    }
    Ok(fetched)
}

#[cfg(test)]
mod tests;
