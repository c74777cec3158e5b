//! Catches Ctrl-C, `kill`, and the end of a terminal.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code of a program that was interrupted, as shells write it.
pub(super) const INTERRUPTED: u8 = 130;

/// SIGINT, SIGTERM and SIGHUP. They are caught before anything is started, so that nothing started is left behind.
pub(super) struct StopSignals(Option<[Signal; 3]>);

impl StopSignals {
    /// Catches the signals. Where they cannot be caught, their default action ends the program.
    pub(super) fn catch() -> Self {
        Self(Self::try_catch().ok())
    }

    fn try_catch() -> io::Result<[Signal; 3]> {
        Ok([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ])
    }

    /// Waits for the end of `work`; `None` when a signal came first.
    pub(super) async fn or_told_to_stop<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.told_to_stop() => None,
        }
    }

    /// Waits for one of the signals.
    pub(super) async fn told_to_stop(&mut self) {
        let Some([interrupt, terminate, hangup]) = &mut self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
