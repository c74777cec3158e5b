//! Limits the requests in flight, and pauses all of them when the server asks for it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};

/// One for all tasks of a client, because the server limits the tenant, not the task.
#[derive(Debug)]
pub(super) struct Limiter {
    slots: Semaphore,
    paused_until: Mutex<Option<Instant>>,
}

impl Limiter {
    pub(super) fn new(max_in_flight: usize) -> Self {
        Self {
            slots: Semaphore::new(max_in_flight),
            paused_until: Mutex::new(None),
        }
    }

    /// Waits for the end of the pause and for a free slot; the slot is held until the permit is dropped.
    pub(super) async fn enter(&self) -> SemaphorePermit<'_> {
        loop {
            if let Some(end) = self.pause_end() {
                sleep_until(end).await;
            }
            #[expect(clippy::expect_used, reason = "the semaphore is private and nothing closes it")]
            let permit = self.slots.acquire().await.expect("open semaphore");
            // Another task may have called for a pause while this one waited for its slot.
            if self.pause_end().is_none() {
                return permit;
            }
        }
    }

    /// Stops every task that has not started its request yet. A shorter pause never ends a longer one.
    pub(super) fn pause(&self, length: Duration) {
        // The clock cannot count that far; no process lives that long.
        let Some(end) = Instant::now().checked_add(length) else {
            return;
        };
        let mut until = self.lock();
        *until = Some(until.map_or(end, |current| current.max(end)));
    }

    fn pause_end(&self) -> Option<Instant> {
        self.lock().filter(|end| *end > Instant::now())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_called_by_one_task_holds_the_others_too() {
        let limiter = Arc::new(Limiter::new(8));
        let start = Instant::now();
        limiter.pause(Duration::from_secs(30));
        limiter.pause(Duration::from_secs(5));
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                tokio::spawn(async move {
                    let _permit = limiter.enter().await;
                    start.elapsed()
                })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap() >= Duration::from_secs(30));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_waited_for_a_slot_still_respects_a_pause_called_meanwhile() {
        let limiter = Arc::new(Limiter::new(1));
        let start = Instant::now();
        let slot = limiter.enter().await;
        let waiting = tokio::spawn({
            let limiter = Arc::clone(&limiter);
            async move {
                let _permit = limiter.enter().await;
                start.elapsed()
            }
        });
        tokio::task::yield_now().await;
        limiter.pause(Duration::from_secs(10));
        drop(slot);
        assert!(waiting.await.unwrap() >= Duration::from_secs(10));
    }
}
