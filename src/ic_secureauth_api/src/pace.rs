//! The rate of calls to one module, learned from the server's refusals (docs/decisions.md#a-learned-rate).

use std::time::Duration;

use tokio::time::Instant;

/// Without a refusal the rate grows by e^((s - 65) / 5) of itself a second after `s` seconds: hardly at all for 40 s, then faster and faster.
const QUIET_SECONDS: (f64, f64) = (65.0, 5.0);
/// Most growth, as a part of the rate: a second, and by one accepted call.
const GROWTH: (f64, f64) = (0.7, 0.1);
/// After the first refusal nobody knows the rate: it grows as if nothing had been refused for so many seconds, and each accepted call counts
/// as so many seconds at least.
const SEARCH: (f64, f64) = (40.0, 0.5);
/// A server that asks for a longer wait is closed, which says nothing about its rate.
const CLOSED: Duration = Duration::from_secs(5);
/// Part of the first estimate at which the search begins, so that a slow server does not refuse the next call.
const CAUTION: f64 = 0.95;
/// Part of the refused rate that a refusal leaves, at most and at least.
const DECREASE: (f64, f64) = (0.985, 0.7);
/// Part of the distance from a lower rate to the most that a refusal leaves, a second.
const APPROACH: f64 = 0.15;
/// Lowest rate.
const LOWEST: f64 = 0.05;
/// After so much time without a call, the server allows a burst again.
const IDLE: Duration = Duration::from_secs(1);

/// Without a refusal there is no rate, and nobody waits.
#[derive(Debug)]
pub(super) struct Pace {
    learned: Option<Learned>,
    /// Calls accepted since `counted_from`.
    accepted: f64,
    /// The last refusal; before the first one, the first call after an idle time.
    counted_from: Instant,
    /// When the next call may start.
    next: Instant,
}

#[derive(Debug)]
struct Learned {
    /// Calls a second.
    rate: f64,
    /// Up to here the rate comes back fast.
    goal: f64,
    /// How long the server could have refused calls, and has not.
    quiet_seconds: f64,
    is_searching: bool,
    /// The server allows two calls at once after a pause.
    allows_two: bool,
    first: First,
}

/// What the server let in before its first refusal, in how many seconds, and how many it asks to wait then.
#[derive(Debug)]
struct First {
    accepted: f64,
    elapsed: f64,
    wait: f64,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            learned: None,
            accepted: 0.0,
            counted_from: now,
            next: now,
        }
    }

    /// When the next call may start.
    pub(super) fn turn(&self, now: Instant) -> Instant {
        now.max(self.next)
    }

    /// A call starts. The next one may start an interval later, or at once if there was none for an interval and the server allows two: so
    /// what a late start loses comes back.
    pub(super) fn start(&mut self, now: Instant) {
        let Some(learned) = &self.learned else {
            if now > self.next + IDLE {
                self.accepted = 0.0;
                self.counted_from = now;
            }
            self.next = now;
            return;
        };
        let interval = Duration::from_secs_f64(learned.rate.recip());
        let saved = if learned.allows_two { interval } else { Duration::ZERO };
        self.next = (self.next + saved).max(now) + interval - saved;
    }

    /// The server accepted a call. `is_later`: it started after the last refusal. A server may be slower to accept than to refuse.
    pub(super) fn accepted(&mut self, is_later: bool) {
        match &mut self.learned {
            Some(learned) if !is_later && learned.is_searching => return learned.add_to_first(),
            Some(learned) => learned.grow(),
            None => {}
        }
        self.accepted += 1.0;
    }

    /// The server refused a call. `wait`: after so much time it allows one.
    pub(super) fn refused(&mut self, now: Instant, wait: Duration) {
        let elapsed = seconds(self.counted_from, now);
        match &mut self.learned {
            None => {
                self.learned = Some(Learned::new(First {
                    accepted: self.accepted,
                    elapsed,
                    wait: wait.min(CLOSED).as_secs_f64().max(0.001),
                }));
            }
            // The first call after a pause tells how long the server is closed, not what its rate is.
            Some(_) if self.accepted < 1.0 => {}
            Some(learned) if self.accepted < 2.0 && learned.allows_two => learned.allows_two = false,
            Some(learned) => learned.lower((self.accepted + 1.0) / elapsed),
        }
        self.accepted = 0.0;
        self.counted_from = now;
        self.next = now;
        tracing::debug!(
            calls_per_second = self.learned.as_ref().map(|learned| learned.rate),
            "calls to a module of SecureAuth start at a lower rate"
        );
    }
}

