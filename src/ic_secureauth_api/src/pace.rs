//! The rate of calls to one module, learned from the server's refusals (docs/decisions.md#a-learned-rate).

use std::time::Duration;

use tokio::time::Instant;

/// What one accepted call adds to the rate while the server's rate is unknown: calls a second, and at most this part of the rate, so that
/// a slow server is not asked for twice what it allows. From seven calls a second on, the rate doubles in about a second.
const SEARCH: (f64, f64) = (0.7, 0.1);
/// The same once it is known: the rate grows slowly at first, and the faster the longer nothing is refused.
const PROBE: f64 = 0.0003;
/// After so many seconds without a refusal it grows twice as fast, after twice as many five times.
const SLOW_SECONDS: f64 = 20.0;
/// Part of the rate that a refusal leaves, at most and at least.
const DECREASE: (f64, f64) = (0.97, 0.7);
/// Lowest rate.
const LOWEST: f64 = 0.05;
/// Most calls that a server is taken to allow at once.
const LARGEST_BURST: f64 = 20.0;
/// After so much time without a call, the server allows a burst again.
const IDLE: Duration = Duration::from_secs(1);

/// Without a refusal there is no rate, and nobody waits.
#[derive(Debug)]
pub(super) struct Pace {
    learned: Option<Learned>,
    /// Calls accepted since `counted_from`.
    accepted: f64,
    /// The last refusal, or the first call after an idle time.
    counted_from: Instant,
    /// The last call's start; `None` after a refusal, so that the first call after the pause waits no longer.
    last_start: Option<Instant>,
}

#[derive(Debug)]
struct Learned {
    /// Calls a second.
    rate: f64,
    /// The server's rate is unknown.
    is_searching: bool,
    /// About as many calls as the server allows at once: those that it accepted before its first refusal.
    burst: f64,
    /// End of the pause after the last refusal.
    resumed: Instant,
}

impl Learned {
    fn interval(&self) -> Duration {
        Duration::from_secs_f64(self.rate.recip())
    }
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            learned: None,
            accepted: 0.0,
            counted_from: now,
            last_start: None,
        }
    }

    /// When a call may start.
    pub(super) fn turn(&self, now: Instant) -> Instant {
        now.max(self.earliest())
    }

    /// A call starts then. The next one has to start an interval later.
    pub(super) fn start(&mut self, turn: Instant) {
        if turn > self.earliest() + IDLE {
            self.accepted = 0.0;
            self.counted_from = turn;
        }
        self.last_start = Some(turn);
    }

    fn earliest(&self) -> Instant {
        let last = self.last_start.unwrap_or(self.counted_from);
        match &self.learned {
            None => last,
            Some(learned) if self.last_start.is_none() => learned.resumed,
            Some(learned) => last + learned.interval(),
        }
    }

    /// The server accepted a call.
    pub(super) fn accepted(&mut self) {
        self.accepted += 1.0;
        if let Some(learned) = &mut self.learned {
            let unrefused_seconds = self.accepted / learned.rate;
            learned.rate += if learned.is_searching {
                SEARCH.0.min(learned.rate * SEARCH.1)
            } else {
                PROBE * (1.0 + (unrefused_seconds / SLOW_SECONDS).powi(2))
            };
        }
    }

    /// The server refused a call and asks for a pause. The first call after a pause tells how long the server is closed, not what its
    /// rate is.
    pub(super) fn refused(&mut self, now: Instant, pause: Duration) {
        if self.accepted < 1.0
            && let Some(learned) = &mut self.learned
        {
            learned.resumed = now + pause;
            self.begin_anew(now);
            return;
        }
        let is_first = self.learned.is_none();
        let burst = match &self.learned {
            None => self.accepted.clamp(1.0, LARGEST_BURST),
            Some(learned) => learned.burst,
        };
        let rate = match &self.learned {
            None => self.first_rate(now, pause),
            Some(learned) => self.lower_rate(learned, now),
        };
        self.learned = Some(Learned {
            rate,
            is_searching: is_first,
            burst,
            resumed: now + pause,
        });
        self.begin_anew(now);
        tracing::debug!(
            calls_per_second = rate,
            "calls to a module of SecureAuth start at a lower rate"
        );
    }

    fn begin_anew(&mut self, now: Instant) {
        self.accepted = 0.0;
        self.counted_from = now;
        self.last_start = None;
    }

    /// As if the server allowed nothing more until the end of the pause and then one call, so that the search begins too low rather than
    /// too high.
    fn first_rate(&self, now: Instant, pause: Duration) -> f64 {
        let pause = pause.as_secs_f64().max(0.001);
        let rate = self.accepted / (seconds(self.counted_from, now) + pause);
        rate.max(pause.recip()).max(LOWEST)
    }

    /// The server's bucket was empty at the last refusal, and is now. What it accepted in between flowed in meanwhile; or, if the bucket
    /// overflowed during the pause, all but a burst flowed in after the pause.
    fn lower_rate(&self, learned: &Learned, now: Instant) -> f64 {
        let (most, least) = (learned.rate * DECREASE.0, learned.rate * DECREASE.1);
        let sent = (self.accepted + 1.0) / seconds(learned.resumed, now);
        // A search begins far below the server's rate, so a long one does not tell it.
        let is_unknown = learned.is_searching && self.accepted > 4.0 * learned.burst;
        let measured = if is_unknown {
            most
        } else if sent < learned.rate / 2.0 {
            // Something else than the rate limited the calls, so what was accepted says nothing about the server.
            2.0 * sent
        } else {
            let whole = (self.accepted + 1.0) / seconds(self.counted_from, now);
            whole.max((self.accepted - learned.burst) / seconds(learned.resumed, now))
        };
        measured.min(most).max(least).max(LOWEST)
    }
}

