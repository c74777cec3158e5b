//! Connections to one database file: one for writing, so that the writers of this process queue fairly, and a few for
//! reading. SQLite's calls block, so they run on the blocking thread pool.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Pool, RecycleResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{Fault, store_error, unavailable};
use crate::store::error::StoreError;

/// More than the adapter has: parsing a statement again would take most of a small biller's time.
const STATEMENTS_KEPT: usize = 128;

/// Opens connections with the options that every one of them needs.
#[derive(Debug)]
struct Manager {
    path: PathBuf,
    busy_timeout: Duration,
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = StoreError;

    async fn create(&self) -> Result<Connection, StoreError> {
        let (path, busy_timeout) = (self.path.clone(), self.busy_timeout);
        blocking("open the database", move || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(busy_timeout)?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            // Otherwise a statement is parsed again for other values, as for every page.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
            Ok(connection)
        })
        .await
    }

    async fn recycle(&self, _: &mut Connection, _: &Metrics) -> RecycleResult<StoreError> {
        Ok(())
    }
}

/// The pools of one database file.
#[derive(Debug)]
pub(super) struct Connections {
    writer: Pool<Manager>,
    readers: Pool<Manager>,
}

impl Connections {
    pub(super) fn new(path: &Path, busy_timeout: Duration, readers: usize) -> Result<Self, StoreError> {
        let pool = |size| {
            let manager = Manager {
                path: path.to_owned(),
                busy_timeout,
            };
            Pool::builder(manager)
                .max_size(size)
                .runtime(Runtime::Tokio1)
                .wait_timeout(Some(busy_timeout))
                .build()
                .map_err(|error| unavailable("open the database", error))
        };
        Ok(Self {
            writer: pool(1)?,
            readers: pool(readers)?,
        })
    }

    /// Runs `work` in a transaction that sees one unchanging state of the database.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        transaction(&self.readers, TransactionBehavior::Deferred, action, work).await
    }

    /// Runs `work` in a transaction that keeps other writers out from its start. It is committed only if `work` succeeds.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        transaction(&self.writer, TransactionBehavior::Immediate, action, work).await
    }
}

async fn transaction<T: Send + 'static>(
    pool: &Pool<Manager>,
    behavior: TransactionBehavior,
    action: &'static str,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
) -> Result<T, StoreError> {
    let mut connection = pool.get().await.map_err(|error| match error {
        managed::PoolError::Backend(error) => error,
        error => unavailable(action, error),
    })?;
    blocking(action, move || {
        let transaction = connection.transaction_with_behavior(behavior)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| unavailable(action, error))?
        .map_err(|fault| store_error(action, fault))
}
