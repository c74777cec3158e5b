//! A running program that stays up until it gets a signal.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Long enough for a busy machine. A test that passes does not wait for it.
pub(super) const DEADLINE: Duration = Duration::from_mins(5);
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_local-stack");

/// A running `local-stack serve` or `local-stack start`. It gets SIGTERM when it is dropped.
pub(super) struct Running {
    pub(super) child: Child,
    /// The lines that it printed until it was up.
    pub(super) printed: Vec<String>,
}

impl Running {
    /// Starts it and reads what it prints until it is up.
    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut running = Self {
            child,
            printed: Vec::new(),
        };
        let (lines, printed) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads to the end, because a closed pipe would stop a host below.
            for line in stdout.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let end = Instant::now() + DEADLINE;
        while !running.printed.iter().any(|line| line.starts_with("Ctrl-C")) {
            match printed.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => running.printed.push(line),
                Err(RecvTimeoutError::Disconnected) => panic!("it has ended; it printed {:#?}", running.printed),
                Err(RecvTimeoutError::Timeout) => panic!("it is not up; it printed {:#?}", running.printed),
            }
        }
        running
    }

    /// The first word that was printed after `label`.
    pub(super) fn value(&self, label: &str) -> &str {
        let line = self.printed.iter().find_map(|line| line.strip_prefix(label));
        line.and_then(|line| line.split_whitespace().next())
            .unwrap_or_else(|| panic!("no {label} in {:#?}", self.printed))
    }

    /// Where a biller's toggle and status are.
    pub(super) fn biller(&self, id: &str) -> String {
        format!("{}/api/billers/{id}/ciam", self.value("HTTP API: "))
    }

    pub(super) fn signal(&self, signal: &str) {
        kill(signal, &self.child.id().to_string());
    }

    /// Ends it with a signal. Returns the exit code.
    pub(super) fn ended_by(&mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.ended_by("TERM");
        }
    }
}

/// Sends a signal to a process, or to a group by its negative number.
pub(super) fn kill(signal: &str, pid: &str) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -s {signal} -- {pid}")])
        .status();
    assert!(sent.unwrap().success());
}
