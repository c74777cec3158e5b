//! Parses the values of settings: durations, numbers, string enums, URLs, texts.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use strum::VariantNames;
use url::{Host, Url};

use super::reader::{Known, Reader};

/// A duration as it is written in settings and documents, such as `2m` or `1m 30s`.
pub(super) fn written(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn written_list(durations: &[Duration]) -> String {
    let texts: Vec<String> = durations.iter().copied().map(written).collect();
    texts.join(", ")
}

fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

/// No duration is longer than a year, so that sums of durations cannot overflow.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// The members of a list: separated by commas, blanks around them do not count.
fn members(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

impl Reader<'_> {
    /// A duration that is at least `floor` outside Development; never zero.
    pub(super) fn duration(&mut self, name: &'static str, default: Duration, floor: Duration) -> Duration {
        self.duration_by(
            name,
            default,
            floor,
            "a duration such as `500ms`, `30s` or `2m`",
            duration,
        )
    }

    /// Like [`Self::duration`], but a number without a unit is in seconds.
    pub(super) fn seconds(&mut self, name: &'static str, default: Duration, floor: Duration) -> Duration {
        let form = "a number of seconds or a duration such as `500ms` or `2m`";
        self.duration_by(name, default, floor, form, |text| {
            text.parse().map(Duration::from_secs).ok().or_else(|| duration(text))
        })
    }

    fn duration_by(
        &mut self,
        name: &'static str,
        default: Duration,
        floor: Duration,
        form: &str,
        parse: impl FnOnce(&str) -> Option<Duration>,
    ) -> Duration {
        let least = self.floor(floor);
        let known = Known::new(name, form).or(written(default)).at_least(written(floor));
        self.optional(known, |text| {
            parse(text).filter(|value| (least..=LONGEST).contains(value))
        })
        .unwrap_or(default)
    }

    /// One or more durations separated by commas, each at least `floor` outside Development; never zero.
    pub(super) fn durations(&mut self, name: &'static str, default: &[Duration], floor: Duration) -> Vec<Duration> {
        let least = self.floor(floor);
        let known = Known::new(name, "durations separated by commas, such as `30s, 1m, 2m`")
            .or(written_list(default))
            .at_least(written(floor));
        self.optional(known, |text| {
            members(text)
                .map(|member| duration(member).filter(|value| (least..=LONGEST).contains(value)))
                .collect()
        })
        .unwrap_or_else(|| default.to_vec())
    }

    /// The lower bound in force: `floor`, but in Development a millisecond, so that tests are fast
    /// (docs/decisions.md#development-only). Zero is never allowed.
    fn floor(&self, floor: Duration) -> Duration {
        if self.is_development() {
            Duration::from_millis(1)
        } else {
            floor
        }
    }

    /// A whole number within a range.
    pub(super) fn number<T: Copy + Display + PartialOrd + FromStr>(
        &mut self,
        name: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> T {
        let form = format!("a whole number from {} to {}", range.start(), range.end());
        let known = Known::new(name, form).or(default.to_string());
        self.optional(known, |text| text.parse().ok().filter(|number| range.contains(number)))
            .unwrap_or(default)
    }

    /// `true` or `false`, in upper or lower case.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let known = Known::new(name, "`true` or `false`").or(default.to_string());
        self.optional(known, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
        .unwrap_or(default)
    }

    /// One value of a string enum.
    pub(super) fn one_of<T: Display + FromStr + VariantNames>(&mut self, name: &'static str, default: T) -> T {
        let known = Known::new(name, choices(T::VARIANTS)).or(default.to_string());
        self.optional(known, |text| text.parse().ok()).unwrap_or(default)
    }

    /// Different values of a string enum; at least one.
    pub(super) fn several_of<T>(&mut self, name: &'static str, default: &[T]) -> Vec<T>
    where
        T: Clone + Display + FromStr + PartialEq + VariantNames,
    {
        let texts: Vec<String> = default.iter().map(ToString::to_string).collect();
        let form = format!("different values separated by commas out of {}", choices(T::VARIANTS));
        let known = Known::new(name, form).or(texts.join(", "));
        self.optional(known, different_values)
            .unwrap_or_else(|| default.to_vec())
    }

    /// A text that passes `check`.
    pub(super) fn text(
        &mut self,
        name: &'static str,
        form: &str,
        default: &str,
        check: impl FnOnce(&str) -> bool,
    ) -> String {
        let known = Known::new(name, form).or(default);
        self.optional(known, |text| check(text).then(|| text.to_owned()))
            .unwrap_or_else(|| default.to_owned())
    }
}

/// A string enum's values for a person: `a`, `b` or `c`.
pub(super) fn choices(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Different values separated by commas.
pub(super) fn different_values<T: FromStr + PartialEq>(text: &str) -> Option<Vec<T>> {
    let values: Vec<T> = members(text).map(|member| member.parse().ok()).collect::<Option<_>>()?;
    let repeated = values
        .iter()
        .enumerate()
        .any(|(index, value)| values.iter().take(index).any(|earlier| earlier == value));
    (!repeated).then_some(values)
}

/// `https://host[:port][/path]`; in Development also `http` to this machine, where the simulator listens.
pub(super) fn base_url(text: &str, is_development: bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_development && is_loopback(&url),
        _ => false,
    };
    (plain && safe).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;

    const SECOND: Duration = Duration::from_secs(1);

    fn read<T>(pairs: &[(&str, &str)], read: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, String> {
        let environment = Environment::of(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let value = read(&mut reader);
        let (findings, _) = reader.finish();
        if findings.is_empty() {
            Ok(value)
        } else {
            Err(findings.to_string())
        }
    }

    #[test]
    fn lower_bounds_apply_outside_development_only() {
        let development = ("AZURE_FUNCTIONS_ENVIRONMENT", "Development");
        let short = ("D", "5ms");
        let duration = |reader: &mut Reader<'_>| reader.duration("D", SECOND, SECOND);
        assert_eq!(read(&[short, development], duration), Ok(Duration::from_millis(5)));
        assert!(read(&[short], duration).is_err());
        for bad in ["0s", "367days", "18446744073709551615s"] {
            assert!(read(&[("D", bad), development], duration).is_err(), "{bad}");
        }
        assert_eq!(read(&[], duration), Ok(SECOND));
    }

    #[test]
    fn a_list_of_durations_is_read_in_its_order() {
        let durations = |reader: &mut Reader<'_>| reader.durations("D", &[SECOND], SECOND);
        assert_eq!(
            read(&[("D", "2s,1s , 1m 30s")], durations),
            Ok(vec![2 * SECOND, SECOND, 90 * SECOND])
        );
        assert!(read(&[("D", "2s,,1s")], durations).is_err());
        assert!(read(&[("D", "2s, 1")], durations).is_err());
    }

    #[test]
    fn a_number_without_a_unit_is_read_as_seconds_only_where_that_is_allowed() {
        assert_eq!(
            read(&[("S", "120")], |r| r.seconds("S", SECOND, SECOND)),
            Ok(120 * SECOND)
        );
        assert_eq!(
            read(&[("S", "2m")], |r| r.seconds("S", SECOND, SECOND)),
            Ok(120 * SECOND)
        );
        assert!(read(&[("D", "120")], |r| r.duration("D", SECOND, SECOND)).is_err());
    }

    #[test]
    fn a_number_out_of_range_is_a_finding() {
        assert_eq!(read(&[("N", "8")], |r| r.number("N", 1_u8, 1..=8)), Ok(8));
        assert_eq!(
            read(&[("N", "9")], |r| r.number("N", 1_u8, 1..=8)),
            Err("N: expected a whole number from 1 to 8; default `1`".into())
        );
    }

    #[test]
    fn choices_are_listed_for_a_person() {
        assert_eq!(choices(&["red", "blue", "green"]), "`red`, `blue` or `green`");
        assert_eq!(choices(&["red"]), "`red`");
    }

    #[test]
    fn plain_http_is_allowed_to_this_machine_in_development_only() {
        assert!(base_url("https://t.us.connect.secureauth.com", false).is_some());
        assert!(base_url("http://127.0.0.1:9000", true).is_some());
        assert!(base_url("http://127.0.0.1:9000", false).is_none());
        assert!(base_url("http://simulator:9000", true).is_none());
        for bad in [
            "https://user@host",
            "https://host/?q",
            "https://host/#f",
            "file:///etc",
            "host",
        ] {
            assert!(base_url(bad, true).is_none(), "{bad}");
        }
    }
}
