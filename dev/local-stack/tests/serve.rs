//! `local-stack serve` as a person uses it. The handler's binary has to be built before; `cargo test --workspace` does
//! that.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails its test"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Long enough for a busy machine. A test that passes does not wait for it.
const DEADLINE: Duration = Duration::from_mins(5);

/// A running `local-stack serve`. It gets SIGTERM when it is dropped.
struct Served {
    child: Child,
    /// The lines that it printed until it was up.
    printed: Vec<String>,
    _log: tempfile::TempDir,
}

impl Served {
    fn start() -> Self {
        Self::start_with(&[], &[])
    }

    fn start_from_a_shell_with(variables: &[(&str, &str)]) -> Self {
        Self::start_with(&[], variables)
    }

    fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_local-stack"))
            .args(["serve", "--port", "0", "--simulator-port", "0", "--log"])
            .arg(log.path().join("serve.log"))
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut served = Self {
            child,
            printed: Vec::new(),
            _log: log,
        };
        let (lines, printed) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let is_last = line.starts_with("Ctrl-C");
                if lines.send(line).is_err() || is_last {
                    break;
                }
            }
        });
        served.printed_until_up(&printed);
        served
    }

    /// Reads the lines until the last one that says that it is up, or until the end of a program that fails.
    fn printed_until_up(&mut self, lines: &mpsc::Receiver<String>) {
        let end = Instant::now() + DEADLINE;
        loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.printed.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("`serve` is not up after {DEADLINE:?}; it printed {:#?}", self.printed)
                }
            }
        }
    }

    /// The first word that was printed after `label`.
    fn value(&self, label: &str) -> &str {
        let line = self.printed.iter().find_map(|line| line.strip_prefix(label));
        line.and_then(|line| line.split_whitespace().next())
            .unwrap_or_else(|| panic!("no {label} in {:#?}", self.printed))
    }

    fn stop(&mut self) -> ExitStatus {
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status();
        assert!(kill.unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// Runs a curl line as it is written. Returns the status and the body.
fn run(line: &str) -> (String, String) {
    let output = Command::new("sh")
        .args(["-c", &format!("{line} -sS -w '\\n%{{http_code}}'")])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

/// The README's curl lines, each with the status that its comment says.
fn readme_curl_lines() -> Vec<(String, String)> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("curl "));
    lines
        .map(|line| {
            line.rsplit_once(" # ")
                .unwrap_or_else(|| panic!("no status in: {line}"))
        })
        .map(|(line, status)| (line.to_owned(), status.to_owned()))
        .collect()
}

#[test]
fn the_readmes_curl_lines_are_printed_and_get_the_statuses_it_says() {
    let served = Served::start();
    let base_url = served.value("HTTP API: ");
    let lines = readme_curl_lines();
    assert!(lines.len() >= 6, "{lines:#?}");
    for (line, expected) in lines {
        let line = line.replace("http://127.0.0.1:7071", base_url);
        let printed = served.printed.contains(&format!("{line} # {expected}"));
        assert!(printed, "not printed by serve: {line}");
        let (status, answer) = run(&line);
        assert_eq!(status, expected, "{line}\n{answer}");
    }
}

#[test]
fn the_inventory_shows_the_organization_that_exists_from_the_start() {
    let served = Served::start();
    let secureauth = served.value("SecureAuth: ");
    let (status, inventory) = run(&format!("curl {secureauth}/admin/inventory"));
    assert_eq!(status, "200");
    let inventory: serde_json::Value = serde_json::from_str(&inventory).unwrap();
    let organizations = inventory["organizations"].as_array().unwrap();
    let pine_valley = organizations
        .iter()
        .find(|organization| organization["id"] == "1006")
        .unwrap();
    assert_eq!(pine_valley["deactivated"], true);
}

#[test]
fn settings_in_the_callers_shell_do_not_reach_the_handler() {
    let served = Served::start_from_a_shell_with(&[
        ("SLICE_SECONDS", "not a duration"),
        ("SECUREAUTH_REGION", "us"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Production"),
        ("AzureWebJobs.function-onboard-biller.Disabled", "true"),
        ("AzureFunctionsJobHost__extensions__http__routePrefix", "elsewhere"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ]);
    let (line, expected) = readme_curl_lines().swap_remove(0);
    let line = line.replace("http://127.0.0.1:7071", served.value("HTTP API: "));
    let (status, answer) = run(&line);
    assert_eq!(status, expected, "{line}\n{answer}");
}

#[test]
fn the_policy_of_the_callers_shell_reaches_the_handler() {
    let served = Served::start_from_a_shell_with(&[("LEAVERS", "sometimes")]);
    let (line, _) = readme_curl_lines().swap_remove(0);
    let line = line.replace("http://127.0.0.1:7071", served.value("HTTP API: "));
    let (status, answer) = run(&line);
    assert_eq!(status, "503", "{line}\n{answer}");
    assert!(answer.contains(r#""code":"configuration""#), "{answer}");
}

/// Processes whose working directory is this folder or below it, even if the folder was removed.
fn processes_in(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    all.filter(|process| std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .collect()
}

#[test]
fn a_stop_leaves_neither_processes_nor_files() {
    let mut served = Served::start();
    let database = PathBuf::from(served.value("Database: "));
    assert!(database.is_file());
    assert!(
        !processes_in(database.parent().unwrap()).is_empty(),
        "the handler runs there"
    );
    assert_eq!(served.stop().code(), Some(0));
    let folder = database.parent().unwrap();
    assert!(!folder.exists(), "{}", folder.display());
    assert_eq!(processes_in(folder), Vec::<PathBuf>::new());
}

/// Tests over Azurite; `make test` counts them by the name of the module.
mod azurite {
    use std::time::Instant;

    use super::{DEADLINE, Served, run};

    #[test]
    fn serve_onboards_a_biller_over_azurite_and_ends_it() {
        let mut served = Served::start_with(&["--storage", "azurite"], &[]);
        let queues = served.value("Queues: ").to_owned();
        let (status, _) = run(&format!("curl '{queues}/devstoreaccount1?comp=list'"));
        assert_eq!(status, "403", "Azurite refuses a request without a signature");
        let biller = format!("{}/api/billers/1001/ciam", served.value("HTTP API: "));
        let body = r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane.doe"}"#;
        let post = format!("curl -X POST {biller} -H 'Content-Type: application/json' -d '{body}'");
        assert_eq!(run(&post).0, "202");
        let end = Instant::now() + DEADLINE;
        loop {
            let (_, answer) = run(&format!("curl {biller}"));
            if answer.contains(r#""status":"active""#) {
                break;
            }
            assert!(Instant::now() < end, "not active: {answer}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert_eq!(served.stop().code(), Some(0));
        let address = queues.trim_start_matches("http://");
        while std::net::TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < end, "Azurite still listens on {address}");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
