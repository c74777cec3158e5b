//! The clock and the randomness of one host. With the same clock and seed, two runs are the same.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use time::OffsetDateTime;
use uuid::Uuid;

/// Tells the wall-clock time in UTC.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// The machine's clock, in UTC.
pub fn system_clock() -> Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where this crate reads the machine's clock"
    )]
    Arc::new(OffsetDateTime::now_utc)
}

/// A seed from the operating system, for runs that need not be repeated.
pub(crate) fn random_seed() -> u64 {
    rand::random()
}

/// Clock and seeded generator, shared by all parts of one host.
#[derive(Clone)]
pub(crate) struct ClockAndRandom {
    clock: Clock,
    rng: Arc<Mutex<ChaCha12Rng>>,
}

impl ClockAndRandom {
    pub(crate) fn new(clock: Clock, seed: u64) -> Self {
        Self {
            clock,
            rng: Arc::new(Mutex::new(ChaCha12Rng::seed_from_u64(seed))),
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    pub(crate) fn uuid(&self) -> Uuid {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// `bytes` random bytes in lower-case hexadecimal.
    pub(crate) fn hex<const BYTES: usize>(&self) -> String {
        let mut bytes = [0_u8; BYTES];
        self.fill(&mut bytes);
        bytes.iter().fold(String::with_capacity(BYTES * 2), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// A factor in `0.8..=1.2`.
    pub(crate) fn jitter(&self) -> f64 {
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random_range(0.8..=1.2)
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}
