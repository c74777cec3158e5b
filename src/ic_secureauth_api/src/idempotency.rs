//! Idempotency keys, with which a POST can be repeated (docs/reference/secureauth-api.md#requests-idempotency-key).

use reqwest::header::HeaderValue;
use sha2::{Digest, Sha256};

/// A key of 32 to 255 visible ASCII characters. The server remembers it for one minute. The client repeats a POST only while the
/// repetition can arrive within that minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The text is not 32 to 255 visible ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key must have 32 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// Checks a key that the caller has stored.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidIdempotencyKey> {
        let text = text.into();
        let fits = (32..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(text))
        } else {
            Err(InvalidIdempotencyKey)
        }
    }

    /// SHA-256 of `run/step/window` as 64 hex digits (docs/decisions.md#keys-expire). A later window gives another key; before it uses
    /// one, the caller looks whether the resource exists.
    pub fn derive(run: &str, step: &str, window: u64) -> Self {
        Self(hex::encode(Sha256::digest(format!("{run}/{step}/{window}"))))
    }

    /// The value of `X-Idempotency-Key`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_32_to_255_visible_characters() {
        assert!(IdempotencyKey::parse("k".repeat(31)).is_err());
        assert!(IdempotencyKey::parse("k".repeat(32)).is_ok());
        assert!(IdempotencyKey::parse("k".repeat(255)).is_ok());
        assert!(IdempotencyKey::parse("k".repeat(256)).is_err());
        assert!(IdempotencyKey::parse(format!("{} ", "k".repeat(40))).is_err());
    }

    #[test]
    fn a_derived_key_is_the_same_for_the_same_try_and_another_for_the_next() {
        let key = IdempotencyKey::derive("run-1", "create_organization", 0);
        // printf 'run-1/create_organization/0' | sha256sum
        assert_eq!(
            key.as_str(),
            "7035e864aaa2aca1b07190dada587fda1b023f674f6191ee2f3717b26870082f"
        );
        assert_ne!(key, IdempotencyKey::derive("run-1", "create_organization", 1));
    }
}
