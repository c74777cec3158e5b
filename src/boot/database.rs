//! Opens the database that `DATABASE` names.

#[cfg_attr(not(feature = "sqlite"), path = "database/without_sqlite.rs")]
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;

use super::log_ins::LogIns;
use super::secret_reader::{Held, SecretReader};
use crate::clock::Clock;
use crate::settings::{ConnectionString, DatabaseKind, DatabaseSettings};
use crate::store::sql_server::{SqlServerOptions, SqlServerStore};
use crate::store::{Finding, Store, StoreError};

/// What connections are opened with, and the server's address.
fn access(
    settings: &DatabaseSettings,
    secrets: SecretReader,
    held: Arc<Held>,
    clock: &Arc<dyn Clock>,
) -> Result<(LogIns, String), StoreError> {
    let text = held.connection_string();
    let refused = |expected| StoreError::Refused {
        action: "read the connection string",
        source: format!("expected {expected}").into(),
    };
    let is_development = settings.is_development;
    let server = ConnectionString::parse(text.expose_secret(), is_development).map_err(refused)?;
    let (identity, clock) = (settings.identity.clone(), Arc::clone(clock));
    let log_ins = LogIns::new(secrets, held, is_development, identity, clock).map_err(refused)?;
    Ok((log_ins, server.config().get_addr()))
}

/// A store whose schema this program creates and checks.
#[async_trait]
trait Schema: Store {
    /// See [`Database::migrate`].
    async fn migrate(&self) -> Result<Vec<u32>, StoreError>;

    /// See [`Database::check`].
    async fn check(&self) -> Result<Vec<Finding>, StoreError>;

    /// See [`Database::create_sample_crm`].
    async fn create_sample_crm(&self) -> Result<(), StoreError>;
}

#[async_trait]
impl Schema for SqlServerStore {
    async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        SqlServerStore::migrate(self).await
    }

    async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        SqlServerStore::check(self).await
    }

    async fn create_sample_crm(&self) -> Result<(), StoreError> {
        SqlServerStore::create_sample_crm(self).await
    }
}

/// An open database of one of the two kinds.
#[derive(Debug, Clone)]
pub struct Database(Arc<dyn Schema>);

impl Database {
    pub(super) async fn open(
        settings: &DatabaseSettings,
        secrets: &SecretReader,
        held: Arc<Held>,
        clock: &Arc<dyn Clock>,
        jitter_seed: u64,
    ) -> Result<Self, StoreError> {
        let database = &settings.database;
        match &database.kind {
            DatabaseKind::Sqlite(path) => sqlite::open(path, database.busy_timeout, clock).await,
            DatabaseKind::SqlServer => {
                let (log_ins, server) = access(settings, secrets.clone(), held, clock)?;
                let options = SqlServerOptions {
                    pool_size: usize::try_from(database.pool_size).unwrap_or(usize::MAX),
                    connect_timeout: database.connect_timeout,
                    command_timeout: database.command_timeout,
                    wait_timeout: database.pool_wait,
                    max_age: database.connection_max_age,
                    jitter_seed,
                    ..SqlServerOptions::with(server, Arc::new(log_ins))
                };
                let store = SqlServerStore::connect(&options)?;
                Ok(Self(Arc::new(store)))
            }
        }
    }

    /// The database as the saga sees it.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0) as Arc<dyn Store>
    }

    /// Applies the numbered scripts of `infra/sql` that the database lacks. The versions that were applied now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        self.0.migrate().await
    }

    /// What `db check` finds beyond the schema's version; nothing on SQLite, whose CRM is the sample.
    ///
    /// # Errors
    /// The database failed.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        self.0.check().await
    }

    /// Creates the CRM's tables and views for samples and tests, as far as they are missing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create_sample_crm(&self) -> Result<(), StoreError> {
        self.0.create_sample_crm().await
    }
}
