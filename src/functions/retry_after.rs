//! When a caller should ask again about an open run, in seconds.

use std::time::Duration;

use time::OffsetDateTime;

use crate::domain::run::Run;

/// A run that is due now, or being worked on, shows something new soon.
pub(super) const SHORTEST: u64 = 2;
/// However long the run pauses: an operator may end the pause.
const LONGEST: u64 = 3600;

/// `None`: nothing more happens to the run by itself. The database's clock set the time of the next attempt; if `now` is of another
/// clock, the caller asks a little too early or too late.
pub(super) fn seconds(run: &Run, now: OffsetDateTime) -> Option<u64> {
    run.state.is_open().then(|| until(run.next_attempt_at, now))
}

fn until(next_attempt_at: Option<OffsetDateTime>, now: OffsetDateTime) -> u64 {
    let left = next_attempt_at.and_then(|at| Duration::try_from(at - now).ok());
    let seconds = left.unwrap_or_default().as_millis().div_ceil(1000);
    u64::try_from(seconds).unwrap_or(LONGEST).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_caller_waits_for_the_next_attempt_but_never_less_than_two_seconds_or_more_than_an_hour() {
        let now = datetime!(2026-11-28 10:00 UTC);
        let wait = |pause: time::Duration| until(Some(now + pause), now);
        assert_eq!(until(None, now), 2);
        assert_eq!(wait(time::Duration::days(-400)), 2);
        assert_eq!(wait(time::Duration::milliseconds(2_001)), 3);
        assert_eq!(wait(time::Duration::minutes(8)), 480);
        assert_eq!(wait(time::Duration::hours(30)), 3600);
    }
}
