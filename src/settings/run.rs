//! How long runs work, wait and retry.
//!
//! Variables: `SLICE_SECONDS`, `RUN_PAUSES`, `ROLLBACK_PAUSES`, `ROLLBACK_TIME_LIMIT`, `LEASE`, `HEARTBEAT`, `CALL_MARGIN`,
//! `RESEND_FIRST`, `RESEND_LONGEST`, `NO_SLOT_PAUSE`, `RECHECK_AFTER`, `VERIFY_PAUSES`, `MAX_TAKE_OVERS`, `CRASH_PAUSE`,
//! `PAYLOAD_SCHEMA_KEPT`, `SLICE_WHILE_OTHERS_WAIT`,
//! `STUCK_REPORT_EVERY`, `USERS_PER_PAGE`.

use std::time::Duration;

use super::forms::written;
use super::host;
use super::reader::Reader;
use super::secureauth::SecureAuth;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// `functionTimeout` must exceed the time slice by at least this (docs/decisions.md#deadlines-of-our-own).
const AFTER_SLICE: Duration = Duration::from_secs(90);
/// `functionTimeout` must exceed time slice and longest call together by at least this: the time to record the outcome.
const AFTER_LAST_CALL: Duration = Duration::from_secs(30);

/// How long a time slice without progress lasts if `functionTimeout` sets no limit.
const LONGEST_SLICE: Duration = Duration::from_mins(30);

/// How long runs work, wait and retry (docs/ARCHITECTURE.md#failures).
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// How long one queue invocation works on a run before it leaves the rest to the next invocation.
    pub time_slice: Duration,
    /// How long an invocation may go on while it has recorded no progress: what `functionTimeout` leaves.
    pub longest_slice: Duration,
    /// Pauses of a run that makes no progress. After the last one the run fails, or rolls back.
    pub pauses: Vec<Duration>,
    /// Pauses while rolling back; the last one repeats.
    pub rollback_pauses: Vec<Duration>,
    /// A rollback whose waits without progress would last longer than this in all is stuck.
    pub rollback_time_limit: Duration,
    /// How long a lease or a worker slot lasts without a heart-beat.
    pub lease: Duration,
    /// How often leases and worker slots are renewed.
    pub heartbeat: Duration,
    /// A call starts only if the rest of the lease exceeds the call's deadline by this.
    pub call_margin: Duration,
    /// After this time the timer repeats a run's message for the first time; the time doubles with every repetition.
    pub resend_first: Duration,
    /// The longest time between two repetitions.
    pub resend_longest: Duration,
    /// How long a delivery waits for a worker slot, and then its run until the next delivery.
    pub no_slot_pause: Duration,
    /// Time between a rollback and the second look for what it removed, if a call of the run had no answer
    /// (docs/ARCHITECTURE.md#rollback).
    pub recheck_after: Duration,
    /// Pauses while SecureAuth does not show all imported users yet.
    pub verify_pauses: Vec<Duration>,
    /// How many times in a row the process that works on a run may end without any progress.
    pub max_take_overs: u32,
    /// Pause between the last crash of a run and its rollback, which may crash too
    /// (docs/decisions.md#take-overs-are-counted).
    pub crash_pause: Duration,
    /// Pause between looks whether another run is queued, for which the time slice ends (`SLICE_WHILE_OTHERS_WAIT`).
    pub short_slice: Duration,
    /// How long a payload schema that was read is used for all runs (`PAYLOAD_SCHEMA_KEPT`).
    pub schema_kept: Duration,
    /// How often a stuck run is reported until an operator acts.
    pub stuck_report_every: Duration,
    /// Rows of one page of `ciam.BillerUser`.
    pub users_per_page: u32,
}

