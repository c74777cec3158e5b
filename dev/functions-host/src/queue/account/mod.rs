//! Queues of a storage account, in Azure or of an emulator, through its REST API.
//!
//! The vendor's client library takes no account keys, which connection strings hold; so the few requests are made here.

mod connection;
mod request;
mod signature;
mod xml;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use time::OffsetDateTime;

use connection::StorageAccount;
pub use connection::{ConnectionStringError, is_on_this_machine};
pub(crate) use connection::{of_emulator, of_emulator_with};
use request::{About, Requests};

use super::service::{QueueError, QueueMessage, QueueService, RenewedReceipt};

/// The last part of the path of a queue's messages.
const MESSAGES: &str = "messages";
/// Most messages that one receive returns.
const MAX_BATCH: usize = 32;

/// The queues of one storage account. Hosts with the same account compete for its messages.
///
/// The account's clock decides visibility and expiry. It counts whole seconds: fractions are cut off, and a receive hides
/// messages for a second at least.
#[derive(Clone)]
pub struct StorageQueues(Requests);

/// Why the queues of a storage account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The connection string cannot be used.
    #[error(transparent)]
    ConnectionString(#[from] ConnectionStringError),
    /// The system refuses an HTTP client.
    #[error("the HTTP client for the storage account: {0}")]
    Client(#[from] reqwest::Error),
}

impl StorageQueues {
    /// The queues of the account that a connection string names. Nothing is sent yet.
    pub fn new(connection_string: &str) -> Result<Self, StorageError> {
        let account = StorageAccount::parse(connection_string)?;
        tracing::info!(?account, "queues of a storage account");
        Ok(Self(Requests::new(account)?))
    }

    /// Deletes a queue and its messages.
    pub async fn delete_queue(&self, queue: &str) -> Result<(), QueueError> {
        let about = About::queue(queue);
        self.0.send(Method::DELETE, &[queue], &[], String::new(), about).await?;
        Ok(())
    }

    /// Number of messages; `None` when there is no such queue.
    async fn length(&self, queue: &str) -> Result<Option<usize>, QueueError> {
        let query = [("comp", "metadata".to_owned())];
        let about = About::queue(queue);
        match self.0.send(Method::GET, &[queue], &query, String::new(), about).await {
            Ok(answer) => {
                let count = answer.header("x-ms-approximate-messages-count");
                let count = count.and_then(|count| count.parse().ok());
                count.map(Some).ok_or_else(|| unreadable("the number of messages"))
            }
            Err(QueueError::QueueNotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl QueueService for StorageQueues {
    async fn exists(&self, queue: &str) -> Result<bool, QueueError> {
        Ok(self.length(queue).await?.is_some())
    }

    async fn create(&self, queue: &str) -> Result<(), QueueError> {
        let about = About::queue(queue);
        self.0.send(Method::PUT, &[queue], &[], String::new(), about).await?;
        Ok(())
    }

    async fn put(&self, queue: &str, body: &str, time_to_live: Duration) -> Result<(), QueueError> {
        let query = [("messagettl", time_to_live.as_secs().to_string())];
        let about = About {
            length: body.len(),
            ..About::queue(queue)
        };
        let path = [queue, MESSAGES];
        self.0
            .send(Method::POST, &path, &query, xml::message(body), about)
            .await?;
        Ok(())
    }

    async fn receive(&self, queue: &str, count: usize, visibility: Duration) -> Result<Vec<QueueMessage>, QueueError> {
        let query = [
            ("numofmessages", count.min(MAX_BATCH).to_string()),
            ("visibilitytimeout", visibility.as_secs().max(1).to_string()),
        ];
        let (path, about) = ([queue, MESSAGES], About::queue(queue));
        let received = self.0.send(Method::GET, &path, &query, String::new(), about).await?;
        xml::messages(&received.body).map_err(|error| unreadable(&error.to_string()))
    }

    async fn update(
        &self,
        queue: &str,
        id: &str,
        pop_receipt: &str,
        visibility: Duration,
    ) -> Result<RenewedReceipt, QueueError> {
        let query = [
            ("popreceipt", pop_receipt.to_owned()),
            ("visibilitytimeout", visibility.as_secs().to_string()),
        ];
        let about = About {
            message: id,
            ..About::queue(queue)
        };
        // Without a body the message keeps its text.
        let path = [queue, MESSAGES, id];
        let updated = self.0.send(Method::PUT, &path, &query, String::new(), about).await?;
        let next_visible_time = updated.header("x-ms-time-next-visible");
        let next_visible_time = next_visible_time.and_then(|time| httpdate::parse_http_date(time).ok());
        Ok(RenewedReceipt {
            pop_receipt: updated
                .header("x-ms-popreceipt")
                .ok_or_else(|| unreadable("the new receipt"))?
                .to_owned(),
            next_visible_time: OffsetDateTime::from(
                next_visible_time.ok_or_else(|| unreadable("the time of visibility"))?,
            ),
        })
    }

    async fn delete(&self, queue: &str, id: &str, pop_receipt: &str) -> Result<(), QueueError> {
        let query = [("popreceipt", pop_receipt.to_owned())];
        let about = About {
            message: id,
            ..About::queue(queue)
        };
        let path = [queue, MESSAGES, id];
        self.0.send(Method::DELETE, &path, &query, String::new(), about).await?;
        Ok(())
    }

    async fn count(&self, queue: &str) -> Result<usize, QueueError> {
        Ok(self.length(queue).await?.unwrap_or_default())
    }
}

fn unreadable(what: &str) -> QueueError {
    QueueError::Unavailable(format!("its answer cannot be read: {what}"))
}
