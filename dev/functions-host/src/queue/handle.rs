//! What a test can do with one queue.

use std::sync::Arc;

use time::OffsetDateTime;

use super::embedded::EmbeddedQueues;
use super::gateway::QueueGateway;
use super::processor::poison_queue_name;
use super::service::QueueError;

/// One queue of a running host. It need not exist yet.
///
/// Messages can be put into any queue, but only embedded queues show what they hold. With another service those methods
/// panic; ask that service itself.
#[derive(Clone)]
pub struct QueueHandle {
    name: String,
    gateway: Arc<QueueGateway>,
}

/// A message in the queue, seen without receiving it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeekedMessage {
    /// The id that the message got when it was put.
    pub id: String,
    /// The decoded text; the raw body if it is not in the app's encoding.
    pub text: String,
    /// How often the message was received so far.
    pub dequeue_count: u32,
    /// Whether the next receive may get the message.
    pub visible: bool,
    /// When the message becomes or became visible.
    pub next_visible_time: OffsetDateTime,
}

impl QueueHandle {
    pub(crate) fn new(name: &str, gateway: Arc<QueueGateway>) -> Self {
        Self {
            name: name.to_owned(),
            gateway,
        }
    }

    /// Puts a text in the app's encoding; creates the queue when it is missing.
    pub async fn send(&self, text: &str) -> Result<(), QueueError> {
        self.gateway.enqueue(&self.name, text.as_bytes()).await
    }

    /// Puts a body without encoding it, to test messages that are encoded wrongly.
    pub async fn send_raw(&self, body: &str) -> Result<(), QueueError> {
        self.gateway.enqueue_raw(&self.name, body).await
    }

    /// All messages, visible or not, in the order in which they were put.
    ///
    /// # Panics
    /// When the queues are not embedded.
    pub fn peek(&self) -> Vec<PeekedMessage> {
        let queues = self.embedded();
        let now = queues.now();
        let decode = |body: &str| {
            self.gateway.encoding().decode(body).map_or_else(
                || body.to_owned(),
                |content| String::from_utf8_lossy(&content).into_owned(),
            )
        };
        queues
            .messages(&self.name)
            .into_iter()
            .map(|message| PeekedMessage {
                text: decode(&message.body),
                id: message.id,
                dequeue_count: message.dequeue_count,
                visible: message.next_visible_time <= now,
                next_visible_time: message.next_visible_time,
            })
            .collect()
    }

    /// Number of messages, visible or not.
    ///
    /// # Panics
    /// When the queues are not embedded.
    pub fn len(&self) -> usize {
        self.embedded().messages(&self.name).len()
    }

    /// Whether the queue holds no message at all.
    ///
    /// # Panics
    /// When the queues are not embedded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all messages, as if they were lost.
    ///
    /// # Panics
    /// When the queues are not embedded.
    pub fn clear(&self) {
        self.embedded().clear(&self.name);
    }

    /// The poison queue of this queue: the host moves messages there that were delivered too often.
    #[must_use]
    pub fn poison(&self) -> Self {
        let name = poison_queue_name(&self.name).unwrap_or_else(|| self.name.clone());
        Self { name, ..self.clone() }
    }

    #[expect(
        clippy::expect_used,
        reason = "which service a host works on is its owner's own option; documented"
    )]
    fn embedded(&self) -> &EmbeddedQueues {
        let service = self.gateway.service();
        service.embedded().expect("the queues of this host are not embedded")
    }
}
