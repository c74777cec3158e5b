//! Writes to queues as the host does: it encodes the message, sets its time to live, creates a missing queue, and wakes
//! the trigger of the same host (S29, S30).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::encoding::MessageEncoding;
use super::service::{QueueError, QueueService};

/// The host's connection to its storage account.
pub(crate) struct QueueGateway {
    service: Arc<dyn QueueService>,
    encoding: MessageEncoding,
    time_to_live: Duration,
    wakers: Mutex<HashMap<String, Arc<Notify>>>,
}

impl QueueGateway {
    pub(crate) fn new(service: Arc<dyn QueueService>, encoding: MessageEncoding, time_to_live: Duration) -> Self {
        Self {
            service,
            encoding,
            time_to_live,
            wakers: Mutex::default(),
        }
    }

    pub(crate) fn service(&self) -> &dyn QueueService {
        self.service.as_ref()
    }

    pub(crate) fn encoding(&self) -> MessageEncoding {
        self.encoding
    }

    /// Encodes and puts one message.
    pub(crate) async fn enqueue(&self, queue: &str, content: &[u8]) -> Result<(), QueueError> {
        self.enqueue_raw(queue, &self.encoding.encode(content)).await
    }

    /// Puts one message without encoding it.
    pub(crate) async fn enqueue_raw(&self, queue: &str, body: &str) -> Result<(), QueueError> {
        match self.service.put(queue, body, self.time_to_live).await {
            Err(QueueError::QueueNotFound(_)) => {
                self.service.create(queue).await?;
                self.service.put(queue, body, self.time_to_live).await?;
            }
            other => other?,
        }
        self.waker(queue).notify_one();
        Ok(())
    }

    /// Notified when this host puts a message into the queue.
    pub(crate) fn waker(&self, queue: &str) -> Arc<Notify> {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(wakers.entry(queue.to_owned()).or_default())
    }
}
