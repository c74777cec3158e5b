//! Newtypes for ids and names that come from outside; a value that exists is valid.

use std::fmt;

use nutype::nutype;
use uuid::Uuid;

/// The CRM's biller id (BID): `^[A-Za-z0-9_-]{1,64}$`, compared byte for byte (docs/ARCHITECTURE.md#database).
#[nutype(
    validate(not_empty, len_char_max = 64, predicate = is_biller_id),
    derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Display, AsRef, TryFrom, Serialize, Deserialize)
)]
pub struct BillerId(String);

fn is_biller_id(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The caller's id of a toggle event: 1–128 characters, not blank, without control characters. Unique per biller for
/// ever (docs/decisions.md#events-for-ever).
#[nutype(
    validate(not_empty, len_char_max = 128, predicate = is_readable),
    derive(Debug, Clone, PartialEq, Eq, Hash, Display, AsRef, TryFrom, Serialize, Deserialize)
)]
pub struct EventId(String);

/// The person behind a toggle event or an operator's command: 1–256 characters, not blank. Personal data: stored for
/// the audit, never logged.
#[nutype(
    validate(not_empty, len_char_max = 256, predicate = is_readable),
    derive(Clone, PartialEq, Eq, AsRef, TryFrom, Serialize, Deserialize)
)]
pub struct RequestedBy(String);

impl fmt::Debug for RequestedBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RequestedBy(…)")
    }
}

fn is_readable(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// One saga of one process: the owner of leases and of a worker slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(pub Uuid);

impl fmt::Display for WorkerId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A run's id; also the correlation id that people get and that SecureAuth's audit events carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OnboardingId(pub Uuid);

impl fmt::Display for OnboardingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::str::FromStr for OnboardingId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_biller_id_has_1_to_64_letters_digits_underscores_and_hyphens() {
        for good in ["1876", "a", "Biller_7-x", &"x".repeat(64)] {
            assert!(BillerId::try_new(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "ä", "a.b", " 1876", &"x".repeat(65)] {
            assert!(BillerId::try_new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_blank_text_is_neither_a_person_nor_an_event_id() {
        for blank in ["", " ", "\u{2003}\u{a0}"] {
            assert!(RequestedBy::try_new(blank).is_err() && EventId::try_new(blank).is_err());
        }
        assert!(RequestedBy::try_new("𝔍".repeat(256)).is_ok() && RequestedBy::try_new("x".repeat(257)).is_err());
        assert!(EventId::try_new(" a ").is_ok() && EventId::try_new("a\nb").is_err());
    }

    #[test]
    fn debug_output_does_not_show_the_person() {
        let person = RequestedBy::try_new("jane.doe").unwrap();
        assert!(!format!("{person:?}").contains("jane"));
    }
}
