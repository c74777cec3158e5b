//! Texts that the host's JSON library reads as dates. They are written as on a host that runs in UTC, as in Azure.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, PrimitiveDateTime, Time, UtcOffset};

const DAY: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");
const CLOCK: &[BorrowedFormatItem<'static>] = format_description!("[hour]:[minute]:[second]");
const OFFSET: &[BorrowedFormatItem<'static>] = format_description!("[offset_hour sign:mandatory]:[offset_minute]");
const ISO: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const INVARIANT: &[BorrowedFormatItem<'static>] = format_description!("[month]/[day]/[year] [hour]:[minute]:[second]");
/// Digits of a .NET tick.
const MOST_DIGITS: usize = 7;

/// A date that was read from a text.
pub(super) struct DotnetDate {
    at: PrimitiveDateTime,
    /// `Z`, nothing, or the host's own offset if the text had an offset.
    zone: &'static str,
}

impl DotnetDate {
    /// Parses `yyyy-MM-ddTHH:mm:ss[.fffffff][Z|±hh:mm]`; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (day, rest) = text.split_once('T')?;
        let day = Date::parse(day, DAY).ok()?;
        let (clock, rest) = rest.split_at_checked(8)?;
        let clock = Time::parse(clock, CLOCK).ok()?;
        let digits = rest.strip_prefix('.').unwrap_or_default();
        let digits = digits.split(|character: char| !character.is_ascii_digit()).next()?;
        if digits.len() > MOST_DIGITS || rest.starts_with('.') == digits.is_empty() {
            return None;
        }
        let zone = rest.get(digits.len() + usize::from(!digits.is_empty())..)?;
        let nanosecond = format!("{digits:0<9}").parse().ok()?;
        let at = PrimitiveDateTime::new(day, clock.replace_nanosecond(nanosecond).ok()?);
        match zone {
            "" => Some(Self { at, zone: "" }),
            "Z" => Some(Self { at, zone: "Z" }),
            offset => {
                let utc = at.assume_offset(UtcOffset::parse(offset, OFFSET).ok()?);
                let utc = utc.checked_to_offset(UtcOffset::UTC)?;
                Some(Self {
                    at: PrimitiveDateTime::new(utc.date(), utc.time()),
                    zone: "+00:00",
                })
            }
        }
    }

    /// The date as the host writes it into JSON: no trailing zeros, another offset turned into the host's.
    pub(super) fn iso(&self) -> String {
        let fraction = match self.at.nanosecond() / 100 {
            0 => String::new(),
            ticks => format!(".{ticks:07}").trim_end_matches('0').to_owned(),
        };
        format!("{}{fraction}{}", self.at.format(ISO).unwrap_or_default(), self.zone)
    }

    /// The date as a text of .NET's invariant culture, in whole seconds.
    pub(super) fn invariant(&self) -> String {
        self.at.format(INVARIANT).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_without_trailing_zeros_and_in_the_hosts_own_offset() {
        for (text, iso, invariant) in [
            ("2025-02-18T03:06:19", "2025-02-18T03:06:19", "02/18/2025 03:06:19"),
            (
                "2025-02-18T03:06:19.000Z",
                "2025-02-18T03:06:19Z",
                "02/18/2025 03:06:19",
            ),
            (
                "2025-02-18T03:06:19.1230000Z",
                "2025-02-18T03:06:19.123Z",
                "02/18/2025 03:06:19",
            ),
            (
                "2025-02-18T01:06:19+02:00",
                "2025-02-17T23:06:19+00:00",
                "02/17/2025 23:06:19",
            ),
            (
                "2025-02-18T03:06:19-00:30",
                "2025-02-18T03:36:19+00:00",
                "02/18/2025 03:36:19",
            ),
        ] {
            let date = DotnetDate::parse(text).unwrap();
            assert_eq!(
                (date.iso().as_str(), date.invariant().as_str()),
                (iso, invariant),
                "{text}"
            );
        }
    }

    #[test]
    fn any_other_text_stays_a_text() {
        for text in [
            "",
            "2025-02-18",
            "2025-02-18 03:06:19",
            "2025-02-30T03:06:19",
            "2025-02-18T03:06",
            "2025-02-18T03:06:19.",
            "2025-02-18T03:06:19.12345678",
            "2025-02-18T03:06:19z",
            "2025-02-18T03:06:19+0200",
            "T03:06:19",
            "Tägliche Arbeit",
        ] {
            assert!(DotnetDate::parse(text).is_none(), "{text}");
        }
    }
}
