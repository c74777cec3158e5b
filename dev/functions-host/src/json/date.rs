//! Texts that the host's JSON library, Newtonsoft.Json, reads as dates (its `DateTimeUtils` and `DateTimeParser`). They are written as
//! on a host that runs in UTC, as in Azure.

use time::format_description::BorrowedFormatItem;
use time::macros::{datetime, format_description};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};

const ISO: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const INVARIANT: &[BorrowedFormatItem<'static>] = format_description!("[month]/[day]/[year] [hour]:[minute]:[second]");
/// Digits of a .NET tick. More digits of a fraction are read as an offset, or not at all.
const MOST_DIGITS: usize = 7;
const NANOSECONDS_PER_TICK: u32 = 100;
/// The dates of .NET.
const FIRST: PrimitiveDateTime = datetime!(0001-01-01 00:00);
const LAST: PrimitiveDateTime = datetime!(9999-12-31 23:59:59.999_999_9);

/// A date that was read from a text.
pub(super) struct DotnetDate {
    at: PrimitiveDateTime,
    /// `Z`, nothing, or the host's own offset if the text had an offset.
    zone: &'static str,
}

/// What follows the time in a text.
enum Zone {
    Nothing,
    Utc,
    /// East of UTC.
    Offset(Duration),
}

impl DotnetDate {
    /// Parses `yyyy-MM-ddTHH:mm:ss[.f…][zone]` and `/Date(milliseconds[±hh[mm]])/`; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
            Some(inside) => Self::of_milliseconds(inside),
            None => Self::of_iso(Reader(text.as_bytes())),
        }
    }

    fn of_iso(mut text: Reader<'_>) -> Option<Self> {
        let day = text.day()?;
        text.skip(b'T')?;
        let (at, is_midnight) = text.time()?;
        let at = PrimitiveDateTime::new(day, at);
        let at = if is_midnight {
            at.checked_add(Duration::DAY)?
        } else {
            at
        };
        match text.zone()? {
            Zone::Nothing => Some(Self { at, zone: "" }),
            Zone::Utc => Some(Self { at, zone: "Z" }),
            Zone::Offset(east) => Some(Self {
                at: at.saturating_sub(east).clamp(FIRST, LAST),
                zone: "+00:00",
            }),
        }
    }

    /// The offset only says that the date is a local one.
    fn of_milliseconds(inside: &str) -> Option<Self> {
        let sign = |sign: char| Some(inside.get(1..)?.find(sign)? + 1);
        let (number, zone) = match sign('+').or_else(|| sign('-')) {
            Some(place) => {
                let (number, offset) = inside.split_at(place);
                let offset = offset.get(1..)?;
                whole_number(offset.get(..2)?)?;
                if offset.len() > 2 {
                    whole_number(offset.get(2..4)?)?;
                }
                (number, "+00:00")
            }
            None => (inside, "Z"),
        };
        let milliseconds = Duration::milliseconds(whole_number(number)?);
        let at = OffsetDateTime::UNIX_EPOCH.checked_add(milliseconds)?;
        let at = PrimitiveDateTime::new(at.date(), at.time());
        (FIRST..=LAST).contains(&at).then_some(Self { at, zone })
    }

    /// The date as the host writes it into JSON: no trailing zeros, another offset turned into the host's.
    pub(super) fn iso(&self) -> String {
        let fraction = match self.at.nanosecond() / NANOSECONDS_PER_TICK {
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

/// A number without a plus sign.
fn whole_number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

/// Reads a text from its beginning.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// `yyyy-MM-dd`, from the year 1 on.
    fn day(&mut self) -> Option<Date> {
        let year = self.digits(4).filter(|year| *year > 0)?;
        self.skip(b'-')?;
        let month = u8::try_from(self.digits(2)?).ok()?;
        self.skip(b'-')?;
        let day = u8::try_from(self.digits(2)?).ok()?;
        Date::from_calendar_date(i32::try_from(year).ok()?, month.try_into().ok()?, day).ok()
    }

    /// `HH:mm:ss[.f…]`, and whether it is 24:00:00, the end of the day.
    fn time(&mut self) -> Option<(Time, bool)> {
        let hour = u8::try_from(self.digits(2)?).ok()?;
        self.skip(b':')?;
        let minute = u8::try_from(self.digits(2)?).ok()?;
        self.skip(b':')?;
        let second = u8::try_from(self.digits(2)?).ok()?;
        let ticks = match self.skip(b'.') {
            Some(()) => self.fraction()?,
            None => 0,
        };
        let is_midnight = (hour, minute, second, ticks) == (24, 0, 0, 0);
        let hour = if is_midnight { 0 } else { hour };
        let time = Time::from_hms_nano(hour, minute, second, ticks * NANOSECONDS_PER_TICK);
        Some((time.ok()?, is_midnight))
    }

    /// One to seven digits, as ticks.
    fn fraction(&mut self) -> Option<u32> {
        let is_digit = |byte: &&u8| byte.is_ascii_digit();
        let count = self.0.iter().take(MOST_DIGITS).take_while(is_digit).count();
        let missing = u32::try_from(MOST_DIGITS - count).ok()?;
        (count > 0)
            .then(|| self.digits(count))?
            .map(|ticks| ticks * 10_u32.pow(missing))
    }

    /// The rest of the text: `Z`, `z`, `±hh`, `±hhmm` or `±hh:mm`. The library also takes the minutes without hours.
    fn zone(&mut self) -> Option<Zone> {
        let Some(first) = self.0.first().copied() else {
            return Some(Zone::Nothing);
        };
        if matches!(self.0, [b'Z' | b'z']) {
            return Some(Zone::Utc);
        }
        let mut hours = 0;
        if matches!(first, b'+' | b'-') {
            hours = Reader(self.0.get(1..)?).digits(2)?;
            self.0 = self.0.get(3..)?;
        }
        // The colon may be missing, and so may the minutes.
        let _ = self.skip(b':');
        let minutes = self.digits(2).unwrap_or_default();
        let offset = Duration::minutes(i64::from(hours) * 60 + i64::from(minutes));
        self.0.is_empty().then_some(match first {
            b'+' => Zone::Offset(offset),
            b'-' => Zone::Offset(-offset),
            _ => Zone::Nothing,
        })
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    /// A number of exactly so many digits; nothing is read if there are fewer.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let digits = std::str::from_utf8(digits).ok()?;
        let number = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())??;
        self.0 = rest;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        DotnetDate::parse(text).map(|date| date.iso())
    }

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
                "2025-02-18T01:06:19.1230000+02:00",
                "2025-02-17T23:06:19.123+00:00",
                "02/17/2025 23:06:19",
            ),
            (
                "/Date(1739847979123)/",
                "2025-02-18T03:06:19.123Z",
                "02/18/2025 03:06:19",
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
    fn the_library_takes_more_forms_of_time_and_zone_than_iso_has() {
        for (rest, read) in [
            ("03:06:19z", "18T03:06:19Z"),
            ("03:06:19+02", "18T01:06:19+00:00"),
            ("03:06:19+0200", "18T01:06:19+00:00"),
            ("03:06:19+02:", "18T01:06:19+00:00"),
            ("03:06:19-00:30", "18T03:36:19+00:00"),
            ("03:06:19-00:99", "18T04:45:19+00:00"),
            ("03:06:19:30", "18T03:06:19"),
            ("03:06:1930", "18T03:06:19"),
            ("03:06:19.1234567", "18T03:06:19.1234567"),
            ("03:06:19.123456789", "18T03:06:19.1234567"),
            ("24:00:00Z", "19T00:00:00Z"),
        ] {
            assert_eq!(
                iso(&format!("2025-02-18T{rest}")),
                Some(format!("2025-02-{read}")),
                "{rest}"
            );
        }
        assert_eq!(
            iso("0001-01-01T00:00:00+01:00").as_deref(),
            Some("0001-01-01T00:00:00+00:00")
        );
        assert_eq!(
            iso("9999-12-31T23:59:59-01:00").as_deref(),
            Some("9999-12-31T23:59:59.9999999+00:00")
        );
    }

    #[test]
    fn the_form_of_microsoft_is_a_date_with_any_offset() {
        for (inside, read) in [
            ("0", "1970-01-01T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59.999Z"),
            ("0+0200", "1970-01-01T00:00:00+00:00"),
            ("0-02", "1970-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(iso(&format!("/Date({inside})/")).as_deref(), Some(read), "{inside}");
        }
    }

    #[test]
    fn any_other_text_stays_a_text() {
        for text in [
            "",
            "2025-02-18",
            "2025-02-18 03:06:19",
            "2025-02-18t03:06:19",
            "2025-02-30T03:06:19",
            "0000-02-18T03:06:19",
            "+025-02-18T03:06:19",
            "2025-02-18T03:06",
            "2025-02-18T03:06:60",
            "2025-02-18T24:00:01",
            "2025-02-18T24:00:00.1",
            "9999-12-31T24:00:00",
            "2025-02-18T03:06:19.",
            "2025-02-18T03:06:19.Z",
            "2025-02-18T03:06:19.12345678",
            "2025-02-18T03:06:19.123456789Z",
            "2025-02-18T03:06:19Z ",
            "2025-02-18T03:06:19+2",
            "2025-02-18T03:06:19+02:0",
            "2025-02-18T03:06:19+02:000",
            "T03:06:19",
            "Tägliche Arbeit",
            "/Date()/",
            "/Date(+1)/",
            "/Date(1+2)/",
            "/Date(1+020)/",
            "/Date(253402300800000)/",
            "/date(1)/",
            "Date(1)",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }
}
