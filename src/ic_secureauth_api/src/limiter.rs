//! Limits the requests in flight, pauses all of them when the server asks for it, and keeps the learned rate.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};

use super::pace::Pace;

/// A call may wait so long for its turn whatever the caller allows: another time slice would cost more.
const OVERTIME: Duration = Duration::from_secs(1);

/// One for all tasks of a client, because the server limits the tenant, not the task.
#[derive(Debug)]
pub(super) struct Limiter {
    slots: Semaphore,
    /// Held by the only request in flight after a refusal.
    single: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    paused_until: Option<Instant>,
    /// The last refusal; `None` once a later call was accepted.
    refused_at: Option<Instant>,
    pace: Pace,
}

/// The right to send requests, one after the other, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    limiter: &'a Limiter,
    entered: Instant,
    _slot: SemaphorePermit<'a>,
    _single: Option<SemaphorePermit<'a>>,
}

/// The pause, or the wait for a turn, ends too late for the caller: it lasts so much longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong(pub(super) Duration);

impl Limiter {
    pub(super) fn new(max_in_flight: usize) -> Self {
        Self {
            slots: Semaphore::new(max_in_flight),
            single: Semaphore::new(1),
            state: Mutex::new(State {
                paused_until: None,
                refused_at: None,
                pace: Pace::new(Instant::now()),
            }),
        }
    }

    /// Waits for the end of the pause, for a free slot and for a turn at the learned rate, at most until `latest`.
    pub(super) async fn enter(&self, latest: Instant) -> Result<Permit<'_>, TooLong> {
        // Ends at the latest when a pause lasts beyond `latest`.
        loop {
            self.pause_is_over(latest).await?;
            let slot = acquire(&self.slots).await;
            let single = if self.is_refused() {
                Some(acquire(&self.single).await)
            } else {
                None
            };
            // Another task may have met a refusal, or the end of one, while this one waited.
            let is_refused = self.is_refused();
            if self.pause_end().is_some() || (is_refused && single.is_none()) {
                continue;
            }
            let now = Instant::now();
            let turn = self.lock().pace.reserve(now);
            if turn > latest.max(now + OVERTIME) {
                return Err(TooLong(turn - now));
            }
            sleep_until(turn).await;
            if self.pause_end().is_none() {
                return Ok(Permit {
                    limiter: self,
                    entered: Instant::now(),
                    _slot: slot,
                    _single: single.filter(|_| is_refused),
                });
            }
        }
    }

    /// Stops every task that has not started its request yet. A shorter pause never ends a longer one.
    pub(super) fn pause(&self, length: Duration) {
        // The clock cannot count that far; no process lives that long.
        let Some(end) = Instant::now().checked_add(length) else {
            return;
        };
        let mut state = self.lock();
        state.paused_until = Some(state.paused_until.map_or(end, |current| current.max(end)));
    }

    async fn pause_is_over(&self, latest: Instant) -> Result<(), TooLong> {
        match self.pause_end() {
            Some(end) if end > latest => Err(TooLong(end - Instant::now())),
            Some(end) => {
                sleep_until(end).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn pause_end(&self) -> Option<Instant> {
        self.lock().paused_until.filter(|end| *end > Instant::now())
    }

    fn is_refused(&self) -> bool {
        self.lock().refused_at.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The server accepted the request.
    pub(super) fn accepted(&self) {
        let mut state = self.limiter.lock();
        state.refused_at = state.refused_at.filter(|refused| *refused >= self.entered);
        state.pace.accepted();
    }

    /// The server asks everybody to pause. One request at a time is in flight from now on, until one is accepted.
    ///
    /// `too_many`: because there were too many requests, so they have to start at a lower rate afterwards. A request that was in flight
    /// during an earlier refusal tells nothing new about the rate.
    pub(super) fn refused(&self, pause: Duration, too_many: bool) {
        self.limiter.pause(pause);
        let now = Instant::now();
        let mut state = self.limiter.lock();
        if too_many && state.refused_at.is_none_or(|refused| refused < self.entered) {
            state.pace.refused(now, pause);
        }
        state.refused_at = Some(now);
    }
}

async fn acquire(semaphore: &Semaphore) -> SemaphorePermit<'_> {
    #[expect(clippy::expect_used, reason = "the semaphores are private and nothing closes them")]
    semaphore.acquire().await.expect("open semaphore")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn far() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    /// When each of these tasks got its permit; each holds it for a second.
    async fn entered(limiter: &Arc<Limiter>, tasks: usize) -> Vec<Duration> {
        let start = Instant::now();
        let enter = |_| {
            let limiter = Arc::clone(limiter);
            tokio::spawn(async move {
                let permit = limiter.enter(far()).await.unwrap();
                let at = start.elapsed();
                tokio::time::sleep(Duration::from_secs(1)).await;
                permit.accepted();
                at
            })
        };
        let tasks: Vec<_> = (0..tasks).map(enter).collect();
        let mut times = Vec::new();
        for task in tasks {
            times.push(task.await.unwrap());
        }
        times.sort();
        times
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_called_by_one_task_holds_the_others_too() {
        let limiter = Arc::new(Limiter::new(8));
        limiter.pause(Duration::from_secs(30));
        limiter.pause(Duration::from_secs(5));
        for at in entered(&limiter, 20).await {
            assert!(at >= Duration::from_secs(30));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_waited_for_a_slot_still_respects_a_pause_called_meanwhile() {
        let limiter = Arc::new(Limiter::new(1));
        let slot = limiter.enter(far()).await.unwrap();
        let waiting = tokio::spawn({
            let limiter = Arc::clone(&limiter);
            async move { entered(&limiter, 1).await }
        });
        tokio::task::yield_now().await;
        limiter.pause(Duration::from_secs(10));
        drop(slot);
        assert!(waiting.await.unwrap()[0] >= Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_one_request_is_in_flight_until_one_is_accepted_and_then_they_start_one_by_one() {
        let limiter = Arc::new(Limiter::new(8));
        let first = limiter.enter(far()).await.unwrap();
        first.refused(Duration::from_secs(10), true);
        drop(first);
        let times = entered(&limiter, 8).await;
        assert_eq!(times[0].as_secs(), 10);
        assert!(times[1] >= Duration::from_secs(11), "{times:?}");
        assert!(times.windows(2).all(|two| two[0] < two[1]), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_pause_or_a_turn_that_ends_too_late() {
        let limiter = Limiter::new(8);
        let soon = Instant::now() + Duration::from_secs(5);
        limiter.pause(Duration::from_secs(30));
        let rest = limiter.enter(soon).await.unwrap_err();
        assert_eq!(rest, TooLong(Duration::from_secs(30)));
        let permit = limiter.enter(far()).await.unwrap();
        permit.refused(Duration::from_millis(1), true);
        permit.accepted();
        let mut turns = 0;
        while limiter.enter(Instant::now()).await.is_ok() {
            turns += 1;
            assert!(turns < 100, "turns are at the learned rate, not at once");
        }
    }
}
