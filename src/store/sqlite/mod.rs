//! The store of `make run` and the tests: SQLite in WAL mode (docs/decisions.md#two-databases-one-suite).
//!
//! Several processes may share the file. Writes are `BEGIN IMMEDIATE` transactions; a file that stays locked longer than
//! the busy timeout is [`StoreError::Unavailable`]. The time is the injected clock's.

mod accept;
mod accounts;
mod batch;
mod billers;
mod calls;
mod columns;
mod connections;
mod due;
mod ending;
mod error;
mod identity_pools;
mod migrate;
mod purge;
mod runs;
mod slots;
mod users;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Transaction;

use self::columns::Micros;
use self::connections::Connections;
use self::error::Fault;
use super::StoreError;
use crate::clock::Clock;

/// How [`SqliteStore`] uses its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How long to wait for another process's lock, or for a connection, before a call is [`StoreError::Unavailable`].
    pub busy_timeout: Duration,
    /// Number of connections for reading, besides the one for writing.
    pub readers: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            readers: 4,
        }
    }
}

/// [`super::Store`] on one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connections: Connections,
    clock: Arc<dyn Clock>,
}

impl SqliteStore {
    /// Opens the file, and creates an empty one if there is none. [`Self::migrate`] creates the tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, [`StoreError::Refused`] when it is not a database.
    pub async fn open(
        path: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
        options: SqliteOptions,
    ) -> Result<Self, StoreError> {
        let connections = Connections::new(path.as_ref(), options.busy_timeout, options.readers)?;
        let store = Self { connections, clock };
        store
            .read("read the schema version", |transaction, _| {
                migrate::applied(transaction)
            })
            .await?;
        Ok(store)
    }

    /// Applies the numbered scripts of `infra/sql/sqlite/` that are missing. The versions that were applied now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        self.write("create the tables", migrate::migrate).await
    }

    /// Creates the CRM's objects for `make run` and the tests (`infra/sql/sqlite/sample_crm.sql`).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_sample_crm(&self) -> Result<(), StoreError> {
        self.write("create the sample CRM", |transaction, _| {
            migrate::create_sample_crm(transaction)
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>, Micros) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.connections
            .read(action, move |transaction| work(transaction, clock.now().into()))
            .await
    }

    /// Runs `work` in a write transaction. The clock is read inside it, so that a later write has a later time.
    async fn write<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>, Micros) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.connections
            .write(action, move |transaction| work(transaction, clock.now().into()))
            .await
    }
}
