//! Azurite, the storage emulator, for tests, `make serve` and `make start`. It runs without the network: in memory, on free
//! ports of 127.0.0.1, and without telemetry.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::config::machine_variables;
use crate::guard::Guard;
use crate::queue::{of_emulator, of_emulator_with};

/// The version that `scripts/tools.sh` installs.
const VERSION: &str = "3.35.0";
/// Azurite's program for queues alone.
const QUEUES: &str = "node_modules/azurite/dist/src/queue/main.js";
/// What it prints before its address, once it listens.
const LISTENS: &str = "successfully listens on ";
/// Azurite's program for blobs, queues and tables.
const ALL: &str = "node_modules/azurite/dist/src/azurite.js";
/// What it prints before the address of each service, in this order.
const EACH_LISTENS: [&str; 3] = [
    "Azurite Blob service is successfully listening at ",
    "Azurite Queue service is successfully listening at ",
    "Azurite Table service is successfully listening at ",
];
/// How long Node may take to start on a busy machine.
const START_DEADLINE: Duration = Duration::from_mins(2);

/// A running Azurite with no queues. Dropping it ends the process, and so does the end of this program.
#[derive(Debug)]
pub struct Azurite {
    /// Killed when it is dropped.
    _process: Child,
    _guard: Guard,
    base_url: String,
    connection_string: String,
}

/// Why Azurite did not start.
#[derive(Debug, thiserror::Error)]
pub enum AzuriteError {
    /// The folder does not hold the version that is expected.
    #[error("Azurite {VERSION} is not installed in {0}: `make azurite` installs it")]
    NotInstalled(PathBuf),
    /// Node cannot be started.
    #[error("node, which runs Azurite: {0}")]
    Node(#[from] std::io::Error),
    /// It ended, or did not listen in time.
    #[error("Azurite did not start to listen; it printed:\n{0}")]
    NotListening(String),
}

impl Azurite {
    /// Starts the installed Azurite on a free port and waits until it listens.
    pub async fn start() -> Result<Self, AzuriteError> {
        Self::start_on(0).await
    }

    /// The same on this port; 0 takes a free one.
    pub async fn start_on(port: u16) -> Result<Self, AzuriteError> {
        let port = port.to_string();
        let arguments = ["--queueHost", "127.0.0.1", "--queuePort", &port];
        let (process, guard, [base_url]) = launch(QUEUES, &arguments, [LISTENS]).await?;
        Ok(Self {
            _process: process,
            _guard: guard,
            connection_string: of_emulator(&base_url),
            base_url,
        })
    }

    /// Starts blobs, queues and tables, each on a free port. The real host keeps its locks in blobs
    /// (docs/reference/functions-host.md#a7), and its storage client may ask for a newer API than this Azurite knows.
    pub async fn start_all() -> Result<Self, AzuriteError> {
        let local = [
            "--blobHost",
            "127.0.0.1",
            "--queueHost",
            "127.0.0.1",
            "--tableHost",
            "127.0.0.1",
        ];
        let free = [
            "--blobPort",
            "0",
            "--queuePort",
            "0",
            "--tablePort",
            "0",
            "--skipApiVersionCheck",
        ];
        let arguments: Vec<_> = local.into_iter().chain(free).collect();
        let (process, guard, [blobs, queues, tables]) = launch(ALL, &arguments, EACH_LISTENS).await?;
        Ok(Self {
            _process: process,
            _guard: guard,
            connection_string: of_emulator_with(&blobs, &queues, &tables),
            base_url: queues,
        })
    }

    /// `http://127.0.0.1:<port>`; the path of a queue begins with the name of the account.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The value of `AzureWebJobsStorage` for this account.
    pub fn connection_string(&self) -> String {
        self.connection_string.clone()
    }
}

/// Starts a program of the installed Azurite and waits until it has printed an address after each of the labels.
async fn launch<const N: usize>(
    program: &str,
    arguments: &[&str],
    labels: [&str; N],
) -> Result<(Child, Guard, [String; N]), AzuriteError> {
    let folder = installed(&tools())?;
    let mut process = Command::new("node")
        .arg(folder.join(program))
        .args(arguments)
        .args(["--inMemoryPersistence", "--disableTelemetry", "--silent"])
        .current_dir(folder)
        // A shell may name other accounts.
        .env_clear()
        .envs(machine_variables())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A Ctrl-C is for the program that started it, which may still need the queues.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let guard = Guard::over(process.id().unwrap_or_default())?;
    match tokio::time::timeout(START_DEADLINE, addresses(&mut process, labels)).await {
        Ok(Ok(addresses)) => Ok((process, guard, addresses)),
        Ok(Err(printed)) => Err(AzuriteError::NotListening(printed)),
        Err(_) => Err(AzuriteError::NotListening(format!(
            "no address within {START_DEADLINE:?}"
        ))),
    }
}

/// The folder for tools, as the Makefile names it.
fn tools() -> PathBuf {
    let folder = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    folder("TOOLS").map_or_else(
        || {
            let cache = folder("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.unwrap_or_else(|| Path::new(&folder("HOME").unwrap_or_default()).join(".cache"));
            cache.join("biller-onboarding/tools")
        },
        PathBuf::from,
    )
}

fn installed(tools: &Path) -> Result<PathBuf, AzuriteError> {
    let folder = tools.join("azurite");
    let stamp = std::fs::read_to_string(folder.join("installed")).unwrap_or_default();
    if stamp.trim() == VERSION {
        Ok(folder)
    } else {
        Err(AzuriteError::NotInstalled(folder))
    }
}

/// Reads the addresses that Azurite prints. Fails with what it printed when it ends before it has printed all.
async fn addresses<const N: usize>(process: &mut Child, labels: [&str; N]) -> Result<[String; N], String> {
    let (Some(stdout), Some(mut stderr)) = (process.stdout.take(), process.stderr.take()) else {
        return Err(String::new());
    };
    let mut lines = BufReader::new(stdout).lines();
    let (mut found, mut printed) = (labels.map(|_| None), String::new());
    while let Ok(Some(line)) = lines.next_line().await {
        for (address, label) in found.iter_mut().zip(labels) {
            let after = line.split_once(label).map(|(_, rest)| rest.trim().to_owned());
            *address = after.or(address.take());
        }
        if found.iter().all(Option::is_some) {
            read_on(lines.into_inner(), stderr);
            return Ok(found.map(Option::unwrap_or_default));
        }
        printed.push_str(&line);
        printed.push('\n');
    }
    // An error of reading leaves less to show.
    let _ = stderr.read_to_string(&mut printed).await;
    Err(printed)
}

/// Reads what Azurite prints later, because a full or a closed pipe would stop it.
fn read_on(mut stdout: BufReader<ChildStdout>, mut stderr: tokio::process::ChildStderr) {
    tokio::spawn(async move {
        let (mut out, mut err) = (tokio::io::sink(), tokio::io::sink());
        let _ = tokio::join!(
            tokio::io::copy(&mut stdout, &mut out),
            tokio::io::copy(&mut stderr, &mut err)
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_installed() {
        let script = include_str!("../../../scripts/tools.sh");
        assert!(script.contains(&format!("local version={VERSION} folder=$TOOLS/azurite")));
    }

    #[test]
    fn without_azurite_the_error_names_the_command_that_installs_it() {
        let tools = tempfile::tempdir().unwrap();
        let error = installed(tools.path()).unwrap_err().to_string();
        assert!(error.ends_with("`make azurite` installs it"), "{error}");
    }
}
