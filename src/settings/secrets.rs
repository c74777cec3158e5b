//! The secrets: given in the environment, else read from Azure Key Vault (docs/requirements.md#k1).
//!
//! Variables: `SECUREAUTH_TENANT_ID`, `SECUREAUTH_PAYLOAD_SCHEMA_ID`, `SECUREAUTH_CLIENT_ID`, `SECUREAUTH_CLIENT_SECRET`,
//! `SQLSERVER_CONNECTION_STRING`, and for each of them a `KEY_VAULT_…` with its name in the vault.

use secrecy::{ExposeSecret, SecretString};

use super::connection_string::{ConnectionString, NOUN};
use super::database::DatabaseKind;
use super::reader::{Known, Reader};
use super::secureauth::is_host_label;

/// One value that Key Vault may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    TenantId,
    PayloadSchemaId,
    ClientId,
    ClientSecret,
    ConnectionString,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::TenantId,
        Self::PayloadSchemaId,
        Self::ClientId,
        Self::ClientSecret,
        Self::ConnectionString,
    ];

    /// The variable with the value, the variable with its name in the vault, and the default of that name.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::TenantId => ("SECUREAUTH_TENANT_ID", "KEY_VAULT_TENANT_ID", "secureauth-tenant-id"),
            Self::PayloadSchemaId => (
                "SECUREAUTH_PAYLOAD_SCHEMA_ID",
                "KEY_VAULT_PAYLOAD_SCHEMA_ID",
                "secureauth-payload-schema-id",
            ),
            Self::ClientId => ("SECUREAUTH_CLIENT_ID", "KEY_VAULT_CLIENT_ID", "secureauth-client-id"),
            Self::ClientSecret => (
                "SECUREAUTH_CLIENT_SECRET",
                "KEY_VAULT_CLIENT_SECRET",
                "secureauth-client-secret",
            ),
            Self::ConnectionString => (
                "SQLSERVER_CONNECTION_STRING",
                "KEY_VAULT_SQLSERVER_CONNECTION_STRING",
                "sqlserver-connection-string",
            ),
        }
    }

    /// The expected form, as a noun.
    pub(super) const fn form(self) -> &'static str {
        match self {
            Self::TenantId => "a tenant id: letters, digits and hyphens, at most 63",
            Self::PayloadSchemaId => "a schema id: letters, digits, `_`, `-`, at most 128",
            Self::ClientId | Self::ClientSecret => "visible ASCII characters without blanks",
            Self::ConnectionString => NOUN,
        }
    }

    /// Whether a value can be used.
    ///
    /// # Errors
    /// What is expected instead, as a noun.
    pub(super) fn check(self, value: &str, is_development: bool) -> Result<(), String> {
        let fits = match self {
            Self::TenantId => is_host_label(value),
            Self::PayloadSchemaId => {
                (1..=128).contains(&value.len())
                    && value
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            }
            Self::ClientId | Self::ClientSecret => {
                !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic())
            }
            Self::ConnectionString => return ConnectionString::parse(value, is_development).map(drop),
        };
        fits.then_some(()).ok_or_else(|| self.form().to_owned())
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone)]
pub(super) enum SecretOrigin {
    /// The environment, which wins over the vault.
    Given(SecretString),
    /// The vault, where it has this name.
    Vault(String),
}

/// Where each secret comes from: environment or vault.
#[derive(Debug, Clone)]
pub struct Sources(Vec<(Kind, SecretOrigin)>);

impl Sources {
    pub(super) fn read(reader: &mut Reader<'_>, has_vault: bool, database: Option<&DatabaseKind>) -> Self {
        let sources = Kind::ALL.map(|kind| {
            let is_needed = kind != Kind::ConnectionString || database == Some(&DatabaseKind::SqlServer);
            Some((kind, source(reader, kind, has_vault, is_needed)?))
        });
        Self(sources.into_iter().flatten().collect())
    }

    /// Only where the connection string comes from.
    pub(super) fn read_connection_string(
        reader: &mut Reader<'_>,
        has_vault: bool,
        database: Option<&DatabaseKind>,
    ) -> Self {
        let kind = Kind::ConnectionString;
        let source = source(reader, kind, has_vault, database == Some(&DatabaseKind::SqlServer));
        Self(source.map(|source| (kind, source)).into_iter().collect())
    }

