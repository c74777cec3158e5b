//! Builds the saga from settings, vault, database and SecureAuth client: on first use, again after a failure, and again
//! when SecureAuth refuses the credentials (docs/decisions.md#credentials-are-read-again).
//!
//! Nothing here ends the process: while something is missing, callers get [`NotReady`]
//! (docs/decisions.md#serving-without-settings).

mod database;
mod shared;

pub use database::Database;

use std::sync::Arc;

use async_trait::async_trait;
use tracing::{error, info};

use self::shared::Shared;
use crate::clock::{Clock, IdSource, SystemClock};
use crate::functions::{HttpLimits, NotReady, Services, ServicesSource};
use crate::saga::{Dependencies, Saga};
use crate::settings::secureauth::AuthMethod;
use crate::settings::{Environment, Findings, Secrets, Settings};
use crate::store::{SCHEMA_VERSIONS, Store, StoreError};
use crate::telemetry::chain;
use ic_secureauth_api::{self as api, ClientAuthMethod};

/// The scopes to request; the last three are optional (docs/reference/secureauth-api.md#access-scopes). Either of the first two of
/// them lets the client check a pool's identity provider; the last one ends sessions.
const SCOPES: [&str; 5] = [
    "manage_configuration",
    "identity",
    "read_configuration",
    "manage_idps",
    "revoke_tokens",
];

/// Builds the services when they are needed.
#[derive(Debug)]
pub struct Boot {
    settings: Result<Settings, Findings>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
    ready: Shared<Services, NotReady>,
}

impl Boot {
    /// Reads the settings and keeps their findings. The same `seed` gives the same ids and jitter.
    pub fn new(environment: &Environment, seed: u64) -> Self {
        Self {
            settings: Settings::read(environment),
            clock: Arc::new(SystemClock),
            ids: Arc::new(IdSource::seeded(seed)),
            ready: Shared::new(),
        }
    }

    /// The settings as read at start.
    ///
    /// # Errors
    /// All findings.
    pub fn settings(&self) -> Result<&Settings, &Findings> {
        self.settings.as_ref()
    }

    /// Limits of the HTTP function; their defaults if the settings have findings.
    pub fn limits(&self) -> HttpLimits {
        let Ok(settings) = &self.settings else {
            return HttpLimits::default();
        };
        HttpLimits {
            max_body: usize::try_from(settings.server.max_body_bytes).unwrap_or(usize::MAX),
            deadline: settings.server.http_deadline,
        }
    }

    /// Opens the database without looking at its schema version.
    ///
    /// # Errors
    /// The settings have findings, or vault or database cannot be reached.
    pub async fn database(&self) -> Result<Database, NotReady> {
        let settings = self.settings.as_ref().map_err(|_| NotReady::Configuration)?;
        let secrets = secrets(settings).await?;
        self.open(settings, &secrets).await
    }

    async fn open(&self, settings: &Settings, secrets: &Secrets) -> Result<Database, NotReady> {
        let opened = Database::open(settings, secrets, &self.clock, self.jitter_seed()).await;
        opened.map_err(|failure| {
            error!(error = %chain(&failure), "cannot open the database");
            NotReady::Database
        })
    }

    async fn make(&self) -> Result<Services, NotReady> {
        let settings = self.settings.as_ref().map_err(|_| NotReady::Configuration)?;
        let secrets = secrets(settings).await?;
        let store = self.open(settings, &secrets).await?.store();
        check_schema(store.as_ref()).await?;
        let secureauth = api::SecureAuth::new(self.client_config(settings, &secrets)?).map_err(|finding| {
            error!(%finding, "cannot build the SecureAuth client");
            NotReady::Configuration
        })?;
        let saga = Saga::new(Dependencies {
            store,
            secureauth,
            tenant_id: secrets.tenant_id,
            payload_schema_id: secrets.payload_schema_id,
            max_in_flight: usize::from(settings.secureauth.in_flight_per_worker()),
            attempts: u32::from(settings.secureauth.retry.attempts),
            workers: u32::from(settings.secureauth.workers),
            settings: settings.onboarding.clone(),
            run: settings.run.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
        });
        info!("ready");
        Ok(Services { saga: Arc::new(saga) })
    }

