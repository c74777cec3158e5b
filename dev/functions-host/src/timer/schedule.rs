//! When a timer fires: an NCRONTAB expression in UTC.

use std::time::Duration;

use chrono::DateTime;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use time::OffsetDateTime;

/// Below this distance between occurrences the host does not monitor a schedule.
const MONITORED_FROM: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Schedule(Box<Cron>);

impl Schedule {
    /// `{second} {minute} {hour} {day} {month} {day of week}` (the seconds may be left out).
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .dom_and_dow(true)
            .build()
            .parse(text)
            .map(|cron| Self(Box::new(cron)))
            .map_err(|error| format!("the schedule {text:?} cannot be used: {error}"))
    }

    /// The first occurrence later than `moment`; `None` when there is none.
    pub(crate) fn next_after(&self, moment: OffsetDateTime) -> Option<OffsetDateTime> {
        let after = DateTime::from_timestamp(moment.unix_timestamp(), moment.nanosecond())?;
        let next = self.0.find_next_occurrence(&after, false).ok()?;
        OffsetDateTime::from_unix_timestamp(next.timestamp()).ok()
    }

    /// Whether `ScheduleStatus` is kept: not for occurrences less than a minute apart.
    pub(crate) fn is_monitored(&self, moment: OffsetDateTime) -> bool {
        let next = self.next_after(moment);
        let following = next.and_then(|next| self.next_after(next));
        match (next, following) {
            (Some(next), Some(following)) => following - next >= MONITORED_FROM,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn every_fifteen_seconds_is_meant_on_the_clock() {
        let schedule = Schedule::parse("*/15 * * * * *").unwrap();
        let next = schedule.next_after(datetime!(2026-09-14 15:14:15.2 UTC));
        assert_eq!(next, Some(datetime!(2026-09-14 15:14:30 UTC)));
        let next = schedule.next_after(datetime!(2026-09-14 23:59:45 UTC));
        assert_eq!(next, Some(datetime!(2026-09-15 0:00:00 UTC)));
        assert!(!schedule.is_monitored(datetime!(2026-09-14 15:14:15 UTC)));
    }

    #[test]
    fn days_of_month_and_week_must_both_match() {
        let schedule = Schedule::parse("0 30 9 13 * Fri").unwrap();
        let next = schedule.next_after(datetime!(2026-09-01 0:00 UTC));
        assert_eq!(next, Some(datetime!(2026-11-13 9:30 UTC)));
        assert!(schedule.is_monitored(datetime!(2026-09-01 0:00 UTC)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "often", "61 * * * * *", "* * * * * * 2026", "00:05:00"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
