//! Where Azure Key Vault is, and how it is asked.
//!
//! Variables: `KEY_VAULT_URL`, `KEY_VAULT_DEADLINE`, `KEY_VAULT_ATTEMPTS`, `KEY_VAULT_REFRESH`, and from the platform `IDENTITY_ENDPOINT`,
//! `IDENTITY_HEADER`, `AZURE_CLIENT_ID`.

use std::time::Duration;

use url::Url;

use super::environment::Environment;
use super::forms::base_url;
use super::reader::{Known, Reader};

const URL: &str = "KEY_VAULT_URL";

/// Where Azure Key Vault is, and how it is asked.
#[derive(Debug, Clone)]
pub struct Vault {
    /// `https://{name}.vault.azure.net`
    pub url: Url,
    /// Longest time for all secrets together.
    pub deadline: Duration,
    /// Attempts per secret, the first included.
    pub attempts: u8,
    /// What was read is read again after this time.
    pub refresh: Duration,
    /// The identity that asks.
    pub identity: Identity,
}

/// The identity of this machine: it asks for the secrets, and logs in at SQL Server where the connection string says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The function app's managed identity: the system-assigned one, or the user-assigned one with this client id.
    Managed(Option<String>),
    /// Whoever is signed in with the Azure CLI or the Azure Developer CLI.
    Developer,
}

impl Vault {
    /// True if `KEY_VAULT_URL` is set, even to a wrong value: then its finding is enough, and the secrets need none.
    pub(super) fn is_meant(environment: &Environment) -> bool {
        environment.get(URL).is_some()
    }

    /// `None` when no vault is configured.
    pub(super) fn read(reader: &mut Reader<'_>, identity: &Identity) -> Option<Self> {
        let url = reader.optional(Known::new(URL, "the https URL of a vault, without a path"), |text| {
            base_url(text, false).filter(|url| url.path() == "/")
        });
        let deadline = reader.duration("KEY_VAULT_DEADLINE", Duration::from_secs(15), Duration::from_secs(1));
        let attempts = reader.number("KEY_VAULT_ATTEMPTS", 3, 1..=10);
        let refresh = reader.duration("KEY_VAULT_REFRESH", Duration::from_hours(1), Duration::from_mins(1));
        Some(Self {
            url: url?,
            deadline,
            attempts,
            refresh,
            identity: identity.clone(),
        })
    }
}

impl Identity {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut text = |name, form| reader.optional(Known::new(name, form), |text| Some(text.to_owned()));
        let endpoint = text("IDENTITY_ENDPOINT", "what the platform sets");
        let header = text("IDENTITY_HEADER", "what the platform sets");
        let client_id = text("AZURE_CLIENT_ID", "the client id of a user-assigned identity");
        match endpoint.and(header) {
            Some(_) => Self::Managed(client_id),
            None => Self::Developer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Option<Vault> {
        let environment = Environment::of(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let identity = Identity::read(&mut reader);
        let vault = Vault::read(&mut reader, &identity);
        assert_eq!(
            reader.finish().0.names("KEY_VAULT_URL"),
            !pairs.is_empty() && vault.is_none()
        );
        vault
    }

    #[test]
    fn a_vault_is_asked_over_https_only() {
        assert!(read(&[]).is_none());
        assert!(read(&[("KEY_VAULT_URL", "https://ic.vault.azure.net")]).is_some());
        for bad in ["http://ic.vault.azure.net", "https://ic.vault.azure.net/secrets", "ic"] {
            assert!(read(&[("KEY_VAULT_URL", bad)]).is_none(), "{bad}");
        }
    }

    #[test]
    fn in_azure_the_managed_identity_asks() {
        let url = ("KEY_VAULT_URL", "https://ic.vault.azure.net");
        let endpoint = ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token");
        let header = ("IDENTITY_HEADER", "x");
        let client = ("AZURE_CLIENT_ID", "0a1b");
        let identity = |pairs: &[_]| read(pairs).map(|vault| vault.identity);
        assert_eq!(identity(&[url, endpoint, header]), Some(Identity::Managed(None)));
        assert_eq!(
            identity(&[url, endpoint, header, client]),
            Some(Identity::Managed(Some("0a1b".into())))
        );
        assert_eq!(identity(&[url, endpoint]), Some(Identity::Developer));
    }
}
