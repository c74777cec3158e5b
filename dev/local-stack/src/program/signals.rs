//! Ctrl-C, `kill`, and a terminal that is closed.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code of a program that was interrupted, as shells write it.
pub(super) const INTERRUPTED: u8 = 130;

/// SIGINT, SIGTERM and SIGHUP, caught from the moment this is made: before there is anything to leave behind.
pub(super) struct StopSignals(Option<[Signal; 3]>);

impl StopSignals {
    /// Where they cannot be caught their default action ends the program.
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

    /// Lets work end; none when told to stop before that.
    pub(super) async fn or_told_to_stop<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.told_to_stop() => None,
        }
    }

    /// Waits for one of them.
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
