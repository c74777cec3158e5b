//! `local-stack start`: the real host, `func start` of Core Tools, on an app folder with simulator, storage emulator and database.

mod func;
mod storage;

use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use local_stack::{FrontDoor, FunctionApp, RealHost, StackError, StackOptions};

use self::storage::StorageAccount;
use super::billers::BILLERS;
use super::signals::StopSignals;
use super::{NOT_STARTED, announce};

/// At its first start the host loads its extensions from the network.
const UP_DEADLINE: Duration = Duration::from_mins(10);
/// Time between two questions whether the API answers.
const LOOK: Duration = Duration::from_millis(250);
/// What a person can do without what is missing.
const INSTEAD: &str =
    "Without it, `make serve` runs the same on this repository's stand-in for the host; `make run` shows all of it.";

/// Where and how the host is started.
pub(super) struct Place {
    /// Holds the app folder, which is made anew, and the database, which stays.
    pub(super) folder: PathBuf,
    /// Removes the database of an earlier start first.
    pub(super) fresh: bool,
    /// Port of the HTTP API; 0 takes a free one.
    pub(super) port: u16,
    /// Installs Azurite.
    pub(super) installer: Option<PathBuf>,
}

/// Runs until Ctrl-C, or until the host ends.
pub(super) async fn start(options: StackOptions, place: Place) -> Result<ExitCode, StackError> {
    let mut signals = StopSignals::catch();
    let Some(begun) = signals.or_told_to_stop(begin(options, place)).await else {
        return Ok(ended());
    };
    let Some(mut running) = begun? else {
        return Ok(ExitCode::from(NOT_STARTED));
    };
    let outcome = signals.or_told_to_stop(running.attend()).await;
    running.stop().await;
    match outcome {
        None => Ok(ended()),
        Some(failure) => {
            eprintln!("local-stack: {failure}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn ended() -> ExitCode {
    say!("\nEnded: every process is stopped. The database stays for the next start.");
    ExitCode::SUCCESS
}

/// What runs, in the order in which it ends.
struct Running {
    func: RealHost,
    app: FunctionApp,
    storage: StorageAccount,
    front_door: FrontDoor,
    /// Held so that nobody else uses the folder.
    _lock: File,
}

/// Starts everything; `None` after it has said what is missing.
async fn begin(options: StackOptions, place: Place) -> Result<Option<Running>, StackError> {
    let Place {
        folder,
        fresh,
        port,
        installer,
    } = place;
    let mut missing = Vec::new();
    missing.extend(
        func::complaint()
            .await
            .map(|complaint| format!("{complaint}\n{INSTEAD}")),
    );
    let port = free(port)
        .map_err(|complaint| missing.push(complaint))
        .unwrap_or_default();
    let lock = lock(&folder)?;
    if lock.is_none() {
        missing.push(format!(
            "another `make start` uses {}; end it with Ctrl-C in its terminal, or run `make serve ARGS='--port 7072'` beside it",
            folder.display()
        ));
    }
    // Nothing is installed or started in vain.
    let mut storage = None;
    if missing.is_empty() {
        let found = StorageAccount::find(installer.as_deref()).await;
        storage = found.map_err(|error| missing.push(error)).ok();
    }
    let (Some(lock), Some(storage)) = (lock, storage) else {
        for complaint in missing {
            eprintln!("make start: {complaint}");
        }
        return Ok(None);
    };
    if fresh {
        FunctionApp::forget(&folder)?;
    }
    let app = FunctionApp::prepare(options, &folder, &storage.connection_string()).await?;
    let known = app.database().billers()?.len();
    announce::billers(app.crm(), app.simulator())?;
    if known > 0 {
        say!(
            "The database is the one of an earlier start and knows {known} of them. The simulator begins empty all the same: the next \
             toggle of an active biller puts it there again. ARGS=--fresh begins with an empty database."
        );
    }
    say!("Starting `func start` in {}\n", app.app_root().display());
    let front_door = FrontDoor::new(format!("http://127.0.0.1:{port}"))?;
    let func = func::start(app.app_root(), port).map_err(|error| StackError::File {
        path: PathBuf::from("func"),
        error,
    })?;
    Ok(Some(Running {
        func,
        app,
        storage,
        front_door,
        _lock: lock,
    }))
}

impl Running {
    /// Ends everything; the handler can still give its runs back, because what it uses ends after it.
    async fn stop(self) {
        self.func.stop().await;
    }

    /// Prints how to use it once the API answers. Returns why it cannot go on.
    async fn attend(&mut self) -> String {
        let up = tokio::select! {
            ended = self.func.ended() => return why(ended),
            up = is_up(&self.front_door) => up,
        };
        if let Err(last) = up {
            return format!("the HTTP API does not work after {UP_DEADLINE:?}: {last}");
        }
        announce::addresses(self.front_door.base_url(), self.app.simulator());
        say!("Storage: {}", self.storage.describe());
        say!("Database: {} (stays)", self.app.database().path().display());
        say!("Ctrl-C ends it.");
        why(self.func.ended().await)
    }
}

fn why(ended: std::io::Result<std::process::ExitStatus>) -> String {
    match ended {
        Ok(status) => {
            format!("`func start` has ended ({status}); the lines of host and handler above say why")
        }
        Err(error) => format!("`func start`: {error}"),
    }
}

/// Asks until a biller's status is answered, which needs host, handler and database. Fails with the last answer.
async fn is_up(front_door: &FrontDoor) -> Result<(), String> {
    let biller = BILLERS.first().map_or("", |biller| biller.id);
    let mut last = "it does not answer".to_owned();
    let asking = async {
        loop {
            match front_door.status(biller).await {
                Ok(answer) if answer.status == 200 => return,
                Ok(answer) => last = format!("GET is {} {}", answer.status, answer.text),
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let in_time = tokio::time::timeout(UP_DEADLINE, asking).await;
    in_time.map_err(|_| last)
}

/// The port itself or, for 0, a free one.
fn free(port: u16) -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let address = listener.and_then(|listener| listener.local_addr());
    address
        .map(|address| address.port())
        .map_err(|error| format!("port {port} cannot be used ({error}); another one: make start ARGS='--port 7072'"))
}

/// `None` while somebody else has the lock.
fn lock(folder: &PathBuf) -> Result<Option<File>, StackError> {
    let file = |path: &PathBuf, error| StackError::File {
        path: path.clone(),
        error,
    };
    fs::create_dir_all(folder).map_err(|error| file(folder, error))?;
    let path = folder.join("lock");
    let lock = File::create(&path).map_err(|error| file(&path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(file(&path, error)),
    }
}
