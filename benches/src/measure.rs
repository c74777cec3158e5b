//! Single measurements.

mod onboarding;
mod phases;
mod replay;
mod start;

pub(crate) use onboarding::{
    Measured, accept, delay_everything, delay_imports, load, measure, until_active, until_ended,
};
pub(crate) use phases::{IMPORT, Phases};
pub(crate) use replay::replay;
pub(crate) use start::start;

use time::OffsetDateTime;

/// Requests that SecureAuth allows in flight.
pub(crate) const SLOTS: u32 = 8;

/// The machine's clock, which the simulator's call log has too.
#[expect(
    clippy::disallowed_methods,
    reason = "measured times are compared with the simulator's call log"
)]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Seconds between two times; 0 if the second is not later.
pub(crate) fn seconds(from: OffsetDateTime, to: OffsetDateTime) -> f64 {
    (to - from).as_seconds_f64().max(0.0)
}
