//! The state of one call over its attempts.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    super::{Backoff, ErrorKind},
    Call,
    waits::Waits,
};

/// How long the server remembers an idempotency key (docs/reference/secureauth-api.md#requests-idempotency-key).
const KEY_LIFETIME: Duration = Duration::from_mins(1);

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) kind: ErrorKind,
    /// Whether another attempt of the same call may follow.
    pub(super) repeatable: bool,
}

impl Failed {
    /// No attempt follows.
    pub(super) fn for_good(kind: ErrorKind) -> Self {
        Self {
            kind,
            repeatable: false,
        }
    }
}

/// The state of one call over its attempts.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) waits: Waits,
    first_sent: Mutex<Option<Instant>>,
    sent: AtomicU32,
    uncertain: AtomicBool,
    renewed: AtomicBool,
    last: Mutex<Option<ErrorKind>>,
    /// How long after the first attempt another may start; `None` without an idempotency key.
    window: Option<Duration>,
}

impl Progress {
    /// A repetition has to arrive while the server remembers the key, so the window is shorter by the time to connect.
    pub(super) fn new(call: &Call, connect: Duration, waits: Waits) -> Self {
        Self {
            waits,
            first_sent: Mutex::new(None),
            sent: AtomicU32::new(0),
            uncertain: AtomicBool::new(false),
            renewed: AtomicBool::new(false),
            last: Mutex::new(None),
            window: call.keyed.then(|| KEY_LIFETIME.saturating_sub(connect)),
        }
    }

    /// Number of requests sent.
    pub(super) fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether a failed attempt may have taken effect.
    pub(super) fn is_uncertain(&self) -> bool {
        self.uncertain.load(Ordering::Relaxed)
    }

    /// True the first time only, so that a call renews its token once.
    pub(super) fn may_renew(&self) -> bool {
        !self.renewed.swap(true, Ordering::Relaxed)
    }

    /// A request is about to be sent.
    pub(super) fn sending(&self) {
        self.first_sent().get_or_insert_with(Instant::now);
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// An attempt failed.
    pub(super) fn failed(&self, kind: &ErrorKind) {
        if kind.may_have_had_an_effect() {
            self.uncertain.store(true, Ordering::Relaxed);
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kind.clone());
    }

    /// The last failure, once the server may have forgotten the key: it would take another attempt for a new request.
    pub(super) fn key_expired(&self) -> Option<ErrorKind> {
        if self.within_window(Duration::ZERO) {
            return None;
        }
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long to pause before the attempt is made again because the server asked for it; `None` when it may not be. `again`: it was the
    /// first one after a pause.
    pub(super) fn pause(&self, kind: &ErrorKind, backoff: &Backoff, again: bool) -> Option<Duration> {
        let pause = self.waits.pause(kind, backoff, again)?;
        if !self.is_uncertain() {
            // Nothing that was sent so far can have an effect, so the key's minute begins with the next attempt.
            *self.first_sent() = None;
        }
        self.within_window(pause).then_some(pause)
    }

    fn first_sent(&self) -> MutexGuard<'_, Option<Instant>> {
        self.first_sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pause before the next attempt; `None` when no attempt may follow. The limiter waits for `Retry-After`.
    pub(super) fn pause_before_repeating(&self, kind: &ErrorKind, pause: Option<Duration>) -> Option<Duration> {
        let whole = pause?.saturating_add(kind.retry_after().unwrap_or_default());
        self.within_window(whole).then_some(pause?)
    }

    fn within_window(&self, ahead: Duration) -> bool {
        match (self.window, *self.first_sent()) {
            (Some(window), Some(first)) => first.elapsed().saturating_add(ahead) < window,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use tokio::time::advance;
    use url::Url;

    use super::{
        super::super::{IdempotencyKey, Operation, error::Refusal},
        *,
    };

    const CONNECT: Duration = Duration::from_secs(10);

    fn waits() -> Waits {
        Waits::until(Instant::now())
    }

    fn call(keyed: bool) -> Call {
        let url = Url::parse("https://host/path").unwrap();
        let call = Call::new(Operation::CreatePool, Method::POST, url);
        if keyed {
            call.key(&IdempotencyKey::derive("run", "step", 0))
        } else {
            call
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyed_request_is_repeated_only_while_its_key_is_remembered() {
        let progress = Progress::new(&call(true), CONNECT, waits());
        progress.sending();
        progress.failed(&ErrorKind::Timeout);
        let second = Some(Duration::from_secs(1));
        assert_eq!(progress.pause_before_repeating(&ErrorKind::Timeout, second), second);
        advance(Duration::from_secs(48)).await;
        assert_eq!(progress.pause_before_repeating(&ErrorKind::Timeout, second), second);
        assert_eq!(progress.key_expired(), None);
        advance(Duration::from_secs(2)).await;
        assert_eq!(progress.pause_before_repeating(&ErrorKind::Timeout, second), None);
        assert_eq!(progress.key_expired(), Some(ErrorKind::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_without_a_key_has_no_window() {
        let progress = Progress::new(&call(false), CONNECT, waits());
        progress.sending();
        advance(Duration::from_mins(10)).await;
        let second = Some(Duration::from_secs(1));
        assert_eq!(progress.pause_before_repeating(&ErrorKind::Timeout, second), second);
        assert_eq!(progress.key_expired(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_attempt_had_no_effect_so_the_keys_minute_begins_with_the_next_one() {
        let progress = Progress::new(&call(true), CONNECT, waits());
        let wait = ErrorKind::Refused(Refusal {
            status: 429,
            retry_after: Some(Duration::from_secs(100)),
            ..Refusal::default()
        });
        progress.sending();
        progress.failed(&wait);
        assert_eq!(
            progress.pause(&wait, &Backoff::default(), false),
            Some(Duration::from_secs(100))
        );
        advance(Duration::from_secs(100)).await;
        assert_eq!(progress.key_expired(), None);
        progress.sending();
        progress.failed(&ErrorKind::Timeout);
        assert_eq!(
            progress.pause(&wait, &Backoff::default(), false),
            None,
            "the timeout may have had an effect"
        );
    }

    #[test]
    fn uncertainty_outlives_a_later_certain_failure() {
        let progress = Progress::new(&call(true), CONNECT, waits());
        progress.failed(&ErrorKind::Timeout);
        progress.failed(&ErrorKind::Connect {
            reason: "refused".into(),
        });
        assert!(progress.is_uncertain());
    }
}
