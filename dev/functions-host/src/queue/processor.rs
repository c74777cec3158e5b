//! Processes one received message (docs/reference/functions-host.md#deliveries).

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::gateway::QueueGateway;
use super::service::{QueueError, QueueMessage};
use crate::config::{Function, QueueSettings};
use crate::envelope::{QueueInput, TriggerInput};
use crate::invocation::{Invoker, Request};

/// Suffix of the queue for messages that were delivered too often.
const POISON_SUFFIX: &str = "-poison";
/// The storage account's limit for the length of a queue name.
const MAX_QUEUE_NAME: usize = 63;
/// A failed renewal is repeated after the renewal interval divided by this.
const RENEWAL_RETRY_DIVISOR: u32 = 5;

pub(crate) struct MessageProcessor {
    pub(crate) function: Arc<Function>,
    pub(crate) queue: String,
    pub(crate) invoker: Arc<Invoker>,
    pub(crate) gateway: Arc<QueueGateway>,
    pub(crate) settings: QueueSettings,
    pub(crate) message_visibility: Duration,
    pub(crate) renewal_interval: Duration,
}

/// Name of a queue's poison queue; `None` for a poison queue, and if the name would be too long.
pub(crate) fn poison_queue_name(queue: &str) -> Option<String> {
    let name = format!("{queue}{POISON_SUFFIX}");
    (!queue.ends_with(POISON_SUFFIX) && name.len() <= MAX_QUEUE_NAME).then_some(name)
}

impl MessageProcessor {
    pub(crate) fn queue(&self) -> &str {
        &self.queue
    }

    /// Processes one message until it is deleted, shown again, moved to the poison queue, or left hidden.
    pub(crate) async fn process(&self, mut message: QueueMessage) {
        let Some(content) = self.gateway.encoding().decode(&message.body) else {
            tracing::warn!(
                queue = self.queue,
                id = message.id,
                "message is not in the app's encoding"
            );
            return self.poison(&message, None).await;
        };
        // A trigger on a poison queue gets its messages however often they were delivered (S41).
        if message.dequeue_count > self.settings.max_dequeue_count && !self.queue.ends_with(POISON_SUFFIX) {
            return self.poison(&message, Some(&content)).await;
        }
        let succeeded = self.invoke(&mut message, &content).await;
        if succeeded {
            self.delete(&message).await;
        } else if message.dequeue_count >= self.settings.max_dequeue_count {
            self.poison(&message, Some(&content)).await;
        } else if poison_queue_name(&self.queue).is_some() {
            self.show_again(&message).await;
        }
    }

    /// Invokes the function and keeps the message hidden meanwhile. Writes the latest receipt into `message`.
    async fn invoke(&self, message: &mut QueueMessage, content: &[u8]) -> bool {
        let input = TriggerInput::Queue(QueueInput {
            content: content.to_vec(),
            message: Some(message.clone()),
        });
        let mut invocation = pin!(self.invoker.invoke(Request::new(Arc::clone(&self.function), input)));
        let mut pause = self.renewal_interval;
        loop {
            tokio::select! {
                result = &mut invocation => return result.is_ok(),
                () = tokio::time::sleep(pause) => pause = self.renew(message).await,
            }
        }
    }

    /// Hides the message for longer. Returns the pause until the next renewal.
    async fn renew(&self, message: &mut QueueMessage) -> Duration {
        let service = self.gateway.service();
        let renewed = service
            .update(&self.queue, &message.id, &message.pop_receipt, self.message_visibility)
            .await;
        match renewed {
            Ok(renewed) => {
                message.pop_receipt = renewed.pop_receipt;
                self.renewal_interval
            }
            Err(error) => {
                tracing::warn!(queue = self.queue, id = message.id, %error, "renewal failed");
                self.renewal_interval / RENEWAL_RETRY_DIVISOR
            }
        }
    }

    async fn show_again(&self, message: &QueueMessage) {
        let service = self.gateway.service();
        let updated = service
            .update(
                &self.queue,
                &message.id,
                &message.pop_receipt,
                self.settings.visibility_timeout,
            )
            .await;
        self.log_failure("update", message, updated.map(drop));
    }

    /// Copies the message to the poison queue and deletes it. Without a poison queue it stays hidden.
    async fn poison(&self, message: &QueueMessage, content: Option<&[u8]>) {
        let Some(poison) = poison_queue_name(&self.queue) else {
            return;
        };
        tracing::warn!(
            queue = self.queue,
            id = message.id,
            "Message has reached MaxDequeueCount of {}. Moving message to queue '{poison}'.",
            self.settings.max_dequeue_count
        );
        let copied = match content {
            Some(content) => self.gateway.enqueue(&poison, content).await,
            None => self.gateway.enqueue_raw(&poison, &message.body).await,
        };
        match copied {
            Ok(()) => self.delete(message).await,
            failed => self.log_failure("copy", message, failed),
        }
    }

    async fn delete(&self, message: &QueueMessage) {
        let service = self.gateway.service();
        let deleted = service.delete(&self.queue, &message.id, &message.pop_receipt).await;
        self.log_failure("delete", message, deleted);
    }

    fn log_failure(&self, operation: &str, message: &QueueMessage, result: Result<(), QueueError>) {
        if let Err(error) = result {
            tracing::warn!(queue = self.queue, id = message.id, operation, %error, "queue operation failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poison_queue_has_no_poison_queue_and_no_name_becomes_too_long() {
        assert_eq!(
            poison_queue_name("migrate-users").as_deref(),
            Some("migrate-users-poison")
        );
        assert_eq!(poison_queue_name("migrate-users-poison"), None);
        assert_eq!(poison_queue_name(&"a".repeat(57)), None);
    }
}
