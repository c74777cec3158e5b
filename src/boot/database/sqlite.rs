//! Opens a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Database, Schema};
use crate::clock::Clock;
use crate::store::sqlite::{SqliteOptions, SqliteStore};
use crate::store::{Finding, StoreError};

#[async_trait]
impl Schema for SqliteStore {
    async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        SqliteStore::migrate(self).await
    }

    async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        Ok(Vec::new())
    }

    async fn create_sample_crm(&self) -> Result<(), StoreError> {
        SqliteStore::create_sample_crm(self).await
    }
}

pub(super) async fn open(path: &Path, busy_timeout: Duration, clock: &Arc<dyn Clock>) -> Result<Database, StoreError> {
    let options = SqliteOptions {
        busy_timeout,
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(path, Arc::clone(clock), options).await?;
    Ok(Database(Arc::new(store)))
}
