//! The simulator's clock: real time or a fixed instant, plus an offset that tests move on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

/// Source of the time before the offset is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockSource {
    /// The machine's clock.
    #[default]
    System,
    /// A fixed time, which only `Simulator::advance` changes.
    Fixed(OffsetDateTime),
}

/// The time for token expiry, idempotency keys, lag and timestamps.
#[derive(Debug)]
pub(crate) struct Clock {
    source: ClockSource,
    offset_ms: AtomicU64,
}

impl Clock {
    pub(crate) fn new(source: ClockSource) -> Self {
        Self {
            source,
            offset_ms: AtomicU64::new(0),
        }
    }

    /// Now, with the offset.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.base() + Duration::from_millis(self.offset_ms.load(Ordering::SeqCst))
    }

    /// Moves the clock forward, in whole milliseconds.
    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.offset_ms.fetch_add(by, Ordering::SeqCst);
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the simulator reads the machine's clock"
    )]
    fn base(&self) -> OffsetDateTime {
        match self.source {
            ClockSource::System => OffsetDateTime::now_utc(),
            ClockSource::Fixed(at) => at,
        }
    }
}
