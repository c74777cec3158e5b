//! The rate of calls, learned from the server's refusals (docs/decisions.md#a-learned-rate).

use std::time::Duration;

use tokio::time::Instant;

/// What one accepted call adds to the rate while the server's rate is unknown, in calls a second: the rate doubles about every second.
const SEARCH: f64 = 0.7;
/// The same once it is known: the rate grows by a twentieth of a percent a second.
const PROBE: f64 = 0.0005;
/// Part of the rate that is left after a refusal.
const DECREASE: f64 = 0.97;
/// A refusal lowers the rate at most to this part.
const LARGEST_DECREASE: f64 = 0.5;
/// So many seconds of accepted calls without a refusal mean that the server allows much more by now.
const UNREFUSED_SECONDS: f64 = 120.0;
/// Lowest rate, in calls a second.
const LOWEST: f64 = 0.05;

/// Without a refusal there is no rate, and nobody waits.
#[derive(Debug)]
pub(super) struct Pace {
    learned: Option<Learned>,
    /// Calls accepted since `counted_from`.
    accepted: f64,
    /// The last refusal, or the first call.
    counted_from: Instant,
}

#[derive(Debug)]
struct Learned {
    /// Calls a second.
    rate: f64,
    /// No call starts earlier.
    next: Instant,
    /// The server's rate is unknown.
    is_searching: bool,
    /// Calls that the server accepted before its first refusal: about as many as it allows at once.
    burst: f64,
    /// End of the pause after the last refusal.
    resumed: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            learned: None,
            accepted: 0.0,
            counted_from: now,
        }
    }

    /// When the call may start. The next one has to start an interval later.
    pub(super) fn reserve(&mut self, now: Instant) -> Instant {
        if self.learned.is_none() && self.accepted == 0.0 {
            self.counted_from = now;
        }
        let Some(learned) = &mut self.learned else {
            return now;
        };
        let start = learned.next.max(now);
        learned.next = start + Duration::from_secs_f64(learned.rate.recip());
        start
    }

    /// The server accepted a call.
    pub(super) fn accepted(&mut self) {
        self.accepted += 1.0;
        if let Some(learned) = &mut self.learned {
            learned.is_searching |= self.accepted > UNREFUSED_SECONDS * learned.rate;
            learned.rate += if learned.is_searching { SEARCH } else { PROBE };
        }
    }

    /// The server refused a call and asks for a pause.
    pub(super) fn refused(&mut self, now: Instant, pause: Duration) {
        let resumed = now + pause;
        let since = |from: Instant| now.saturating_duration_since(from).as_secs_f64().max(0.001);
        let (is_searching, burst, rate) = match &self.learned {
            // As if the server allowed no more until the end of the pause: the search begins too low rather than too high.
            None => (
                true,
                self.accepted,
                self.accepted / (since(self.counted_from) + pause.as_secs_f64()),
            ),
            Some(learned) => {
                let soon = self.accepted <= 4.0 * learned.burst;
                let lowered = learned.rate * DECREASE;
                let rate = if learned.is_searching && !soon {
                    lowered
                } else {
                    // The server's bucket was empty at both refusals. The calls in between are those of the whole time, or, if the
                    // bucket overflowed during the pause, a full bucket and those of the time after it.
                    let whole = (self.accepted + 1.0) / since(self.counted_from);
                    let after_pause = (self.accepted - learned.burst) / since(learned.resumed);
                    lowered.min(whole.max(after_pause)).max(learned.rate * LARGEST_DECREASE)
                };
                (false, learned.burst, rate)
            }
        };
        self.learned = Some(Learned {
            rate: rate.max(LOWEST),
            next: resumed,
            is_searching,
            burst: burst.max(1.0),
            resumed,
        });
        self.accepted = 0.0;
        self.counted_from = now;
        tracing::debug!(
            calls_per_second = rate,
            "SecureAuth refused a call, so calls start at a lower rate"
        );
    }
}