    /// True if a secret has to be read from the vault.
    pub fn need_vault(&self) -> bool {
        self.in_vault().next().is_some()
    }

    /// The secrets to fetch, and their names in the vault.
    pub(super) fn in_vault(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.0.iter().filter_map(|(kind, source)| match source {
            SecretOrigin::Vault(name) => Some((*kind, name.as_str())),
            SecretOrigin::Given(_) => None,
        })
    }

    /// The names in the vault of the secrets that are neither given nor `fetched`.
    pub(super) fn missing(&self, fetched: &[(Kind, SecretString)]) -> Vec<String> {
        let is_fetched = |wanted: Kind| fetched.iter().any(|(kind, _)| *kind == wanted);
        self.in_vault()
            .filter(|(kind, _)| !is_fetched(*kind))
            .map(|(_, name)| name.to_owned())
            .collect()
    }

    /// The connection string; `None` only with SQLite.
    pub(super) fn connection_string(&self, fetched: &[(Kind, SecretString)]) -> Option<SecretString> {
        self.find(Kind::ConnectionString, fetched)
    }

    /// All secrets, those `fetched` from the vault included.
    ///
    /// # Errors
    /// The names in the vault of all secrets that are missing.
    pub(super) fn with(&self, fetched: &[(Kind, SecretString)]) -> Result<Secrets, Vec<String>> {
        let missing = self.missing(fetched);
        let value = |kind| self.find(kind, fetched);
        let text = |kind| value(kind).map(|value| value.expose_secret().to_owned());
        let secrets = || {
            Some(Secrets {
                tenant_id: text(Kind::TenantId)?,
                payload_schema_id: text(Kind::PayloadSchemaId)?,
                client_id: value(Kind::ClientId)?,
                client_secret: value(Kind::ClientSecret)?,
                sqlserver_connection_string: self.connection_string(fetched),
            })
        };
        secrets().filter(|_| missing.is_empty()).ok_or(missing)
    }

    fn find(&self, kind: Kind, fetched: &[(Kind, SecretString)]) -> Option<SecretString> {
        let given = self.0.iter().find_map(|(of, source)| match source {
            SecretOrigin::Given(value) if *of == kind => Some(value),
            _ => None,
        });
        let fetched = || fetched.iter().find(|(of, _)| *of == kind).map(|(_, value)| value);
        given.or_else(fetched).cloned()
    }
}

fn source(reader: &mut Reader<'_>, kind: Kind, has_vault: bool, is_needed: bool) -> Option<SecretOrigin> {
    let (variable, vault_variable, default_name) = kind.names();
    let is_development = reader.is_development();
    let name = reader.text(
        vault_variable,
        "the name of a secret: letters, digits and hyphens, at most 127",
        default_name,
        is_secret_name,
    );
    let form = format!("{}; or KEY_VAULT_URL, the vault that has it as `{name}`", kind.form());
    let read = |text: &str| Some(SecretString::from(text));
    let known = Known::new(variable, form);
    let given = if is_needed && !has_vault {
        reader.required(known, read)
    } else {
        reader.optional(known, read)
    };
    if let Some(value) = &given
        && let Err(expected) = kind.check(value.expose_secret(), is_development)
    {
        reader.report(variable, expected);
    }
    reader.require(given.is_none() || !has_vault || is_development, variable, &[], || {
        format!(
            "to be unset while KEY_VAULT_URL is set, because the vault's secret `{name}` would be ignored (both only where \
             AZURE_FUNCTIONS_ENVIRONMENT=Development)"
        )
    });
    match given {
        Some(value) => Some(SecretOrigin::Given(value)),
        None => (is_needed && has_vault).then_some(SecretOrigin::Vault(name)),
    }
}

fn is_secret_name(text: &str) -> bool {
    (1..=127).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// All secrets, with the tenant's ids. `Debug` shows the ids only.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// SecureAuth's tenant: label of its host and segment of every path.
    pub tenant_id: String,
    /// Id of the schema of the users' payload.
    pub payload_schema_id: String,
    /// Id of the API client.
    pub client_id: SecretString,
    /// The API client's secret.
    pub client_secret: SecretString,
    /// ADO.NET connection string of SQL Server; `None` only with SQLite.
    pub sqlserver_connection_string: Option<SecretString>,
}
