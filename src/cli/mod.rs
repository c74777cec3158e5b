//! The subcommands. The host starts `serve`; the others are for operators. With findings in the settings that
//! they need, all but `serve` print them and exit with 2.

mod allow_leavers;
mod db;
mod doctor;
mod issues;
mod list;
mod operate;
mod plan;
mod purge;
mod serve;
mod status;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::boot::{Boot, Database};
use crate::clock::SystemClock;
use crate::domain::ids::BillerId;
use crate::domain::operation::Operation;
use crate::functions::{NotReady, ServicesSource};
use crate::settings::{Environment, Findings, Log, Settings};
use crate::telemetry;

/// Exit code: arguments or settings are wrong.
const FINDINGS: u8 = 2;
/// Exit code: the command failed.
const FAILED: u8 = 1;

const EXIT_CODES: &str = "\
Exit codes: 0 done, and for plan: nothing found that would stop the run, for doctor: nothing to do; 1 failed, and stderr says
why, or for doctor: something to do; 2 arguments or settings are wrong.

Settings are environment variables. SQL Server's connection string and the credentials can be in Key Vault.";

/// Switches billers over to SecureAuth Connect.
#[derive(Debug, Parser)]
#[command(version = telemetry::BUILD, about, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the Functions host (the default)
    Serve,
    /// Show what toggling a biller to Yes would do now; writes nothing
    Plan {
        /// The biller's id
        #[arg(value_parser = biller_id)]
        biller: BillerId,
    },
    /// Check settings, token, scopes, parent organization, payload schema and factors; writes nothing
    Doctor,
    #[command(flatten)]
    OnDatabase(OnDatabase),
}

/// Commands that need the database only, and of the settings only those of database and vault.
#[derive(Debug, Subcommand)]
enum OnDatabase {
    /// Show a biller's CIAM state, its latest run or the one named, and that run's journal
    Status {
        /// The id of a biller or of a run
        #[arg(value_parser = biller_id)]
        id: BillerId,
    },
    /// List all data errors of a biller's latest run, or of the run named
    Issues {
        /// The id of a biller or of a run
        #[arg(value_parser = biller_id)]
        id: BillerId,
        /// Comma-separated values with a header
        #[arg(long)]
        csv: bool,
    },
    /// List the runs that have not ended, oldest first
    List {
        /// Only the stuck ones, which wait for an operator
        #[arg(long)]
        stuck: bool,
    },
    /// Continue a stuck or waiting run from its journal
    Resume(operate::Target),
    /// Roll back a stuck, waiting or queued run
    Rollback(operate::Target),
    /// End a queued run that no worker has had
    Cancel(operate::Target),
    /// End a stuck run after cleaning up by hand what it left
    Close(operate::Target),
    /// Let a biller's next run take access from more users than the guard allows
    AllowLeavers(allow_leavers::Allowance),
    /// Delete what runs left that ended long ago; their rows stay
    Purge(purge::Retention),
    /// Create, update or check the database's schema
    #[command(subcommand)]
    Db(db::Command),
}

/// Runs the subcommand given on the command line; the result is the process's exit code.
pub async fn run(environment: Environment, seed: u64) -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Serve);
    log(&command, &environment);
    let boot = Arc::new(Boot::new(&environment, seed));
    match command {
        Command::Serve => serve::run(&environment, boot).await,
        Command::Plan { biller } => match boot.settings() {
            Ok(_) => plan_for(&boot, &biller).await,
            Err(findings) => told(findings),
        },
        Command::Doctor => match boot.settings() {
            Ok(settings) => examine(&boot, settings).await,
            Err(findings) => told(findings),
        },
        Command::OnDatabase(command) => match boot.database_settings() {
            Ok(_) => on_database(&boot, command).await,
            Err(findings) => told(findings),
        },
    }
}

fn told(findings: &Findings) -> ExitCode {
    eprintln!("{findings}");
    ExitCode::from(FINDINGS)
}

/// Prints the preview even if the run could not succeed.
async fn plan_for(boot: &Boot, biller: &BillerId) -> ExitCode {
    let services = match boot.services().await {
        Ok(services) => services,
        Err(not_ready) => return refuse(not_ready),
    };
    match plan::run(&services, biller).await {
        Ok((report, None)) => print(&report),
        Ok((report, Some(obstacle))) => {
            print(&report);
            fail(&obstacle)
        }
        Err(message) => fail(&message),
    }
}

/// Prints the report also when something has to be done.
async fn examine(boot: &Boot, settings: &Settings) -> ExitCode {
    match doctor::run(boot, settings).await {
        Ok((report, false)) => print(&report),
        Ok((report, true)) => {
            print(&report);
            ExitCode::from(FAILED)
        }
        Err(not_ready) => refuse(not_ready),
    }
}

async fn on_database(boot: &Boot, command: OnDatabase) -> ExitCode {
    let database = match boot.database().await {
        Ok(database) => database,
        Err(not_ready) => return refuse(not_ready),
    };
    match carry_out(command, &database).await {
        Ok(report) => print(&report),
        Err(message) => fail(&message),
    }
}

fn refuse(not_ready: NotReady) -> ExitCode {
    match not_ready {
        NotReady::Configuration => ExitCode::from(FINDINGS),
        not_ready => fail(&not_ready.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(FAILED)
}

/// A reader that stops early (`| head`) is no failure.
fn print(text: &str) -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("the command was done, but its output cannot be written: {error}");
            ExitCode::from(FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Runs a command: its output, or why it failed.
async fn carry_out(command: OnDatabase, database: &Database) -> Result<String, String> {
    let store = database.store();
    let store = store.as_ref();
    // Tables of another schema version may mean something else, so they are not touched.
    if !matches!(command, OnDatabase::Db(_)) {
        db::fitting_schema(store).await?;
    }
    match command {
        OnDatabase::Status { id } => status::run(store, &id).await,
        OnDatabase::Issues { id, csv } => issues::run(store, &id, csv).await,
        OnDatabase::List { stuck } => list::run(store, stuck).await,
        OnDatabase::Resume(target) => operate::run(store, Operation::Resume, &target).await,
        OnDatabase::Rollback(target) => operate::run(store, Operation::Rollback, &target).await,
        OnDatabase::Cancel(target) => operate::run(store, Operation::Cancel, &target).await,
        OnDatabase::Close(target) => operate::run(store, Operation::Close, &target).await,
        OnDatabase::AllowLeavers(allowance) => allow_leavers::run(store, &allowance).await,
        OnDatabase::Purge(retention) => purge::run(store, &retention).await,
        OnDatabase::Db(command) => db::run(database, command).await,
    }
}

/// `serve` logs to stdout, which the host reads. The other commands log to stderr, because stdout is for their output.
fn log(command: &Command, environment: &Environment) {
    let (log, clock) = (Log::of(environment), Arc::new(SystemClock));
    let started = match command {
        Command::Serve => telemetry::start(&log, clock),
        _ => tracing::subscriber::set_global_default(telemetry::subscriber(&log, clock, std::io::stderr)),
    };
    if let Err(error) = started {
        eprintln!("cannot start logging: {error}");
    }
}

/// The error with all its causes; none of them holds personal data.
fn error_text(error: &crate::store::StoreError) -> String {
    crate::telemetry::chain(error).to_string()
}

fn biller_id(text: &str) -> Result<BillerId, &'static str> {
    BillerId::try_new(text).map_err(|_| "a biller id must match ^[A-Za-z0-9_-]{1,64}$")
}

/// RFC 3339.
fn time_text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
