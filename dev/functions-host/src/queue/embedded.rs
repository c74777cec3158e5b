//! Queues in the memory of this process. They behave like those of a storage account: visibility, dequeue count, pop
//! receipts, expiry and size limit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::service::{QueueError, QueueMessage, QueueService, RenewedReceipt};
use crate::clock::{Clock, ClockAndRandom, random_seed, system_clock};
use crate::config::is_queue_name;

/// The storage account's limit of one encoded message, in bytes.
const MAX_MESSAGE_BYTES: usize = 65_536;

/// A storage account in memory. Clones share the same queues, so two hosts with clones compete for messages.
#[derive(Clone)]
pub struct EmbeddedQueues {
    clock: ClockAndRandom,
    queues: Arc<Mutex<BTreeMap<String, Vec<QueueMessage>>>>,
}

impl Default for EmbeddedQueues {
    fn default() -> Self {
        Self::new(system_clock(), random_seed())
    }
}

impl EmbeddedQueues {
    /// An account without queues; `clock` decides visibility and expiry, `seed` the ids.
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            clock: ClockAndRandom::new(clock, seed),
            queues: Arc::default(),
        }
    }

    /// Messages of a queue in the order they were put, visible or not; empty when the queue does not exist.
    pub(crate) fn messages(&self, queue: &str) -> Vec<QueueMessage> {
        self.lock().get(queue).cloned().unwrap_or_default()
    }

    /// Removes all messages of a queue.
    pub(crate) fn clear(&self, queue: &str) {
        if let Some(messages) = self.lock().get_mut(queue) {
            messages.clear();
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Locks the account and drops expired messages.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<QueueMessage>>> {
        let now = self.clock.now();
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        for messages in queues.values_mut() {
            messages.retain(|message| message.expiration_time > now);
        }
        queues
    }

    fn with_queue<T>(
        &self,
        queue: &str,
        work: impl FnOnce(&mut Vec<QueueMessage>) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        match self.lock().get_mut(queue) {
            Some(messages) => work(messages),
            None => Err(QueueError::QueueNotFound(queue.to_owned())),
        }
    }
}

#[async_trait]
impl QueueService for EmbeddedQueues {
    async fn exists(&self, queue: &str) -> Result<bool, QueueError> {
        Ok(self.lock().contains_key(queue))
    }

    async fn create(&self, queue: &str) -> Result<(), QueueError> {
        if !is_queue_name(queue) {
            return Err(QueueError::InvalidResourceName(queue.to_owned()));
        }
        self.lock().entry(queue.to_owned()).or_default();
        Ok(())
    }

    async fn put(&self, queue: &str, body: &str, time_to_live: Duration) -> Result<(), QueueError> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(QueueError::RequestBodyTooLarge(body.len()));
        }
        let now = self.clock.now();
        let message = QueueMessage {
            id: self.clock.uuid().to_string(),
            pop_receipt: self.clock.hex::<12>(),
            body: body.to_owned(),
            dequeue_count: 0,
            insertion_time: now,
            expiration_time: now + time_to_live,
            next_visible_time: now,
        };
        self.with_queue(queue, |messages| {
            messages.push(message);
            Ok(())
        })
    }

    async fn receive(&self, queue: &str, count: usize, visibility: Duration) -> Result<Vec<QueueMessage>, QueueError> {
        let now = self.clock.now();
        self.with_queue(queue, |messages| {
            let visible = messages.iter_mut().filter(|message| message.next_visible_time <= now);
            Ok(visible
                .take(count)
                .map(|message| {
                    message.dequeue_count += 1;
                    message.next_visible_time = now + visibility;
                    message.pop_receipt = self.clock.hex::<12>();
                    message.clone()
                })
                .collect())
        })
    }

    async fn update(
        &self,
        queue: &str,
        id: &str,
        pop_receipt: &str,
        visibility: Duration,
    ) -> Result<RenewedReceipt, QueueError> {
        let now = self.clock.now();
        self.with_queue(queue, |messages| {
            let at = position(messages, id, pop_receipt)?;
            let message = messages
                .get_mut(at)
                .ok_or_else(|| QueueError::MessageNotFound(id.to_owned()))?;
            message.next_visible_time = now + visibility;
            message.pop_receipt = self.clock.hex::<12>();
            Ok(RenewedReceipt {
                pop_receipt: message.pop_receipt.clone(),
                next_visible_time: message.next_visible_time,
            })
        })
    }

    async fn delete(&self, queue: &str, id: &str, pop_receipt: &str) -> Result<(), QueueError> {
        self.with_queue(queue, |messages| {
            let at = position(messages, id, pop_receipt)?;
            messages.remove(at);
            Ok(())
        })
    }

    async fn count(&self, queue: &str) -> Result<usize, QueueError> {
        Ok(self.lock().get(queue).map_or(0, Vec::len))
    }

    fn embedded(&self) -> Option<&EmbeddedQueues> {
        Some(self)
    }
}

