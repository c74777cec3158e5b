//! Builds the saga from settings, vault, database and SecureAuth client: on first use, again after a failure, and again
//! when SecureAuth refuses the credentials (docs/decisions.md#credentials-are-read-again).
//!
//! Nothing here ends the process: while something is missing, callers get [`NotReady`]
//! (docs/decisions.md#serving-without-settings).

mod database;
mod log_ins;
mod secret_reader;
mod shared;

pub use database::Database;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use self::secret_reader::{Held, SecretReader};
use self::shared::Shared;
use crate::clock::{Clock, IdSource, SystemClock};
use crate::functions::{HttpLimits, NotReady, Services, ServicesSource};
use crate::saga::{Dependencies, Saga};
use crate::settings::secureauth::AuthMethod;
use crate::settings::{DatabaseSettings, Environment, Findings, Secrets, Settings};
use crate::store::{SCHEMA_VERSIONS, Store, StoreError};
use crate::telemetry::{COMMIT, VERSION, chain};
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
    database: Result<DatabaseSettings, Findings>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
    /// `None` while the settings have findings.
    secrets: Option<SecretReader>,
    ready: Shared<Ready, NotReady>,
    closing: CancellationToken,
}

/// The services, and what they were built with.
#[derive(Debug)]
struct Ready {
    services: Arc<Services>,
    secrets: Arc<Held>,
}

impl Boot {
    /// Reads the settings and keeps their findings. The same `seed` gives the same ids and jitter.
    pub fn new(environment: &Environment, seed: u64) -> Self {
        let settings = Settings::read(environment);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let reader = |settings: &Settings| {
            let source = Arc::new(settings.clone());
            SecretReader::new(source, Arc::clone(&clock), settings.refresh())
        };
        Self {
            secrets: settings.as_ref().ok().map(reader),
            settings,
            database: DatabaseSettings::read(environment),
            clock,
            ids: Arc::new(IdSource::seeded(seed)),
            ready: Shared::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Cancelled, it makes every worker give its runs back.
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// The settings as read at start.
    ///
    /// # Errors
    /// All findings.
    pub fn settings(&self) -> Result<&Settings, &Findings> {
        self.settings.as_ref()
    }

    /// The settings of the database commands.
    ///
    /// # Errors
    /// All findings about them.
    pub fn database_settings(&self) -> Result<&DatabaseSettings, &Findings> {
        self.database.as_ref()
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
        let settings = self.database.as_ref().map_err(|_| NotReady::Configuration)?;
        let source = Arc::new(settings.clone());
        let secrets = SecretReader::new(source, Arc::clone(&self.clock), settings.refresh());
        let held = secrets.newest().await.ok_or(NotReady::Vault)?;
        self.open(settings, &secrets, held).await
    }

    async fn open(
        &self,
        settings: &DatabaseSettings,
        secrets: &SecretReader,
        held: Arc<Held>,
    ) -> Result<Database, NotReady> {
        let opened = Database::open(settings, secrets, held, &self.clock, self.jitter_seed()).await;
        opened.map_err(|failure| {
            error!(error = %chain(&failure), "cannot open the database");
            NotReady::Database
        })
    }

    /// `before`: what was built last. If SecureAuth refused its secrets, they are not tried again while the vault cannot be read.
    async fn make(&self, before: Option<Arc<Ready>>) -> Result<Ready, NotReady> {
        let settings = self.settings.as_ref().map_err(|_| NotReady::Configuration)?;
        let of_database = self.database.as_ref().map_err(|_| NotReady::Configuration)?;
        let reader = self.secrets.as_ref().ok_or(NotReady::Configuration)?;
        let refused = before.filter(|ready| ready.services.saga.is_stale());
        let held = match refused {
            Some(ready) => reader.newest_instead_of(&ready.secrets).await,
            None => reader.newest().await,
        };
        let held = held.ok_or(NotReady::Vault)?;
        let secrets = held.all().ok_or(NotReady::Configuration)?;
        let store = self.open(of_database, reader, Arc::clone(&held)).await?.store();
        check_schema(store.as_ref()).await?;
        let saga = Saga::new(Dependencies {
            store,
            secureauth: self.secureauth(settings, secrets, &[])?,
            tenant_id: secrets.tenant_id.clone(),
            payload_schema_id: secrets.payload_schema_id.clone(),
            max_in_flight: usize::from(settings.secureauth.in_flight_per_worker()),
            attempts: u32::from(settings.secureauth.retry.attempts),
            workers: u32::from(settings.secureauth.workers),
            settings: settings.onboarding.clone(),
            run: settings.run.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            closing: self.closing(),
        });
        info!("ready");
        let services = Arc::new(Services { saga: Arc::new(saga) });
        Ok(Ready {
            services,
            secrets: held,
        })
    }

    /// A client without a database, and the id of the payload schema. `more`: optional scopes besides those of runs.
    ///
    /// # Errors
    /// The settings have findings, or the vault cannot be reached.
    pub async fn client(&self, more: &[&str]) -> Result<(api::SecureAuth, String), NotReady> {
        let settings = self.settings.as_ref().map_err(|_| NotReady::Configuration)?;
        let reader = self.secrets.as_ref().ok_or(NotReady::Configuration)?;
        let held = reader.newest().await.ok_or(NotReady::Vault)?;
        let secrets = held.all().ok_or(NotReady::Configuration)?;
        let client = self.secureauth(settings, secrets, more)?;
        Ok((client, secrets.payload_schema_id.clone()))
    }

    fn secureauth(&self, settings: &Settings, secrets: &Secrets, more: &[&str]) -> Result<api::SecureAuth, NotReady> {
        let mut config = self.client_config(settings, secrets)?;
        config.scopes.extend(more.iter().map(ToString::to_string));
        api::SecureAuth::new(config).map_err(|finding| {
            error!(%finding, "cannot build the SecureAuth client");
            NotReady::Configuration
        })
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
            client_id: secrets.client_id.expose_secret().to_owned(),
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
            product: Some(format!("biller-onboarding/{VERSION} ({COMMIT})")),
        })
    }

    /// True if other secrets are held than those that the services were built with.
    fn have_secrets_changed(&self, ready: &Ready) -> bool {
        let held = self.secrets.as_ref().and_then(SecretReader::held);
        held.is_some_and(|held| held.differs(&ready.secrets))
    }

    fn jitter_seed(&self) -> u64 {
        self.ids.uuid().as_u64_pair().0
    }
}

async fn check_schema(store: &dyn Store) -> Result<(), NotReady> {
    match store.schema_version().await {
        Ok(Some(version)) if version.fits() => Ok(()),
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
        let fresh = |ready: &Ready| !ready.services.saga.is_stale() && !self.have_secrets_changed(ready);
        let ready = self.ready.get(fresh, async |before| self.make(before).await).await?;
        Ok(Arc::clone(&ready.services))
    }
}

#[cfg(test)]
mod tests;
