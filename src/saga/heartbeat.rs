//! Renews a database row that expires (a lease, a worker slot), and knows for how long this worker surely holds it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::store::StoreError;

#[derive(Debug, Clone, Copy)]
pub(super) struct Beat {
    /// How long the row is held after a renewal.
    pub(super) ttl: Duration,
    /// Pause between renewals.
    pub(super) every: Duration,
}

/// Renews until dropped.
#[derive(Debug)]
pub(super) struct Heartbeat {
    hold: Arc<Hold>,
    task: JoinHandle<()>,
}

/// What this worker knows about its hold on the row.
#[derive(Debug)]
pub(super) struct Hold(Mutex<Known>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The row is held until then. The time counts from before each renewal was sent, so that it never ends later than in
    /// the database.
    Until(Instant),
    /// The last renewal got no answer.
    Unsure,
    /// Another worker holds the row.
    Taken,
}

impl Hold {
    pub(super) fn until(until: Instant) -> Self {
        Self(Mutex::new(Known::Until(until)))
    }

    /// The row is held for at least `rest` from now.
    pub(super) fn lasts(&self, rest: Duration) -> bool {
        matches!(self.known(), Known::Until(until) if Instant::now() + rest < until)
    }

    /// Another worker holds the row for sure.
    pub(super) fn is_taken(&self) -> bool {
        self.known() == Known::Taken
    }

    fn known(&self) -> Known {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, known: Known) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Heartbeat {
    /// `asked`: when the request for the row was sent. `renew` returns `false` when another worker holds the row.
    pub(super) fn start<F, R>(asked: Instant, beat: Beat, renew: F) -> Self
    where
        F: Fn() -> R + Send + 'static,
        R: Future<Output = Result<bool, StoreError>> + Send + 'static,
    {
        let hold = Arc::new(Hold::until(asked + beat.ttl));
        let task = tokio::spawn(keep(Arc::clone(&hold), beat, renew));
        Self { hold, task }
    }

    pub(super) fn hold(&self) -> Arc<Hold> {
        Arc::clone(&self.hold)
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep<F, R>(hold: Arc<Hold>, beat: Beat, renew: F)
where
    F: Fn() -> R,
    R: Future<Output = Result<bool, StoreError>>,
{
    let mut pause = beat.every;
    loop {
        tokio::time::sleep(pause).await;
        let asked = Instant::now();
        match tokio::time::timeout(beat.ttl, renew()).await {
            Ok(Ok(true)) => {
                hold.set(Known::Until(asked + beat.ttl));
                pause = beat.every;
            }
            Ok(Ok(false) | Err(StoreError::LeaseLost(_))) => {
                hold.set(Known::Taken);
                return;
            }
            // New calls stop at once. The next renewal comes sooner and may still succeed.
            Ok(Err(error)) => {
                tracing::warn!(error = %crate::telemetry::chain(&error), "a heart-beat failed; new calls stop");
                hold.set(Known::Unsure);
                pause = beat.every / 3;
            }
            Err(_) => {
                hold.set(Known::Unsure);
                pause = beat.every / 3;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const BEAT: Beat = Beat {
        ttl: Duration::from_mins(3),
        every: Duration::from_secs(30),
    };

    fn unavailable() -> StoreError {
        StoreError::Unavailable {
            action: "renew",
            source: "down".into(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_is_held_while_its_renewals_succeed() {
        let heart = Heartbeat::start(Instant::now(), BEAT, || async { Ok(true) });
        tokio::time::sleep(Duration::from_secs(1_000)).await;
        assert!(heart.hold().lasts(Duration::from_secs(100)));
        assert!(!heart.hold().lasts(Duration::from_mins(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_stops_new_calls_until_one_succeeds() {
        let beats = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&beats);
        let heart = Heartbeat::start(Instant::now(), BEAT, move || {
            let beat = counted.fetch_add(1, Ordering::SeqCst);
            async move { if beat == 0 { Err(unavailable()) } else { Ok(true) } }
        });
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert!(!heart.hold().lasts(Duration::ZERO) && !heart.hold().is_taken());
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(heart.hold().lasts(Duration::from_secs(100)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_that_another_worker_took_is_never_held_again() {
        let heart = Heartbeat::start(Instant::now(), BEAT, || async { Ok(false) });
        tokio::time::sleep(Duration::from_secs(500)).await;
        assert!(!heart.hold().lasts(Duration::ZERO) && heart.hold().is_taken());
    }
}
