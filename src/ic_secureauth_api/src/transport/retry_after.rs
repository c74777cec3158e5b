//! `Retry-After` in seconds or as a date (docs/reference/secureauth-api.md#errors-429-and-retry-after).

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// A longer wait is a mistake, and nobody could tell the run that waits for it from a forgotten one.
const LONGEST: Duration = Duration::from_hours(24);

/// How long to wait. A date is compared with the `Date` of the same answer, because the clock of this machine may differ. `None` for a
/// date in the past, or when the answer has no `Date`.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
        httpdate::parse_http_date(text).ok()?.duration_since(now).ok()?
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(retry_after_text: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry_after_text.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        super::retry_after(&headers)
    }

    #[test]
    fn seconds_are_taken_up_to_a_day() {
        assert_eq!(of("7", None), Some(Duration::from_secs(7)));
        assert_eq!(of("3600", None), Some(Duration::from_hours(1)));
        assert_eq!(of("86401", None), Some(LONGEST));
        assert_eq!(of("soon", None), None);
        assert_eq!(of("-1", None), None);
    }

    #[test]
    fn a_date_is_measured_against_the_answers_own_date() {
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(of("Wed, 21 Oct 2026 07:28:30 GMT", date), Some(Duration::from_secs(30)));
        assert_eq!(of("Thu, 22 Oct 2026 09:28:30 GMT", date), Some(LONGEST));
        assert_eq!(of("Wed, 21 Oct 2026 07:27:30 GMT", date), None);
        assert_eq!(of("Wed, 21 Oct 2026 07:28:30 GMT", None), None);
    }
}
