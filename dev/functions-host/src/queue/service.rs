//! The operations of a storage account's queues that the host uses. The trigger loop knows only this trait, so
//! [`StorageQueues`](super::StorageQueues) can replace [`EmbeddedQueues`].

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::embedded::EmbeddedQueues;

/// One message, as a receive returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMessage {
    /// The id that the message got when it was put.
    pub id: String,
    /// The receipt of the last receive or update; needed to update or delete the message.
    pub pop_receipt: String,
    /// The text as it was put (usually base64).
    pub body: String,
    /// How often the message was received, this time included.
    pub dequeue_count: u32,
    /// When the message was put.
    pub insertion_time: OffsetDateTime,
    /// When the storage account drops the message.
    pub expiration_time: OffsetDateTime,
    /// When another receive may get the message.
    pub next_visible_time: OffsetDateTime,
}

/// The result of hiding a message for longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewedReceipt {
    /// The new receipt; the earlier one is no longer valid.
    pub pop_receipt: String,
    /// When another receive may get the message.
    pub next_visible_time: OffsetDateTime,
}

/// Why a queue operation failed. The names are the storage account's error codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// 404: there is no such queue.
    #[error("QueueNotFound: {0}")]
    QueueNotFound(String),
    /// 404: the message is deleted or expired.
    #[error("MessageNotFound: {0}")]
    MessageNotFound(String),
    /// 400: somebody else has received or updated the message meanwhile.
    #[error("PopReceiptMismatch: {0}")]
    PopReceiptMismatch(String),
    /// 413: more than 64 KiB.
    #[error("RequestBodyTooLarge: {0} bytes, at most 65536 are allowed")]
    RequestBodyTooLarge(usize),
    /// 400: the storage account does not accept this queue name.
    #[error("InvalidResourceName: {0}")]
    InvalidResourceName(String),
    /// The storage account refuses the request for another reason: status and error code.
    #[error("the storage account refuses the request: {0}")]
    Refused(String),
    /// The storage account does not answer or is busy.
    #[error("the queue service is not available: {0}")]
    Unavailable(String),
}

/// Queues by name. Every call is one request to the storage account.
#[async_trait]
pub trait QueueService: Send + Sync + 'static {
    /// True if the queue exists.
    async fn exists(&self, queue: &str) -> Result<bool, QueueError>;

    /// Creates the queue; one that exists is left as it is.
    async fn create(&self, queue: &str) -> Result<(), QueueError>;

    /// Puts a message that is visible at once and lives for `time_to_live`.
    async fn put(&self, queue: &str, body: &str, time_to_live: Duration) -> Result<(), QueueError>;

    /// Receives at most `count` visible messages and hides them for `visibility`.
    async fn receive(&self, queue: &str, count: usize, visibility: Duration) -> Result<Vec<QueueMessage>, QueueError>;

    /// Hides a received message for `visibility` from now; zero shows it at once.
    async fn update(
        &self,
        queue: &str,
        id: &str,
        pop_receipt: &str,
        visibility: Duration,
    ) -> Result<RenewedReceipt, QueueError>;

    /// Deletes a received message.
    async fn delete(&self, queue: &str, id: &str, pop_receipt: &str) -> Result<(), QueueError>;

    /// Number of messages, visible or not; 0 when there is no such queue.
    async fn count(&self, queue: &str) -> Result<usize, QueueError>;

    /// The embedded queues behind this service, for tests that look at hidden messages. `None` for a real storage account,
    /// which does not show them.
    fn embedded(&self) -> Option<&EmbeddedQueues> {
        None
    }
}
