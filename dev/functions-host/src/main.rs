//! `functions-host`: serves a custom handler app on this machine until Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use functions_host::{Executable, FunctionsHost, HostOptions, Keys, StartError, StopReason};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Exit code when the app cannot be started.
const EXIT_CONFIGURATION: u8 = 2;

/// Stand-in for the Azure Functions host. Exit codes: 0 stopped by a signal, 2 the app cannot be started, 3 the handler
/// failed three times, 4 the handler did not become ready.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Folder of host.json and the function folders.
    #[arg(long, default_value = ".")]
    app_root: PathBuf,
    /// Port of the HTTP API on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 7071)]
    port: u16,
    /// Program to start instead of the one in customHandler.description.
    #[arg(long)]
    executable: Option<PathBuf>,
    /// Arguments of --executable.
    #[arg(last = true, requires = "executable")]
    handler_arguments: Vec<String>,
    /// Fires every timer at this interval (for example 200ms) instead of by its schedule.
    #[arg(long, value_parser = humantime::parse_duration)]
    timer_interval: Option<Duration>,
    /// Behaves like the real host also where that hides a mistake of the handler.
    #[arg(long)]
    lenient: bool,
    /// The key that callers of functions of level `function` have to send.
    #[arg(long, requires = "master_key")]
    function_key: Option<String>,
    /// The key that callers of the admin routes have to send.
    #[arg(long, requires = "function_key")]
    master_key: Option<String>,
    /// Seed of ids and jitter.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();
    match serve(options(Cli::parse())).await {
        Ok(reason) => ExitCode::from(reason.exit_code()),
        Err(error) => {
            tracing::error!(%error, "the app cannot be started");
            ExitCode::from(EXIT_CONFIGURATION)
        }
    }
}

async fn serve(options: HostOptions) -> Result<StopReason, StartError> {
    // Signals are caught before the program prints anything, so that none can come too early.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let host = FunctionsHost::start(options).await?;
    tracing::info!("listening on {}", host.base_url());
    let reason = tokio::select! {
        reason = host.stopped() => reason,
        _ = interrupt.recv() => StopReason::Requested,
        _ = terminate.recv() => StopReason::Requested,
        _ = hangup.recv() => StopReason::Requested,
    };
    host.stop().await;
    Ok(reason)
}

fn options(arguments: Cli) -> HostOptions {
    let mut options = HostOptions::new(arguments.app_root);
    options.port = arguments.port;
    options.executable = arguments.executable.map(|path| Executable {
        path,
        arguments: arguments.handler_arguments,
    });
    options.timer_interval = arguments.timer_interval;
    options.strict = !arguments.lenient;
    options.keys = arguments
        .function_key
        .zip(arguments.master_key)
        .map(|(function, master)| Keys { function, master });
    options.seed = arguments.seed;
    options
}
