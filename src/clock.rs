//! Clock, ids and randomness, passed in so that a failing test can be repeated from its seed
//! (docs/decisions.md#clock-and-ids-passed-in).

use std::sync::Mutex;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use time::OffsetDateTime;
use uuid::Uuid;

/// Source of wall-clock time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present time in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The clock of the machine; all programs use it, tests may use another.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the machine's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// Source of random ids; the same seed gives the same sequence.
#[derive(Debug)]
pub struct IdSource(Mutex<ChaCha8Rng>);

impl IdSource {
    /// Starts the sequence of `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .fill_bytes(bytes);
    }

    /// A random (v4) UUID.
    pub fn uuid(&self) -> Uuid {
        let mut random = [0; 16];
        self.fill(&mut random);
        uuid::Builder::from_random_bytes(random).into_uuid()
    }

    /// A time-ordered (v7) UUID with the milliseconds of `now`; ids of runs sort by time.
    pub fn uuid_at(&self, now: OffsetDateTime) -> Uuid {
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let mut random = [0; 10];
        self.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (one, two) = (IdSource::seeded(7), IdSource::seeded(7));
        assert_eq!(one.uuid(), two.uuid());
        assert_ne!(one.uuid(), IdSource::seeded(8).uuid());
    }

    #[test]
    fn later_runs_have_greater_ids() {
        let ids = IdSource::seeded(7);
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let first = ids.uuid_at(now);
        assert!(first < ids.uuid_at(now + time::Duration::milliseconds(1)));
        assert_eq!(first.get_version_num(), 7);
    }
}
