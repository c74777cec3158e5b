//! Queues in this process's memory with the semantics of a storage account: visibility, dequeue count, pop receipts,
//! expiry and the size limit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::service::{QueueError, QueueMessage, QueueService, RenewedReceipt};
use crate::config::is_queue_name;
use crate::world::{Clock, World, random_seed, system_clock};

/// Storage's limit of one message on the wire, in bytes.
const MAX_MESSAGE_BYTES: usize = 65_536;

/// An in-memory storage account. Clones share the same queues, so two hosts given clones compete for messages.
#[derive(Clone)]
pub struct EmbeddedQueues {
    world: World,
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
            world: World::new(clock, seed),
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
        self.world.now()
    }

    /// Locks the account and drops what has expired.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<QueueMessage>>> {
        let now = self.world.now();
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
        let now = self.world.now();
        let message = QueueMessage {
            id: self.world.uuid().to_string(),
            pop_receipt: self.world.hex::<12>(),
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

    async fn receive(
        &self,
        queue: &str,
        count: usize,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        let now = self.world.now();
        self.with_queue(queue, |messages| {
            let visible = messages
                .iter_mut()
                .filter(|message| message.next_visible_time <= now);
            Ok(visible
                .take(count)
                .map(|message| {
                    message.dequeue_count += 1;
                    message.next_visible_time = now + visibility;
                    message.pop_receipt = self.world.hex::<12>();
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
        let now = self.world.now();
        self.with_queue(queue, |messages| {
            let at = position(messages, id, pop_receipt)?;
            let message = messages
                .get_mut(at)
                .ok_or_else(|| QueueError::MessageNotFound(id.to_owned()))?;
            message.next_visible_time = now + visibility;
            message.pop_receipt = self.world.hex::<12>();
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
}

/// Finds a message by id and checks that the receipt is its latest.
fn position(messages: &[QueueMessage], id: &str, pop_receipt: &str) -> Result<usize, QueueError> {
    let found = messages
        .iter()
        .enumerate()
        .find(|(_, message)| message.id == id);
    match found {
        None => Err(QueueError::MessageNotFound(id.to_owned())),
        Some((_, message)) if message.pop_receipt != pop_receipt => {
            Err(QueueError::PopReceiptMismatch(id.to_owned()))
        }
        Some((at, _)) => Ok(at),
    }
}
