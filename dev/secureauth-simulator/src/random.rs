//! Ids, secrets and tokens from one seeded generator.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Source of everything random. With the same seed and the same requests in the same order, two
/// simulators return the same ids.
#[derive(Debug)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    /// A generator for `seed`; `stream` keeps the generators of one simulator apart.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// 32 hex digits, the form of pool and schema ids.
    pub(crate) fn hex_id(&mut self) -> String {
        uuid::Uuid::from_bytes(self.bytes()).simple().to_string()
    }

    /// A version 4 UUID, the form of user and sub-record ids.
    pub(crate) fn uuid(&mut self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// 32 random bytes in base64url: tokens, salts and client secrets.
    pub(crate) fn secret(&mut self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }
}
