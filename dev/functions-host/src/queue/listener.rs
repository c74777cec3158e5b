//! The receive loop of one queue trigger (docs/reference/functions-host.md#queue-loop).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::backoff::Backoff;
use super::gateway::QueueGateway;
use super::processor::MessageProcessor;
use super::service::{QueueError, QueueMessage};
use crate::clock::ClockAndRandom;
use crate::config::QueueSettings;
use crate::tasks::Tasks;

pub(crate) struct QueueListener {
    pub(crate) processor: Arc<MessageProcessor>,
    pub(crate) gateway: Arc<QueueGateway>,
    pub(crate) settings: QueueSettings,
    pub(crate) min_polling_interval: Duration,
    pub(crate) message_visibility: Duration,
    pub(crate) tasks: Tasks,
    pub(crate) clock: ClockAndRandom,
}

impl QueueListener {
    /// Runs until the host stops receiving. Messages that are being worked on are not interrupted.
    pub(crate) async fn run(self) {
        let running = Arc::new(watch::Sender::new(0_usize));
        let mut occupancy = running.subscribe();
        let waker = self.gateway.waker(self.processor.queue());
        let mut backoff = Backoff::new(
            self.min_polling_interval,
            self.settings.max_polling_interval,
            self.clock.clone(),
        );
        let stopping = self.tasks.stopping();
        let mut exists = false;
        loop {
            let threshold = self.settings.new_batch_threshold;
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = occupancy.wait_for(|running| *running <= threshold) => {}
            }
            if self.receive(&mut exists, &running).await {
                backoff.reset();
                continue;
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(backoff.next_delay()) => {}
                () = waker.notified() => {}
            }
        }
    }

    /// Receives one batch and starts every message of it; false when there was no message.
    async fn receive(&self, exists: &mut bool, running: &Arc<watch::Sender<usize>>) -> bool {
        let messages = match self.try_receive(exists).await {
            Ok(messages) => messages,
            Err(error) => {
                *exists = false;
                tracing::warn!(queue = self.processor.queue(), %error, "receiving failed");
                return false;
            }
        };
        let any = !messages.is_empty();
        for message in messages {
            let slot = Slot::take(running);
            let processor = Arc::clone(&self.processor);
            self.tasks.spawn(async move {
                processor.process(message).await;
                drop(slot);
            });
        }
        any
    }

    /// Receives one batch. A missing trigger queue is not created, but polled for (S29).
    async fn try_receive(&self, exists: &mut bool) -> Result<Vec<QueueMessage>, QueueError> {
        let (service, queue) = (self.gateway.service(), self.processor.queue());
        if !*exists {
            *exists = service.exists(queue).await?;
        }
        if !*exists {
            return Ok(Vec::new());
        }
        service
            .receive(queue, self.settings.batch_size, self.message_visibility)
            .await
    }
}

/// Counts one message as running until it is dropped.
struct Slot(Arc<watch::Sender<usize>>);

impl Slot {
    fn take(running: &Arc<watch::Sender<usize>>) -> Self {
        running.send_modify(|running| *running += 1);
        Self(Arc::clone(running))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running = running.saturating_sub(1));
    }
}
