//! Pauses between the attempts of one call: exponential with full jitter.

use std::{sync::Mutex, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// How long to wait between the attempts of one call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// Upper bound of the pause after the first attempt.
    pub first: Duration,
    /// Each bound is the one before it multiplied by this; at least 1.
    pub factor: f32,
    /// Largest bound.
    pub max: Duration,
    /// Longest pause that a call waits for. A longer one ends the call, and nothing is sent during it.
    pub retry_after_cap: Duration,
    /// Pause of all calls after a 403 `request_forbidden`. Refused again right after it, a call makes the second and the third one two and
    /// three times as long. All such pauses of a call together are at most six times as long.
    pub forbidden: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            factor: 2.0,
            max: Duration::from_secs(20),
            retry_after_cap: Duration::from_mins(2),
            forbidden: Duration::from_secs(15),
        }
    }
}

/// All pauses of one call because of a 403 `request_forbidden` are at most so many times as long as the first one.
const FORBIDDEN_PAUSES: u32 = 6;

impl Backoff {
    /// The pause after a 429 without `Retry-After`: each one of a call is twice as long as the one before it.
    pub(super) fn unnamed(&self, pauses_before: u32) -> Duration {
        let first = self.first.max(Duration::from_millis(1));
        first.saturating_mul(2_u32.saturating_pow(pauses_before))
    }

    /// The pause after so many 403 `request_forbidden` in a row; `None` when the call has paused, with this pause, too often. `all`: the
    /// numbers of this 403 and of those before it, added up.
    pub(super) fn forbidden(&self, in_a_row: u32, all: u32) -> Option<Duration> {
        (all <= FORBIDDEN_PAUSES).then(|| self.forbidden.saturating_mul(in_a_row))
    }
}

/// Makes the pauses of each call from one seed.
#[derive(Debug)]
pub(super) struct Pauses {
    backoff: Backoff,
    attempts: u32,
    seeds: Mutex<ChaCha8Rng>,
}

impl Pauses {
    pub(super) fn new(backoff: Backoff, attempts: u32, seed: u64) -> Self {
        Self {
            backoff,
            attempts,
            seeds: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
        }
    }

    /// One pause fewer than there are attempts.
    pub(super) fn for_one_call(&self) -> impl Iterator<Item = Duration> + Send + Sync + Unpin + use<> {
        let seed = self
            .seeds
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .next_u64();
        full_jitter(&self.backoff, self.attempts, ChaCha8Rng::seed_from_u64(seed))
    }
}

/// Random pauses between zero and the exponential bound, so that clients that failed together do not retry together.
fn full_jitter(
    backoff: &Backoff,
    attempts: u32,
    mut random: ChaCha8Rng,
) -> impl Iterator<Item = Duration> + Send + Sync + Unpin + use<> {
    ExponentialBuilder::new()
        .with_min_delay(backoff.first.min(backoff.max))
        .with_factor(backoff.factor)
        .with_max_delay(backoff.max)
        .with_max_times(usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1))
        .build()
        .map(move |bound| random.random_range(Duration::ZERO..=bound))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pauses(backoff: &Backoff, attempts: u32, seed: u64) -> Vec<Duration> {
        full_jitter(backoff, attempts, ChaCha8Rng::seed_from_u64(seed)).collect()
    }

    proptest! {
        #[test]
        fn a_pause_stays_within_its_exponential_bound(
            first in 0_u64..5_000, factor in 1.0_f32..5.0, max in 0_u64..60_000, attempts in 1_u32..12, seed: u64,
        ) {
            let backoff = Backoff {
                first: Duration::from_millis(first),
                factor,
                max: Duration::from_millis(max),
                ..Backoff::default()
            };
            let pauses = pauses(&backoff, attempts, seed);
            prop_assert_eq!(pauses.len(), attempts as usize - 1);
            let mut bound = backoff.first.min(backoff.max);
            for pause in pauses {
                prop_assert!(pause <= bound, "{:?} > {:?}", pause, bound);
                // A hundredth of slack: the library multiplies in single precision.
                bound = bound.mul_f32(factor * 1.01).min(backoff.max);
            }
        }

        #[test]
        fn the_same_seed_gives_the_same_pauses(seed: u64) {
            let backoff = Backoff::default();
            prop_assert_eq!(pauses(&backoff, 6, seed), pauses(&backoff, 6, seed));
        }
    }

    #[test]
    fn jitter_uses_the_whole_range_and_differs_between_calls() {
        let source = Pauses::new(Backoff::default(), 2, 7);
        let firsts: Vec<_> = (0..1_000).filter_map(|_| source.for_one_call().next()).collect();
        let tenth = Backoff::default().first / 10;
        assert_eq!(firsts.len(), 1_000);
        assert!(firsts.iter().any(|pause| *pause < tenth), "no pause near zero");
        assert!(firsts.iter().any(|pause| *pause > tenth * 9), "no pause near the bound");
        let mut distinct = firsts.clone();
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 990);
    }

    #[test]
    fn one_attempt_means_no_pause() {
        assert!(pauses(&Backoff::default(), 1, 0).is_empty());
    }
}
