//! Ctrl-C and `kill`.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code of a program that was interrupted, as shells write it.
pub(super) const INTERRUPTED: u8 = 130;

/// SIGINT and SIGTERM, caught from the moment this is made: before there is anything to leave behind.
pub(super) struct StopSignals(Option<(Signal, Signal)>);

impl StopSignals {
    /// Where they cannot be caught their default action ends the program.
    pub(super) fn catch() -> Self {
        let both =
            signal(SignalKind::interrupt()).and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
        Self(both.ok())
    }

    /// Waits for one of them.
    pub(super) async fn told_to_stop(&mut self) {
        let Some((interrupt, terminate)) = &mut self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