/// Never zero.
fn seconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64().max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserve(pace: &mut Pace, now: Instant) -> Instant {
        let turn = pace.turn(now);
        pace.start(turn);
        turn
    }

    /// A server with a token bucket that tells the wait in whole seconds.
    struct Server {
        rate: f64,
        burst: f64,
        tokens: f64,
        filled: Instant,
    }

    impl Server {
        fn call(&mut self, now: Instant) -> Result<(), Duration> {
            self.tokens = (self.tokens + (now - self.filled).as_secs_f64() * self.rate).min(self.burst);
            self.filled = now;
            if self.tokens >= 1.0 {
                self.tokens -= 1.0;
                return Ok(());
            }
            Err(Duration::from_secs_f64(((1.0 - self.tokens) / self.rate).ceil()))
        }
    }

    /// Calls one after the other, each of 2 ms, for two minutes. Returns the calls of the second one that were accepted and refused.
    fn second_minute(rate: f64, burst: f64) -> (f64, f64) {
        let start = Instant::now();
        let mut server = Server {
            rate,
            burst,
            tokens: burst,
            filled: start,
        };
        let (mut pace, mut now) = (Pace::new(start), start);
        let (mut accepted, mut refused) = (0.0, 0.0);
        while now < start + Duration::from_mins(2) {
            now = reserve(&mut pace, now);
            let counts = f64::from(u8::from(now >= start + Duration::from_mins(1)));
            match server.call(now) {
                Ok(()) => {
                    accepted += counts;
                    pace.accepted();
                    now += Duration::from_millis(2);
                }
                Err(pause) => {
                    refused += counts;
                    pace.refused(now, pause);
                }
            }
        }
        (accepted, refused)
    }

    #[test]
    fn after_a_minute_nearly_all_that_the_server_allows_is_used_and_hardly_a_call_is_refused() {
        for (rate, burst) in [(5.0, 10.0), (20.0, 10.0), (100.0, 10.0), (50.0, 100.0)] {
            let (accepted, refused) = second_minute(rate, burst);
            assert!(accepted >= 0.95 * 60.0 * rate, "{rate}/s: {accepted}");
            assert!(refused <= 0.01 * (accepted + refused), "{rate}/s: {refused}");
        }
    }

    #[test]
    fn a_slow_server_is_used_too() {
        for (rate, burst) in [(1.0, 1.0), (2.0, 2.0)] {
            let (accepted, refused) = second_minute(rate, burst);
            assert!(accepted >= 0.9 * 60.0 * rate, "{rate}/s: {accepted}");
            assert!(refused <= 3.0, "{rate}/s: {refused}");
        }
    }

    #[test]
    fn a_server_that_is_closed_for_a_while_is_used_as_before_afterwards() {
        let start = Instant::now();
        let pause = Duration::from_secs(1);
        let mut pace = Pace::new(start);
        for _ in 0..20 {
            reserve(&mut pace, start);
            pace.accepted();
        }
        let mut now = start + pause;
        pace.refused(now, pause);
        let rate = pace.learned.as_ref().unwrap().rate;
        for _ in 0..30 {
            now = reserve(&mut pace, now);
            pace.refused(now, pause);
        }
        let first = reserve(&mut pace, now);
        assert_eq!(first, now + pause, "each refusal's pause counts");
        assert_eq!(reserve(&mut pace, first), first + Duration::from_secs_f64(rate.recip()));
    }

    #[test]
    fn nobody_waits_before_the_first_refusal_or_long_after_it() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..1_000 {
            assert_eq!(reserve(&mut pace, start), start);
            pace.accepted();
        }
        pace.refused(start, Duration::from_secs(1));
        let resumed = start + Duration::from_secs(1);
        assert_eq!(reserve(&mut pace, start), resumed);
        assert!(reserve(&mut pace, start) > resumed, "not all at once");
        let mut now = start;
        for _ in 0..2_000 {
            now = reserve(&mut pace, now);
            pace.accepted();
        }
        let next = reserve(&mut pace, now);
        assert!(next - now < Duration::from_millis(2), "{:?}", next - now);
    }
}
