//! Pauses after empty receives: randomized and exponential; any message resets them
//! (docs/reference/functions-host.md#queue-loop).

use std::time::Duration;

use crate::clock::ClockAndRandom;

pub(crate) struct Backoff {
    minimum: Duration,
    maximum: Duration,
    attempts: u32,
    clock: ClockAndRandom,
}

impl Backoff {
    pub(crate) fn new(minimum: Duration, maximum: Duration, clock: ClockAndRandom) -> Self {
        Self {
            minimum: minimum.min(maximum),
            maximum,
            attempts: 0,
            clock,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// The next pause: the minimum first, then `minimum + jitter × 2^(k−1) × minimum`, never above the maximum.
    pub(crate) fn next_delay(&mut self) -> Duration {
        let attempt = self.attempts;
        self.attempts = attempt.saturating_add(1);
        if attempt == 0 {
            return self.minimum;
        }
        let factor = self.clock.jitter() * 2_f64.powi(i32::try_from(attempt.min(32)).unwrap_or(32) - 1);
        let growth = Duration::try_from_secs_f64(self.minimum.as_secs_f64() * factor).unwrap_or(self.maximum);
        self.minimum.saturating_add(growth).min(self.maximum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::system_clock;

    #[test]
    fn pauses_start_at_the_minimum_grow_and_stay_at_the_maximum() {
        let minimum = Duration::from_millis(100);
        let maximum = Duration::from_secs(5);
        for seed in 0..50 {
            let mut backoff = Backoff::new(minimum, maximum, ClockAndRandom::new(system_clock(), seed));
            assert_eq!(backoff.next_delay(), minimum);
            for k in 1..=5_i32 {
                let step = 0.1 * 2_f64.powi(k - 1);
                let delay = backoff.next_delay().as_secs_f64();
                assert!(
                    (0.1 + step * 0.8 - 1e-6..=0.1 + step * 1.2 + 1e-6).contains(&delay),
                    "{k}: {delay}"
                );
            }
            let last = (0..100).map(|_| backoff.next_delay()).last();
            assert_eq!(last, Some(maximum));
            backoff.reset();
            assert_eq!(backoff.next_delay(), minimum);
        }
    }
}