impl RunSettings {
    pub(super) fn read(reader: &mut Reader<'_>, secureauth: &SecureAuth) -> Self {
        let mut run = Self {
            time_slice: reader.seconds("SLICE_SECONDS", 2 * MINUTE, 10 * SECOND),
            longest_slice: Duration::ZERO,
            pauses: reader.durations(
                "RUN_PAUSES",
                &[30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE],
                SECOND,
            ),
            rollback_pauses: reader.durations(
                "ROLLBACK_PAUSES",
                &[
                    30 * SECOND,
                    MINUTE,
                    2 * MINUTE,
                    5 * MINUTE,
                    10 * MINUTE,
                    20 * MINUTE,
                    40 * MINUTE,
                    60 * MINUTE,
                ],
                SECOND,
            ),
            rollback_time_limit: reader.duration("ROLLBACK_TIME_LIMIT", 24 * 60 * MINUTE, 10 * MINUTE),
            lease: reader.duration("LEASE", 3 * MINUTE, MINUTE),
            heartbeat: reader.duration("HEARTBEAT", 30 * SECOND, 5 * SECOND),
            call_margin: reader.duration("CALL_MARGIN", 15 * SECOND, 5 * SECOND),
            resend_first: reader.duration("RESEND_FIRST", 2 * MINUTE, 15 * SECOND),
            resend_longest: reader.duration("RESEND_LONGEST", 60 * MINUTE, MINUTE),
            no_slot_pause: reader.duration("NO_SLOT_PAUSE", 30 * SECOND, 5 * SECOND),
            recheck_after: reader.duration("RECHECK_AFTER", 90 * SECOND, MINUTE),
            verify_pauses: reader.durations(
                "VERIFY_PAUSES",
                &[
                    SECOND,
                    2 * SECOND,
                    5 * SECOND,
                    10 * SECOND,
                    20 * SECOND,
                    40 * SECOND,
                    MINUTE,
                    2 * MINUTE,
                ],
                SECOND,
            ),
            max_take_overs: reader.number("MAX_TAKE_OVERS", 2, 1..=100),
            crash_pause: reader.duration("CRASH_PAUSE", 31 * MINUTE, 30 * MINUTE),
            short_slice: reader.duration("SLICE_WHILE_OTHERS_WAIT", SECOND / 4, SECOND / 10),
            schema_kept: reader.duration("PAYLOAD_SCHEMA_KEPT", 10 * MINUTE, SECOND),
            stuck_report_every: reader.duration("STUCK_REPORT_EVERY", 60 * MINUTE, MINUTE),
            users_per_page: reader.number("USERS_PER_PAGE", 1000, 1..=10_000),
        };
        run.check(reader, secureauth);
        run
    }

