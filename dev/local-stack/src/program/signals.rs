//! Ctrl-C and `kill`.

use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a program that was interrupted, as shells write it.
pub(super) const INTERRUPTED: u8 = 130;

/// Waits for SIGINT or SIGTERM. Where they cannot be caught their default action ends the program anyway.
pub(super) async fn told_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
