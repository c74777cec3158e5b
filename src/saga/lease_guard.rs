//! Lets a call to SecureAuth start only if lease and worker slot last for the call's deadline and a margin. SecureAuth cannot
//! know who holds a lease and accepts calls from a worker that lost it, so such a worker must have no call in flight
//! (docs/decisions.md#secureauth-cannot-be-fenced).
//!
//! Also records until when calls that ended without an answer may still take effect
//! (docs/decisions.md#calls-without-an-answer), counts the attempts that started, and lets no call wait for SecureAuth longer
//! than the time slice lasts: a time slice without progress lasts longer (docs/decisions.md#a-wait-is-no-attempt).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::heartbeat::Hold;
use ic_secureauth_api::{CallGuard, CallNotAllowed};

/// A call needs both, the lease and the worker slot.
#[derive(Debug)]
pub(super) struct LeaseGuard {
    lease: Arc<Hold>,
    slot: Arc<Hold>,
    margin: Duration,
    ends: Ends,
    closing: CancellationToken,
    late_until: Mutex<Option<Instant>>,
    has_progress: AtomicBool,
    calls: AtomicU64,
}

/// Until when calls of a time slice may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// Once the time slice has recorded progress.
    pub(super) usual: Instant,
    /// Before that: another time slice would begin at the same place. The host does not kill the process before.
    pub(super) latest: Instant,
}

impl LeaseGuard {
    /// `late`: what earlier time slices of the run know of [`Self::late`].
    pub(super) fn new(
        lease: Arc<Hold>,
        slot: Arc<Hold>,
        margin: Duration,
        ends: Ends,
        late: Option<Duration>,
        closing: CancellationToken,
    ) -> Self {
        Self {
            lease,
            slot,
            margin,
            ends,
            closing,
            late_until: Mutex::new(late.map(|late| Instant::now() + late)),
            has_progress: AtomicBool::new(false),
            calls: AtomicU64::new(0),
        }
    }

    /// The time slice has recorded progress.
    pub(super) fn made_progress(&self) {
        self.has_progress.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_progress(&self) -> bool {
        self.has_progress.load(Ordering::Relaxed)
    }

    /// For how long calls of the run may still take effect although nobody waits for them; `None` when each was answered.
    pub(super) fn late(&self) -> Option<Duration> {
        let until = *self.late_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// How many attempts of calls were allowed.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The process is to end.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Another worker has the run for sure.
    pub(super) fn lease_is_taken(&self) -> bool {
        self.lease.is_taken()
    }
}

impl CallGuard for LeaseGuard {
    fn may_start(&self, deadline: Duration) -> Result<(), CallNotAllowed> {
        let rest = deadline + self.margin;
        if !self.is_closing() && self.lease.lasts(rest) && self.slot.lasts(rest) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            Ok(())
        } else {
            Err(CallNotAllowed)
        }
    }

    fn patience(&self) -> Option<Instant> {
        Some(if self.has_progress() {
            self.ends.usual
        } else {
            self.ends.latest
        })
    }

    fn outcome_unknown(&self, until: Instant) {
        let mut late_until = self.late_until.lock().unwrap_or_else(PoisonError::into_inner);
        *late_until = (*late_until).max(Some(until + self.margin));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARGIN: Duration = Duration::from_secs(15);

    fn guard(late: Option<Duration>) -> LeaseGuard {
        let hold = Arc::new(Hold::until(Instant::now() + Duration::from_mins(3)));
        let usual = Instant::now();
        let latest = usual + Duration::from_mins(6);
        let closing = CancellationToken::new();
        LeaseGuard::new(Arc::clone(&hold), hold, MARGIN, Ends { usual, latest }, late, closing)
    }

    #[tokio::test(start_paused = true)]
    async fn no_call_starts_or_counts_once_the_process_is_to_end() {
        let guard = guard(None);
        assert!(guard.may_start(MARGIN).is_ok());
        guard.closing.cancel();
        assert!(guard.may_start(MARGIN).is_err());
        assert_eq!(guard.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_may_wait_longer_until_the_time_slice_has_recorded_progress() {
        let now = Instant::now();
        let guard = guard(None);
        assert_eq!(guard.patience(), Some(now + Duration::from_mins(6)));
        guard.made_progress();
        assert_eq!(guard.patience(), Some(now));
    }

    #[tokio::test(start_paused = true)]
    async fn the_latest_call_without_an_answer_counts_and_is_never_forgotten() {
        let guard = guard(None);
        assert_eq!(guard.late(), None);
        let now = Instant::now();
        guard.outcome_unknown(now + Duration::from_mins(1));
        guard.outcome_unknown(now + Duration::from_secs(20));
        assert_eq!(guard.late(), Some(Duration::from_secs(75)));
        tokio::time::advance(Duration::from_mins(5)).await;
        assert_eq!(guard.late(), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn what_earlier_time_slices_know_counts_too() {
        let guard = guard(Some(Duration::from_secs(40)));
        guard.outcome_unknown(Instant::now());
        assert_eq!(guard.late(), Some(Duration::from_secs(40)));
    }
}