    fn check(&mut self, reader: &mut Reader<'_>, secureauth: &SecureAuth) {
        let longest_call = secureauth.longest_call();
        let deadlines = [
            "SECUREAUTH_CONNECT_DEADLINE",
            "SECUREAUTH_CRUD_DEADLINE",
            "SECUREAUTH_IMPORT_DEADLINE",
            "SECUREAUTH_TOKEN_DEADLINE",
        ];
        let timeout = host::function_timeout(reader);
        let rest = AFTER_SLICE.max(longest_call + AFTER_LAST_CALL) + self.no_slot_pause;
        let most = timeout.saturating_sub(rest);
        self.longest_slice = most.min(LONGEST_SLICE);
        let involved = [&deadlines[..], &["NO_SLOT_PAUSE"]].concat();
        reader.require(self.time_slice <= most, "SLICE_SECONDS", &involved, || {
            format!(
                "at most `{}`: the host kills the process after `{}` (functionTimeout), and work under way takes up to `{}`",
                written(most),
                written(timeout),
                written(rest)
            )
        });
        reader.require(self.heartbeat * 3 < self.lease, "HEARTBEAT", &["LEASE"], || {
            "less than a third of LEASE, so that one lost heart-beat does not lose the lease".to_owned()
        });
        let involved = [&deadlines[..], &["CALL_MARGIN"]].concat();
        reader.require(self.lease > longest_call + self.call_margin, "LEASE", &involved, || {
            format!(
                "more than the longest SECUREAUTH_*_DEADLINE and CALL_MARGIN together (`{}`), else no call could start",
                written(longest_call + self.call_margin)
            )
        });
        reader.require(
            self.resend_first <= self.resend_longest,
            "RESEND_FIRST",
            &["RESEND_LONGEST"],
            || "at most RESEND_LONGEST".to_owned(),
        );
        let longest_pause = self.rollback_pauses.iter().max().copied().unwrap_or_default();
        reader.require(
            longest_pause <= self.rollback_time_limit,
            "ROLLBACK_TIME_LIMIT",
            &["ROLLBACK_PAUSES"],
            || "at least the longest of ROLLBACK_PAUSES".to_owned(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;

    fn read(pairs: &[(&str, &str)]) -> Result<RunSettings, String> {
        let environment = Environment::of(pairs.iter().copied()).with_host_json(r#"{"functionTimeout":"00:10:00"}"#);
        let mut reader = Reader::new(&environment);
        let secureauth = SecureAuth::read(&mut reader);
        let run = RunSettings::read(&mut reader, &secureauth);
        let (findings, _) = reader.finish();
        if findings.is_empty() {
            Ok(run)
        } else {
            Err(findings.to_string())
        }
    }

    fn refused(pairs: &[(&str, &str)], variable: &str) {
        let findings = read(pairs).expect_err("a contradiction");
        assert!(findings.starts_with(&format!("{variable}: expected ")), "{findings}");
        assert_eq!(findings.lines().count(), 1, "{findings}");
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let run = read(&[]).unwrap();
        assert_eq!(run.time_slice, 120 * SECOND);
        assert_eq!(run.pauses, [30, 60, 120, 240, 480].map(Duration::from_secs));
        assert_eq!(run.rollback_pauses.last(), Some(&Duration::from_hours(1)));
        assert_eq!(
            (run.lease, run.heartbeat, run.call_margin),
            (180 * SECOND, 30 * SECOND, 15 * SECOND)
        );
    }

    #[test]
    fn a_time_slice_ends_well_before_the_host_kills_the_process() {
        assert!(read(&[("SLICE_SECONDS", "480")]).is_ok());
        refused(&[("SLICE_SECONDS", "481")], "SLICE_SECONDS");
        refused(&[("SLICE_SECONDS", "480"), ("NO_SLOT_PAUSE", "31s")], "SLICE_SECONDS");
        refused(
            &[
                ("SLICE_SECONDS", "121"),
                ("AzureFunctionsJobHost__functionTimeout", "00:03:30"),
            ],
            "SLICE_SECONDS",
        );
    }

    #[test]
    fn a_time_slice_without_progress_may_last_as_long_as_the_longest_one_that_may_be_set() {
        assert_eq!(read(&[]).unwrap().longest_slice, 480 * SECOND);
        let unlimited = read(&[("AzureFunctionsJobHost__functionTimeout", "-1")]).unwrap();
        assert_eq!(unlimited.longest_slice, LONGEST_SLICE);
    }

    #[test]
    fn a_longer_deadline_of_calls_makes_the_longest_time_slice_shorter() {
        let pairs = [("SECUREAUTH_IMPORT_DEADLINE", "2m"), ("SLICE_SECONDS", "421")];
        refused(&pairs, "SLICE_SECONDS");
    }

    #[test]
    fn a_lease_outlasts_one_lost_heart_beat() {
        refused(&[("HEARTBEAT", "60s")], "HEARTBEAT");
        assert!(read(&[("HEARTBEAT", "59s")]).is_ok());
    }

    #[test]
    fn a_lease_is_longer_than_any_call_it_has_to_cover() {
        refused(&[("LEASE", "75s"), ("HEARTBEAT", "10s")], "LEASE");
        refused(&[("CALL_MARGIN", "2m")], "LEASE");
        assert!(read(&[("LEASE", "76s"), ("HEARTBEAT", "10s")]).is_ok());
    }

    #[test]
    fn everything_can_be_milliseconds_in_development() {
        let pairs = [
            ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
            ("SLICE_SECONDS", "500ms"),
            ("RUN_PAUSES", "1ms,2ms"),
            ("ROLLBACK_PAUSES", "1ms"),
            ("ROLLBACK_TIME_LIMIT", "1s"),
            ("LEASE", "2s"),
            ("HEARTBEAT", "100ms"),
            ("CALL_MARGIN", "10ms"),
            ("SECUREAUTH_CONNECT_DEADLINE", "1s"),
            ("SECUREAUTH_CRUD_DEADLINE", "1s"),
            ("SECUREAUTH_IMPORT_DEADLINE", "1s"),
            ("SECUREAUTH_TOKEN_DEADLINE", "1s"),
        ];
        assert_eq!(read(&pairs).unwrap().time_slice, Duration::from_millis(500));
        assert_eq!(read(&pairs[1..]).unwrap_err().lines().count(), 10);
    }
}
