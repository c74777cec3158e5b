//! .NET time spans, as `host.json` has them.

use std::time::Duration;

/// Parses `[d.]hh:mm:ss[.fraction]` or `hh:mm`; `None` for anything else, negative spans included.
pub(super) fn parse_timespan(text: &str) -> Option<Duration> {
    let mut parts = text.trim().split(':');
    let (first, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole = number(days, u64::from(u32::MAX))? * 86_400
        + number(hours, 23)? * 3_600
        + number(minutes, 59)? * 60
        + number(seconds, 59)?;
    Some(Duration::from_secs(whole) + fraction_of_second(fraction)?)
}

fn number(digits: &str, limit: u64) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|value| *value <= limit)
}

/// Up to seven digits, the resolution of a .NET tick.
fn fraction_of_second(digits: &str) -> Option<Duration> {
    if digits.is_empty() {
        return Some(Duration::ZERO);
    }
    if digits.len() > 7 {
        return None;
    }
    let nanoseconds = number(&format!("{digits:0<9}"), 999_999_999)?;
    Some(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_host_json_are_read_to_the_tick() {
        assert_eq!(parse_timespan("00:10:00"), Some(Duration::from_mins(10)));
        assert_eq!(parse_timespan("1.02:00:00"), Some(Duration::from_hours(26)));
        assert_eq!(parse_timespan("00:00:00.1"), Some(Duration::from_millis(100)));
        assert_eq!(parse_timespan("00:05"), Some(Duration::from_mins(5)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "10",
            "-1",
            "00:60:00",
            "24:00:00",
            "00:00:00:00",
            "a:b:c",
            "00:00:+1",
        ] {
            assert_eq!(parse_timespan(text), None, "{text}");
        }
    }
}