impl Learned {
    fn new(first: First) -> Self {
        Self {
            rate: first.rate(),
            goal: first.rate(),
            quiet_seconds: SEARCH.0,
            is_searching: true,
            allows_two: first.accepted > 1.0,
            first,
        }
    }

    /// The server accepted a call that started before the first refusal.
    fn add_to_first(&mut self) {
        self.first.accepted += 1.0;
        self.rate = self.rate.max(self.first.rate());
        self.goal = self.goal.max(self.rate);
        self.allows_two |= self.first.accepted > 1.0;
    }

    /// The server accepted a call.
    fn grow(&mut self) {
        let interval = self.rate.recip();
        let least = if self.is_searching { SEARCH.1 } else { 0.0 };
        self.quiet_seconds += interval.max(least);
        let growth = ((self.quiet_seconds - QUIET_SECONDS.0) / QUIET_SECONDS.1)
            .exp()
            .min(GROWTH.0);
        self.rate += self.rate * (growth * interval).min(GROWTH.1);
        self.rate += (self.goal - self.rate).max(0.0) * (APPROACH * interval).min(1.0);
    }

    /// `accepted`: calls a second since the last refusal. The server's bucket was empty then, and is now, so its rate is not lower; it is
    /// higher if the bucket overflowed meanwhile.
    fn lower(&mut self, accepted: f64) {
        let least = self.rate * DECREASE.1;
        self.goal = self.rate * DECREASE.0;
        self.rate = accepted.min(self.goal).max(least).max(LOWEST);
        self.quiet_seconds = 0.0;
        self.is_searching = false;
    }
}

impl First {
    /// As if the server allowed nothing more until the end of the wait and then one call.
    fn rate(&self) -> f64 {
        let accepted = self.accepted / (self.elapsed + self.wait);
        accepted.max(self.wait.recip()).max(LOWEST / CAUTION) * CAUTION
    }
}

/// Never zero.
fn seconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64().max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn start(pace: &mut Pace, now: Instant) -> Instant {
        let turn = pace.turn(now);
        pace.start(turn);
        turn
    }

    #[test]
    fn a_server_that_is_closed_for_a_while_is_used_as_before_afterwards() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..20 {
            start(&mut pace, now);
            pace.accepted(true);
        }
        pace.refused(now, SECOND);
        let rate = pace.learned.as_ref().unwrap().rate;
        for _ in 0..30 {
            now = start(&mut pace, now + SECOND);
            pace.refused(now, SECOND);
        }
        assert!((pace.learned.as_ref().unwrap().rate - rate).abs() < f64::EPSILON);
    }

    #[test]
    fn a_server_that_is_closed_for_an_hour_at_the_first_call_is_used_soon_after_it() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        start(&mut pace, begin);
        pace.refused(begin, 3600 * SECOND);
        let opened = begin + 3600 * SECOND;
        let mut now = opened;
        for _ in 0..60 {
            now = start(&mut pace, now);
            pace.accepted(true);
        }
        assert!(now - opened < 100 * SECOND, "{:?}", now - opened);
    }

    #[test]
    fn nobody_waits_before_the_first_refusal_or_long_after_it() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        for _ in 0..1_000 {
            assert_eq!(start(&mut pace, begin), begin);
            pace.accepted(true);
        }
        pace.refused(begin, SECOND);
        let mut now = start(&mut pace, begin + SECOND);
        assert_eq!(start(&mut pace, now), now, "two at once");
        assert!(start(&mut pace, now) > now, "not all at once");
        for _ in 0..20_000 {
            now = start(&mut pace, now);
            pace.accepted(true);
        }
        let next = start(&mut pace, now);
        assert!(next - now < Duration::from_micros(100), "{:?}", next - now);
    }

    #[test]
    fn a_server_that_refuses_the_second_call_after_a_pause_gets_one_at_a_time() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..2 {
            start(&mut pace, now);
            pace.accepted(true);
        }
        for _ in 0..2 {
            pace.refused(now, SECOND);
            now = start(&mut pace, now + SECOND);
            pace.accepted(true);
        }
        assert!(start(&mut pace, now) > now + SECOND / 2);
    }
}
