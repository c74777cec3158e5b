//! The waits of one call that the server asks for.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::super::{Backoff, ErrorKind, error::Throttled};

/// How often a call has waited without being told how long, and until when it may wait.
#[derive(Debug)]
pub(crate) struct Waits {
    /// No wait may end later.
    pub(crate) latest: Instant,
    forbidden_in_a_row: AtomicU32,
    /// Their numbers in a row added up, so that a missing right is seen although other calls are let in between.
    forbidden: AtomicU32,
    unnamed: AtomicU32,
}

impl Waits {
    pub(crate) fn until(latest: Instant) -> Self {
        Self {
            latest,
            forbidden_in_a_row: AtomicU32::new(0),
            forbidden: AtomicU32::new(0),
            unnamed: AtomicU32::new(0),
        }
    }

    /// How long the server asks everybody to wait; `None` if it does not, or when a 403 is no burst because it was waited for often enough.
    /// `again`: the call was the first one after a pause.
    pub(crate) fn pause(&self, kind: &ErrorKind, backoff: &Backoff, again: bool) -> Option<Duration> {
        let count = |pauses: &AtomicU32| pauses.fetch_add(1, Ordering::Relaxed);
        let named = kind.retry_after().filter(|wait| !wait.is_zero());
        match kind.throttled()? {
            Throttled::Forbidden => {
                if !again {
                    self.forbidden_in_a_row.store(0, Ordering::Relaxed);
                }
                let in_a_row = count(&self.forbidden_in_a_row) + 1;
                let all = self.forbidden.fetch_add(in_a_row, Ordering::Relaxed) + in_a_row;
                let pause = backoff.forbidden(in_a_row, all)?;
                Some(pause.max(named.unwrap_or_default()))
            }
            Throttled::TooMany | Throttled::Token => {
                Some(named.unwrap_or_else(|| backoff.unnamed(count(&self.unnamed))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::error::Refusal, *};

    fn refused(status: u16, code: Option<&str>, retry_after: Option<u64>) -> ErrorKind {
        ErrorKind::Refused(Refusal {
            status,
            error_code: code.map(str::to_owned),
            retry_after: retry_after.map(Duration::from_secs),
            ..Refusal::default()
        })
    }

    #[test]
    fn a_pause_is_as_long_as_the_server_says_and_grows_where_it_does_not_say() {
        let waits = Waits::until(Instant::now());
        let pauses = |kind: &ErrorKind| {
            let pause = |_| {
                waits
                    .pause(kind, &Backoff::default(), true)
                    .map(|pause| pause.as_millis())
            };
            (0..4).map(pause).collect::<Vec<_>>()
        };
        assert_eq!(pauses(&refused(429, None, Some(7))), [Some(7_000); 4]);
        let growing = [500, 1_000, 2_000, 4_000].map(Some);
        assert_eq!(pauses(&refused(429, None, None)), growing);
        assert_eq!(pauses(&refused(503, None, Some(7))), [None; 4]);
    }

    #[test]
    fn a_403_is_an_error_when_it_comes_again_after_three_pauses_in_a_row_or_as_long_ones_with_others_let_in_between() {
        let burst = refused(403, Some("request_forbidden"), None);
        let paused = |again: &[bool]| {
            let waits = Waits::until(Instant::now());
            let pause = |again: &bool| waits.pause(&burst, &Backoff::default(), *again);
            again
                .iter()
                .map(|again| pause(again).map(|pause| pause.as_secs()))
                .collect::<Vec<_>>()
        };
        assert_eq!(paused(&[true; 4]), [Some(15), Some(30), Some(45), None]);
        let others_were_let_in = paused(&[false; 7]);
        assert_eq!(others_were_let_in[..6], [Some(15); 6]);
        assert_eq!(others_were_let_in[6], None);
        let both = paused(&[false, true, false, true, false]);
        assert_eq!(both, [Some(15), Some(30), Some(15), Some(30), None][..]);
    }
}
