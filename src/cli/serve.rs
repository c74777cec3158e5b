//! `serve`: listens on the port that the host gave, even if the settings have findings
//! (docs/decisions.md#serving-without-settings).
//!
//! The host does not restart a process that exits with 0 (docs/reference/functions-host.md#exit-codes). So a signal
//! ends the process with 128 + the signal's number, and an end of the host with 128 + the number of a hang-up. Before that
//! every run is given back (docs/decisions.md#ending-on-a-signal).

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::parent_id;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::{FAILED, FINDINGS};
use crate::boot::Boot;
use crate::functions::router;
use crate::settings::{Environment, listen_port};
use crate::telemetry::{COMMIT, VERSION};

pub(super) async fn run(environment: &Environment, boot: Arc<Boot>) -> ExitCode {
    // Before anything else: the host may end while this process starts.
    let parent = parent_id();
    let port = match listen_port(environment) {
        Ok(port) => port,
        Err(findings) => {
            eprintln!("{findings}");
            return ExitCode::from(FINDINGS);
        }
    };
    if let Err(findings) = boot.settings() {
        eprintln!("{findings}");
    }
    match serve(port, boot, parent).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cannot serve on port {port}: {error}");
            ExitCode::from(FAILED)
        }
    }
}

/// Longest time between a signal and the end of the process.
const LAST_WORK: Duration = Duration::from_secs(18);
/// How often the handler looks whether its parent, the host, is still there.
const PARENT_LOOK: Duration = Duration::from_secs(1);

async fn serve(port: u16, boot: Arc<Boot>, parent: u32) -> std::io::Result<ExitCode> {
    let signals = Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        parent,
    };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    info!(port, version = VERSION, commit = COMMIT, "serving");
    let (closing, limits) = (boot.closing(), boot.limits());
    let (told, tasks) = (closing.clone(), TaskTracker::new());
    let serving = axum::serve(listener, router(boot, limits, tasks.clone()))
        .with_graceful_shutdown(async move { told.cancelled().await })
        .into_future();
    let mut serving = std::pin::pin!(serving);
    let code = tokio::select! {
        served = &mut serving => return served.map(|()| ExitCode::from(FAILED)),
        code = signals.first() => code,
    };
    closing.cancel();
    tasks.close();
    let ended = async { tokio::join!(serving, tasks.wait()) };
    if tokio::time::timeout(LAST_WORK, ended).await.is_err() {
        warn!("not every invocation was answered in time");
    }
    Ok(code)
}

/// What ends the process from outside.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// A host that is killed leaves its handler behind (docs/reference/functions-host.md#shutdown). Then it gets another parent.
    parent: u32,
}

impl Signals {
    /// The exit code that the first one leads to.
    async fn first(mut self) -> ExitCode {
        let (name, number) = tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", 15),
            _ = self.interrupt.recv() => ("SIGINT", 2),
            () = has_lost(self.parent) => ("the host is gone", 1),
        };
        warn!("the process is to end: {name}");
        ExitCode::from(128 + number)
    }
}

async fn has_lost(parent: u32) {
    while parent_id() == parent {
        tokio::time::sleep(PARENT_LOOK).await;
    }
}
