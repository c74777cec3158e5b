//! The command line of `local-stack`.

/// Prints a line. If nobody reads it any more (`| head`), the work goes on.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod announce;
mod billers;
mod console;
mod log;
mod moves;
mod people;
mod policy;
mod readme;
mod reports;
mod run;
mod scenario;
mod serve;
mod sign_ins;
mod signals;
mod start;
mod table;
mod totals;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use functions_host::StartError;
use local_stack::{StackError, StackOptions, Storage};

/// How the handler ends its complaint about a database that another edition of its scripts made.
const OF_OTHER_SCRIPTS: &str = "create a new database";
/// Exit code when the stack could not be started.
const NOT_STARTED: u8 = 2;

/// CRM, SecureAuth simulator, Functions host and handler on this machine
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Onboards sample billers and compares SecureAuth with database and CRM, person by person: exit code 0 when all is as expected
    Run {
        #[command(flatten)]
        common: Common,
        /// Keeps the folder with the database even if every biller ended as expected
        #[arg(long)]
        keep: bool,
    },
    /// Stays up with the sample billers, for curl, until Ctrl-C
    Serve {
        #[command(flatten)]
        common: Common,
        /// Port of the HTTP API
        #[arg(long, default_value_t = 7071)]
        port: u16,
        /// Port of the SecureAuth simulator
        #[arg(long, default_value_t = 7080)]
        simulator_port: u16,
    },
    /// Runs the real host (`func start` of Core Tools) with the sample billers, simulator and Azurite, until Ctrl-C
    Start {
        /// The handler's binary; by default beside this program
        #[arg(long)]
        handler: Option<PathBuf>,
        /// Port of the HTTP API; 0 takes a free one
        #[arg(long, default_value_t = 7071)]
        port: u16,
        /// Port of the SecureAuth simulator; 0 takes a free one
        #[arg(long, default_value_t = 0)]
        simulator_port: u16,
        /// Where the app folder is made and the database stays; by default `start` in the target folder
        #[arg(long)]
        folder: Option<PathBuf>,
        /// Begins with an empty database
        #[arg(long)]
        fresh: bool,
        /// Program that installs Azurite, with the argument `azurite`; it runs if one has to be started
        #[arg(long)]
        installer: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// The handler's binary; by default beside this program
    #[arg(long)]
    handler: Option<PathBuf>,
    /// Where handler and host write their log; by default in the target folder
    #[arg(long)]
    log: Option<PathBuf>,
    /// Where the host's queues are
    #[arg(long, value_enum, default_value_t = Storage::Embedded)]
    storage: Storage,
}

/// A file in a folder above this program: 1 is the program's own folder.
fn beside(name: &str, levels: usize) -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .ancestors()
        .nth(levels)
        .map(|folder| folder.join(name))
        .unwrap_or_default()
}

/// The options for this handler, or for the one beside this program.
fn options(handler: Option<PathBuf>) -> StackOptions {
    let handler = handler.unwrap_or_else(|| beside("biller-onboarding", 1));
    StackOptions::new(handler).set("LOG_FORMAT", "text")
}

/// The same with the policy of the person's shell.
fn options_of_shell(handler: Option<PathBuf>) -> StackOptions {
    let mut options = options(handler);
    options.settings.extend(policy::from_shell());
    options
}

impl Common {
    fn log(&self, name: &str) -> PathBuf {
        self.log.clone().unwrap_or_else(|| beside(name, 2))
    }
}

/// Runs the command that the arguments name.
#[tokio::main]
pub(super) async fn main() -> ExitCode {
    match dispatch(Arguments::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("local-stack: {error}");
            if let Some(hint) = hint(&error) {
                eprintln!("{hint}");
            }
            ExitCode::from(NOT_STARTED)
        }
    }
}

/// What a person can do about it.
fn hint(error: &StackError) -> Option<&'static str> {
    match error {
        StackError::Host(StartError::Port { .. }) => Some("Another port: make serve ARGS='--port 7072'"),
        StackError::Simulator { .. } => Some("Another port: ARGS='--simulator-port 7081'"),
        StackError::Handler { output, .. } if output.contains(OF_OTHER_SCRIPTS) => {
            Some("Begin with an empty one: make start ARGS=--fresh")
        }
        _ => None,
    }
}

async fn dispatch(command: Command) -> Result<ExitCode, StackError> {
    match command {
        Command::Run { common, keep } => {
            let log = log::start(&common.log("local-stack-run.log"))?;
            run::run(options(common.handler).storage(common.storage), &log, keep).await
        }
        Command::Serve {
            common,
            port,
            simulator_port,
        } => {
            let log = log::start(&common.log("local-stack-serve.log"))?;
            let mut options = options_of_shell(common.handler).storage(common.storage);
            options.port = port;
            options.simulator.listen.set_port(simulator_port);
            serve::serve(options, &log).await
        }
        Command::Start {
            handler,
            port,
            simulator_port,
            folder,
            fresh,
            installer,
        } => {
            let mut options = options_of_shell(handler);
            options.simulator.listen.set_port(simulator_port);
            let folder = folder.unwrap_or_else(|| beside("start", 2));
            let place = start::Place {
                folder,
                fresh,
                port,
                installer,
            };
            Box::pin(start::start(options, place)).await
        }
    }
}
