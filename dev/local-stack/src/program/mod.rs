//! The command line of `local-stack`.

/// Prints a line. If nobody reads it any more (`| head`), the work goes on.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod billers;
mod console;
mod log;
mod moves;
mod people;
mod readme;
mod reports;
mod run;
mod scenario;
mod serve;
mod sign_ins;
mod signals;
mod table;
mod totals;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use functions_host::StartError;
use local_stack::{StackError, StackOptions, Storage};

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
    #[arg(long, value_enum, default_value_t = Queues::Embedded)]
    storage: Queues,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Queues {
    /// In the memory of this program
    Embedded,
    /// In Azurite, which is started on a free port and keeps everything in memory
    Azurite,
}

impl Common {
    /// A file in a folder above this program: 1 is the program's own folder.
    fn beside(name: &str, levels: usize) -> PathBuf {
        let program = std::env::current_exe().unwrap_or_default();
        program
            .ancestors()
            .nth(levels)
            .map(|folder| folder.join(name))
            .unwrap_or_default()
    }

    fn options(&self) -> StackOptions {
        let handler = self.handler.clone();
        let handler = handler.unwrap_or_else(|| Self::beside("biller-onboarding", 1));
        let storage = match self.storage {
            Queues::Embedded => Storage::Embedded,
            Queues::Azurite => Storage::Azurite,
        };
        StackOptions::new(handler).set("LOG_FORMAT", "text").storage(storage)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.log.clone().unwrap_or_else(|| Self::beside(name, 2))
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
        StackError::Simulator { .. } => Some("Another port: make serve ARGS='--simulator-port 7081'"),
        _ => None,
    }
}

async fn dispatch(command: Command) -> Result<ExitCode, StackError> {
    match command {
        Command::Run { common, keep } => {
            let log = log::start(&common.log("local-stack-run.log"))?;
            run::run(common.options(), &log, keep).await
        }
        Command::Serve {
            common,
            port,
            simulator_port,
        } => {
            let log = log::start(&common.log("local-stack-serve.log"))?;
            let mut options = common.options();
            options.port = port;
            options.simulator.listen.set_port(simulator_port);
            serve::serve(options, &log).await
        }
    }
}
