//! `serve`: listens on the port that the host gave, even if the settings have findings
//! (docs/decisions.md#serving-without-settings).
//!
//! The host does not restart a process that exits with 0 (docs/reference/functions-host.md#exit-codes). So a signal
//! ends the process with 128 + the signal's number.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::{FAILED, FINDINGS};
use crate::boot::Boot;
use crate::functions::router;
use crate::settings::{Environment, listen_port};

pub(super) async fn run(environment: &Environment, boot: Arc<Boot>) -> ExitCode {
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
    match serve(port, boot).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cannot serve on port {port}: {error}");
            ExitCode::from(FAILED)
        }
    }
}

async fn serve(port: u16, boot: Arc<Boot>) -> std::io::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    info!(port, "serving");
    let limits = boot.limits();
    tokio::select! {
        served = axum::serve(listener, router(boot, limits)) => served.map(|()| ExitCode::from(FAILED)),
        _ = terminate.recv() => Ok(ExitCode::from(128 + 15)),
        _ = interrupt.recv() => Ok(ExitCode::from(128 + 2)),
    }
}