/// Finds a message by id and checks that the receipt is its latest.
fn position(messages: &[QueueMessage], id: &str, pop_receipt: &str) -> Result<usize, QueueError> {
    let found = messages.iter().enumerate().find(|(_, message)| message.id == id);
    match found {
        None => Err(QueueError::MessageNotFound(id.to_owned())),
        Some((_, message)) if message.pop_receipt != pop_receipt => Err(QueueError::PopReceiptMismatch(id.to_owned())),
        Some((at, _)) => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    /// An account with the queue `items`, and its clock in seconds.
    async fn account() -> (EmbeddedQueues, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        let reading = Arc::clone(&seconds);
        let clock: Clock =
            Arc::new(move || OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(reading.load(Ordering::SeqCst)));
        let queues = EmbeddedQueues::new(clock, 1);
        queues.create("items").await.unwrap();
        (queues, seconds)
    }

    async fn receive_one(queues: &EmbeddedQueues, visibility: u64) -> QueueMessage {
        let messages = queues
            .receive("items", 32, Duration::from_secs(visibility))
            .await
            .unwrap();
        assert_eq!(messages.len(), 1);
        messages.into_iter().next().unwrap()
    }

    #[tokio::test]
    async fn a_received_message_is_hidden_for_its_visibility_and_counted() {
        let (queues, clock) = account().await;
        queues.put("items", "a", HOUR).await.unwrap();
        assert_eq!(receive_one(&queues, 600).await.dequeue_count, 1);
        clock.store(599, Ordering::SeqCst);
        assert_eq!(queues.receive("items", 32, HOUR).await, Ok(Vec::new()));
        clock.store(600, Ordering::SeqCst);
        assert_eq!(receive_one(&queues, 600).await.dequeue_count, 2);
    }

    #[tokio::test]
    async fn only_the_latest_receipt_updates_or_deletes() {
        let (queues, _) = account().await;
        queues.put("items", "a", HOUR).await.unwrap();
        let message = receive_one(&queues, 600).await;
        let renewed = queues
            .update("items", &message.id, &message.pop_receipt, HOUR)
            .await
            .unwrap();
        let stale = queues.delete("items", &message.id, &message.pop_receipt).await;
        assert_eq!(stale, Err(QueueError::PopReceiptMismatch(message.id.clone())));
        queues.delete("items", &message.id, &renewed.pop_receipt).await.unwrap();
        let gone = queues.delete("items", &message.id, &renewed.pop_receipt).await;
        assert_eq!(gone, Err(QueueError::MessageNotFound(message.id)));
    }

    #[tokio::test]
    async fn an_update_to_zero_shows_a_message_at_once() {
        let (queues, _) = account().await;
        queues.put("items", "a", HOUR).await.unwrap();
        let message = receive_one(&queues, 600).await;
        queues
            .update("items", &message.id, &message.pop_receipt, Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(receive_one(&queues, 600).await.id, message.id);
    }

    #[tokio::test]
    async fn a_message_expires_after_its_time_to_live() {
        let (queues, clock) = account().await;
        queues.put("items", "a", HOUR).await.unwrap();
        clock.store(3599, Ordering::SeqCst);
        assert_eq!(queues.messages("items").len(), 1);
        clock.store(3600, Ordering::SeqCst);
        assert_eq!(queues.messages("items"), []);
    }

    #[tokio::test]
    async fn a_batch_holds_the_oldest_visible_messages() {
        let (queues, _) = account().await;
        for body in ["a", "b", "c"] {
            queues.put("items", body, HOUR).await.unwrap();
        }
        let batch = queues.receive("items", 2, HOUR).await.unwrap();
        let bodies: Vec<_> = batch.iter().map(|message| message.body.as_str()).collect();
        assert_eq!(bodies, ["a", "b"]);
    }

    #[tokio::test]
    async fn what_storage_refuses_is_refused() {
        let (queues, _) = account().await;
        assert!(queues.put("items", &"a".repeat(65_536), HOUR).await.is_ok());
        let too_large = queues.put("items", &"a".repeat(65_537), HOUR).await;
        assert_eq!(too_large, Err(QueueError::RequestBodyTooLarge(65_537)));
        let missing = queues.put("others", "a", HOUR).await;
        assert_eq!(missing, Err(QueueError::QueueNotFound("others".to_owned())));
        let invalid = queues.create("Not_A_Name").await;
        assert_eq!(invalid, Err(QueueError::InvalidResourceName("Not_A_Name".to_owned())));
    }
}
