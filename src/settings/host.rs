//! The Functions host's time limit for one invocation.
//!
//! Variable: `AzureFunctionsJobHost__functionTimeout`, else `functionTimeout` of `host.json`.

use std::time::Duration;

use super::reader::{Known, Reader};

/// The host's default on the plan where it is shortest (docs/reference/functions-host.md#timeouts).
const SHORTEST_DEFAULT: Duration = Duration::from_mins(5);

/// After this time the host kills the process with everything in flight; [`Duration::MAX`] if there is no limit. A
/// limit that cannot be read is a finding.
pub(super) fn function_timeout(reader: &mut Reader<'_>) -> Duration {
    let known = Known::new(
        "AzureFunctionsJobHost__functionTimeout",
        "a time span such as `00:10:00`, or `-1`",
    )
    .or("the one of host.json");
    if let Some(limit) = reader.optional(known, time_limit) {
        return limit;
    }
    let Some(text) = reader.environment().host_json() else {
        return SHORTEST_DEFAULT;
    };
    let Ok(HostJson { function_timeout }) = serde_json::from_str(text) else {
        reader.report("host.json", "a JSON object without comments");
        return Duration::MAX;
    };
    let Some(text) = function_timeout else {
        return SHORTEST_DEFAULT;
    };
    time_limit(&text).unwrap_or_else(|| {
        let expected = "functionTimeout as a time span such as `00:10:00`, or `-1`";
        reader.report("host.json", expected);
        Duration::MAX
    })
}

#[derive(serde::Deserialize)]
struct HostJson {
    #[serde(rename = "functionTimeout")]
    function_timeout: Option<String>,
}

/// `-1` is unlimited, everything else a .NET time span.
fn time_limit(text: &str) -> Option<Duration> {
    if text == "-1" {
        Some(Duration::MAX)
    } else {
        time_span(text)
    }
}

/// `[days.]hours:minutes:seconds`, as the host reads it.
fn time_span(text: &str) -> Option<Duration> {
    let (days, clock) = text.split_once('.').unwrap_or(("0", text));
    let mut parts = clock.split(':').map(|part| part.parse::<u32>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let days: u64 = days.parse().ok()?;
    let in_range = hours < 24 && minutes < 60 && seconds < 60 && days < 10_000 && parts.next().is_none();
    let total = days * 86_400 + u64::from(hours) * 3_600 + u64::from(minutes) * 60 + u64::from(seconds);
    in_range.then(|| Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;

    fn timeout(environment: &Environment) -> (Duration, bool) {
        let mut reader = Reader::new(environment);
        let timeout = function_timeout(&mut reader);
        (timeout, reader.finish().0.is_empty())
    }

    #[test]
    fn the_environment_wins_over_host_json() {
        let host = Environment::default().with_host_json(r#"{"version":"2.0","functionTimeout":"00:10:00"}"#);
        assert_eq!(timeout(&host), (Duration::from_mins(10), true));
        let both = Environment::of([("AzureFunctionsJobHost__functionTimeout", "00:05:30")])
            .with_host_json(r#"{"functionTimeout":"00:10:00"}"#);
        assert_eq!(timeout(&both), (Duration::from_secs(330), true));
    }

    #[test]
    fn nothing_configured_counts_as_the_shortest_default_of_the_host() {
        assert_eq!(timeout(&Environment::default()), (SHORTEST_DEFAULT, true));
        assert_eq!(
            timeout(&Environment::default().with_host_json("{}")),
            (SHORTEST_DEFAULT, true)
        );
    }

    #[test]
    fn minus_one_means_no_limit() {
        let host = Environment::default().with_host_json(r#"{"functionTimeout":"-1"}"#);
        assert_eq!(timeout(&host), (Duration::MAX, true));
    }

    #[test]
    fn a_host_json_that_cannot_be_read_is_a_finding() {
        for text in [
            "{",
            r#"{"functionTimeout":"ten minutes"}"#,
            r#"{"functionTimeout":"00:99:00"}"#,
        ] {
            assert!(!timeout(&Environment::default().with_host_json(text)).1, "{text}");
        }
    }

    #[test]
    fn days_come_before_a_dot() {
        assert_eq!(time_span("1.00:00:01"), Some(Duration::from_secs(86_401)));
        assert_eq!(time_span("10:00"), None);
        assert_eq!(time_span("00:10:00:00"), None);
    }
}
