//! Turns stdout and stderr of the handler into log lines (S9).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::journal::Ring;

/// Marks a line for the host's own log. The host cuts it off.
const SYSTEM_PREFIX: &str = "LanguageWorkerConsoleLog";
/// Marks a line for developer tools.
const TOOLING_PREFIX: &str = "azfuncjsonlog:";
/// Number of last lines of stderr in the report of a crash.
const CRASH_REPORT_LINES: usize = 3;

/// The level at which the host logs a console line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleLevel {
    /// Every line of stdout.
    Information,
    /// A line of stderr that contains `warn`.
    Warning,
    /// Any other line of stderr. With `useStdErrorStreamForErrorsOnly: false`, only one that sounds like an error.
    Error,
}

/// The stream that a line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The log that a line goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleCategory {
    /// `Host.Function.Console`: the app's log.
    Function,
    /// `Worker.HttpWorkerProcess.<id>`: the host's own log.
    Worker,
    /// `Host.Function.ToolingConsoleLog`: for developer tools.
    Tooling,
}

/// One line of the handler's console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleLine {
    /// The stream that the line was written to.
    pub stream: ConsoleStream,
    /// The level at which the host logs the line.
    pub level: ConsoleLevel,
    /// The log that the line goes to.
    pub category: ConsoleCategory,
    /// The line without its line end, and without the prefix for the host's own log.
    pub text: String,
}

#[derive(Clone)]
pub(crate) struct Console {
    lines: Ring<ConsoleLine>,
    stderr_tail: Arc<Mutex<VecDeque<String>>>,
    stderr_is_for_errors_only: bool,
}

impl Console {
    pub(crate) fn new(stderr_is_for_errors_only: bool) -> Self {
        Self {
            lines: Ring::default(),
            stderr_tail: Arc::default(),
            stderr_is_for_errors_only,
        }
    }

    pub(crate) fn lines(&self) -> Vec<ConsoleLine> {
        self.lines.entries()
    }

    /// Reads a stream to its end. Bytes that are not UTF-8 are replaced.
    pub(crate) async fn capture(self, stream: ConsoleStream, pipe: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line);
            self.record(stream, text.trim_end_matches(['\r', '\n']));
            line.clear();
        }
    }

    /// The last lines of stderr since the previous call.
    pub(crate) fn take_crash_report(&self) -> String {
        let mut tail = self.stderr_tail.lock().unwrap_or_else(PoisonError::into_inner);
        let report: Vec<String> = tail.drain(..).collect();
        report.join("\n")
    }

    fn record(&self, stream: ConsoleStream, text: &str) {
        let (category, content) = if let Some(rest) = text.strip_prefix(SYSTEM_PREFIX) {
            (ConsoleCategory::Worker, rest)
        } else if text.starts_with(TOOLING_PREFIX) {
            (ConsoleCategory::Tooling, text)
        } else {
            (ConsoleCategory::Function, text)
        };
        let line = ConsoleLine {
            stream,
            level: self.level(stream, text),
            category,
            text: content.to_owned(),
        };
        match line.level {
            ConsoleLevel::Information => {
                tracing::info!(target: "Host.Function.Console", "{}", line.text);
            }
            ConsoleLevel::Warning => {
                tracing::warn!(target: "Host.Function.Console", "{}", line.text);
            }
            ConsoleLevel::Error => {
                tracing::error!(target: "Host.Function.Console", "{}", line.text);
            }
        }
        if stream == ConsoleStream::Stderr {
            let mut tail = self.stderr_tail.lock().unwrap_or_else(PoisonError::into_inner);
            if tail.len() == CRASH_REPORT_LINES {
                tail.pop_front();
            }
            tail.push_back(line.text.clone());
        }
        self.lines.push(line);
    }

    fn level(&self, stream: ConsoleStream, text: &str) -> ConsoleLevel {
        let text = text.to_ascii_lowercase();
        let sounds_like_an_error = || {
            ["error", "fail", "severe", "unhandled exception"]
                .iter()
                .any(|word| text.contains(word))
        };
        if stream == ConsoleStream::Stdout {
            ConsoleLevel::Information
        } else if text.contains("warn") {
            ConsoleLevel::Warning
        } else if self.stderr_is_for_errors_only || sounds_like_an_error() {
            ConsoleLevel::Error
        } else {
            ConsoleLevel::Information
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(stderr_is_for_errors_only: bool, stream: ConsoleStream, text: &str) -> ConsoleLine {
        let console = Console::new(stderr_is_for_errors_only);
        console.record(stream, text);
        console.lines().remove(0)
    }

    #[test]
    fn lines_get_the_level_of_their_stream_and_words() {
        use ConsoleLevel::{Error, Information, Warning};
        use ConsoleStream::{Stderr, Stdout};
        for (errors_only, stream, text, level) in [
            (true, Stdout, "an error on stdout", Information),
            (true, Stderr, "a WARNing", Warning),
            (true, Stderr, "anything", Error),
            (false, Stderr, "anything", Information),
            (false, Stderr, "it failed", Error),
            (false, Stderr, "Unhandled Exception", Error),
            (false, Stderr, "warn: it failed", Warning),
        ] {
            assert_eq!(recorded(errors_only, stream, text).level, level, "{text}");
        }
    }

    #[test]
    fn a_prefix_sends_a_line_to_another_log() {
        for (text, category, content) in [
            ("started", ConsoleCategory::Function, "started"),
            ("LanguageWorkerConsoleLogstarted", ConsoleCategory::Worker, "started"),
            ("azfuncjsonlog:{}", ConsoleCategory::Tooling, "azfuncjsonlog:{}"),
        ] {
            let line = recorded(true, ConsoleStream::Stdout, text);
            assert_eq!((line.category, line.text.as_str()), (category, content));
        }
    }

    #[test]
    fn a_crash_report_holds_the_last_three_lines_of_stderr() {
        let console = Console::new(true);
        for text in ["1", "2", "3", "4"] {
            console.record(ConsoleStream::Stderr, text);
            console.record(ConsoleStream::Stdout, "other");
        }
        assert_eq!(console.take_crash_report(), "2\n3\n4");
        assert_eq!(console.take_crash_report(), "");
    }
}
