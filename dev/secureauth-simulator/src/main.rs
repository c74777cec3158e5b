//! The simulator as a program.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use secureauth_simulator::{Client, Options, Simulator, Switches};

#[derive(Parser)]
#[command(version, about = "A strict stand-in for SecureAuth Connect; listens until it is interrupted", after_long_help = Switches::help(), after_help = Switches::help())]
struct Arguments {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Tenant id, in every path
    #[arg(long, default_value = "dev-invoicecloud")]
    tenant: String,
    /// Id of the client that gets tokens
    #[arg(long, default_value = "onboarding")]
    client_id: String,
    /// Secret of that client
    #[arg(
        long,
        env = "SIMULATOR_CLIENT_SECRET",
        default_value = "simulator-secret",
        hide_env_values = true
    )]
    client_secret: String,
    /// Scopes of that client; all if not given
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// Organization that exists at start
    #[arg(long, default_value = "invoice-cloud")]
    parent_organization: String,
    /// Seed of every id, token and secret
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads that serve requests
    #[arg(long, default_value_t = 2)]
    worker_threads: usize,
    /// Sets a switch, may be given more than once
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    switches: Vec<String>,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("secureauth-simulator: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    let mut client = Client::new(&arguments.client_id, &arguments.client_secret);
    if !arguments.scopes.is_empty() {
        client.scopes = arguments.scopes;
    }
    let mut switches = Switches::default();
    for setting in &arguments.switches {
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| format!("`{setting}` is not name=value"))?;
        switches.set(name, value).map_err(|error| error.to_string())?;
    }
    let simulator = Simulator::start(Options {
        listen: arguments.listen,
        tenant: arguments.tenant,
        clients: vec![client],
        parent_organization: arguments.parent_organization,
        seed: arguments.seed,
        worker_threads: arguments.worker_threads,
        switches,
        ..Options::default()
    })
    .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;
    println!("listening on {}", simulator.base_url());
    wait_for_interrupt().map_err(|error| format!("cannot wait for a signal: {error}"))
}

/// Returns on Ctrl-C or SIGTERM.
fn wait_for_interrupt() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    })
}
