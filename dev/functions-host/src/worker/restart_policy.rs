//! Decides what follows the end of the handler process (S7).

use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::Instant;

/// After this many errors the host stops.
const ERRORS_THAT_STOP_THE_HOST: u32 = 3;
/// With this exit code a handler is restarted without being counted.
const RESTART_REQUESTED: i32 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not restarted; invocations fail until the host restarts.
    LeaveDown,
    Restart,
    StopHost,
}

pub(crate) struct RestartPolicy {
    window: Duration,
    errors: u32,
    last_error: Option<Instant>,
}

impl RestartPolicy {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            errors: 0,
            last_error: None,
        }
    }

    pub(crate) fn on_exit(&mut self, status: ExitStatus, now: Instant) -> Verdict {
        match status.code() {
            Some(0) => Verdict::LeaveDown,
            Some(RESTART_REQUESTED) => Verdict::Restart,
            _ => self.on_error(now),
        }
    }

    /// Counts a crash or a readiness timeout. If the last one is longer ago than the window, the count starts anew.
    pub(crate) fn on_error(&mut self, now: Instant) -> Verdict {
        if self.last_error.is_some_and(|last| now - last > self.window) {
            self.errors = 0;
        }
        self.errors += 1;
        self.last_error = Some(now);
        if self.errors >= ERRORS_THAT_STOP_THE_HOST {
            Verdict::StopHost
        } else {
            Verdict::Restart
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn exited(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    #[test]
    fn exit_codes_follow_the_table() {
        let now = Instant::now();
        let sigkill = ExitStatus::from_raw(9);
        for (status, verdict) in [
            (exited(0), Verdict::LeaveDown),
            (exited(200), Verdict::Restart),
            (exited(1), Verdict::Restart),
            (exited(143), Verdict::Restart),
            (sigkill, Verdict::Restart),
        ] {
            let mut policy = RestartPolicy::new(Duration::from_mins(30));
            assert_eq!(policy.on_exit(status, now), verdict, "{status}");
        }
    }

    #[test]
    fn the_third_counted_error_in_the_window_stops_the_host() {
        let start = Instant::now();
        let minutes = |minutes: u64| start + Duration::from_secs(minutes * 60);
        let mut policy = RestartPolicy::new(Duration::from_mins(30));
        assert_eq!(policy.on_exit(exited(1), minutes(0)), Verdict::Restart);
        assert_eq!(policy.on_exit(exited(200), minutes(1)), Verdict::Restart);
        assert_eq!(policy.on_error(minutes(29)), Verdict::Restart);
        assert_eq!(policy.on_exit(exited(1), minutes(58)), Verdict::StopHost);
    }

    #[test]
    fn errors_further_apart_than_the_window_do_not_add_up() {
        let start = Instant::now();
        let mut policy = RestartPolicy::new(Duration::from_mins(30));
        for n in 0..10_u64 {
            let at = start + Duration::from_secs(n * 1801);
            assert_eq!(policy.on_error(at), Verdict::Restart);
        }
    }
}
