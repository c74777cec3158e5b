//! Decides which queues a host works on (S33).

use std::sync::Arc;

use super::account::{StorageError, StorageQueues};
use super::embedded::EmbeddedQueues;
use super::service::QueueService;
use crate::config::Environment;

/// The setting with the connection string of the app's storage account.
const STORAGE: &str = "AzureWebJobsStorage";

/// The queues of the options; else those of the account that the setting names; else embedded ones.
pub(crate) fn select(
    given: Option<Arc<dyn QueueService>>,
    environment: &Environment,
) -> Result<Arc<dyn QueueService>, StorageError> {
    if let Some(queues) = given {
        return Ok(queues);
    }
    match environment.get(STORAGE).filter(|value| !value.is_empty()) {
        Some(connection_string) => Ok(Arc::new(StorageQueues::new(connection_string)?)),
        None => Ok(Arc::new(EmbeddedQueues::default())),
    }
}
