//! The phases of an onboarding, from the simulator's call log.

use secureauth_simulator::CallRecord;
use time::OffsetDateTime;

use super::{SLOTS, seconds};

/// The simulator's name for an import.
pub(crate) const IMPORT: &str = "import_identity_configuration";

/// From the first import's arrival to the last one's answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phases {
    pub(crate) first_import: OffsetDateTime,
    pub(crate) last_import: OffsetDateTime,
    /// Sum of the time that each import was in the simulator, in seconds.
    busy: f64,
}

impl Phases {
    /// `None` if no import was answered.
    pub(crate) fn of(calls: &[CallRecord]) -> Option<Self> {
        let imports = calls.iter().filter(|call| call.operation.as_deref() == Some(IMPORT));
        let times: Vec<_> = imports.filter_map(|call| Some((call.at, call.ended_at?))).collect();
        Some(Self {
            first_import: times.iter().map(|(at, _)| *at).min()?,
            last_import: times.iter().map(|(_, end)| *end).max()?,
            busy: times.iter().map(|(at, end)| seconds(*at, *end)).sum(),
        })
    }

    /// Seconds.
    pub(crate) fn import(&self) -> f64 {
        seconds(self.first_import, self.last_import)
    }

    /// Which part of the slots held an import, on average over the import phase.
    pub(crate) fn slots_used(&self) -> f64 {
        self.busy / (f64::from(SLOTS) * self.import()).max(f64::MIN_POSITIVE)
    }
}