    fn client_config(&self, settings: &Settings, secrets: &Secrets) -> Result<api::Config, NotReady> {
        let secureauth = &settings.secureauth;
        let base_url = secureauth.base_url(&secrets.tenant_id).map_err(|failure| {
            error!(error = %failure, "SECUREAUTH_TENANT_ID and SECUREAUTH_REGION give no valid URL");
            NotReady::Configuration
        })?;
        Ok(api::Config {
            base_url,
            tenant_id: secrets.tenant_id.clone(),
            client_id: secrecy::ExposeSecret::expose_secret(&secrets.client_id).to_owned(),
            client_secret: secrets.client_secret.clone(),
            auth_method: match secureauth.auth_method {
                AuthMethod::Basic => ClientAuthMethod::Basic,
                AuthMethod::Post => ClientAuthMethod::Post,
            },
            scopes: SCOPES.map(str::to_owned).to_vec(),
            import_path: secureauth.import_path.clone(),
            attempts: u32::from(secureauth.retry.attempts),
            backoff: api::Backoff {
                first: secureauth.retry.first,
                max: secureauth.retry.max,
                retry_after_cap: secureauth.retry.after_cap,
                forbidden: secureauth.retry.forbidden,
                ..api::Backoff::default()
            },
            deadlines: api::Deadlines {
                connect: secureauth.deadlines.connect,
                crud: secureauth.deadlines.crud,
                import: secureauth.deadlines.import,
                token: secureauth.deadlines.token,
            },
            max_in_flight: usize::from(secureauth.in_flight_per_worker()),
            expiry_margin: secureauth.token_margin,
            jitter_seed: self.jitter_seed(),
        })
    }

    fn jitter_seed(&self) -> u64 {
        self.ids.uuid().as_u64_pair().0
    }
}

async fn secrets(settings: &Settings) -> Result<Secrets, NotReady> {
    settings.resolve().await.map_err(|failure| {
        error!(error = %chain(&failure), "cannot read the secrets");
        NotReady::Vault
    })
}

async fn check_schema(store: &dyn Store) -> Result<(), NotReady> {
    match store.schema_version().await {
        Ok(Some(version)) if SCHEMA_VERSIONS.contains(&version) => Ok(()),
        Ok(found) => {
            error!(?found, expected = ?SCHEMA_VERSIONS, "the database has another schema version; run `db migrate`");
            Err(NotReady::Schema)
        }
        Err(failure @ StoreError::OlderSchema { .. }) => {
            error!(error = %chain(&failure), "the database schema does not fit");
            Err(NotReady::Schema)
        }
        Err(failure) => {
            error!(error = %chain(&failure), "cannot read the database's schema version");
            Err(NotReady::Database)
        }
    }
}

#[async_trait]
impl ServicesSource for Boot {
    async fn services(&self) -> Result<Arc<Services>, NotReady> {
        let fresh = |services: &Services| !services.saga.is_stale();
        self.ready.get(fresh, async || self.make().await).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_without_settings_are_the_defaults_of_the_settings() {
        let unset = Boot::new(&Environment::default(), 1);
        assert!(unset.settings().is_err());
        let set = Boot::new(
            &Environment::of([
                ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
                ("DATABASE", "sqlite:never-opened.db"),
                ("SECOND_FACTOR_MECHANISMS", "none"),
                ("KEY_VAULT_URL", "https://ic.vault.azure.net"),
            ]),
            1,
        );
        assert!(set.settings().is_ok(), "{:?}", set.settings());
        assert_eq!(set.limits(), unset.limits());
    }
}
