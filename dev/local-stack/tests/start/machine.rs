//! A machine with a stand-in for Core Tools, and a running `local-stack start` on it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Long enough for a busy machine. A test that passes does not wait for it.
pub(super) const DEADLINE: Duration = Duration::from_mins(5);
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_local-stack");
const FUNC: &str = include_str!("stand_in_func.sh");

/// A machine with Core Tools, and the folder of `start`.
pub(super) struct Machine(tempfile::TempDir);

impl Machine {
    pub(super) fn new() -> Self {
        let machine = Self::without_func();
        let host = Path::new(PROGRAM).with_file_name("functions-host");
        machine.script("bin/func", &FUNC.replace("@HOST@", &host.to_string_lossy()));
        machine
    }

    pub(super) fn without_func() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        fs::create_dir(machine.path("bin")).unwrap();
        machine
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// With `func` first on PATH.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut path = self.path("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        let mut command = Command::new(program);
        command
            .env("PATH", path)
            .env_remove("AzureWebJobsStorage")
            .stdin(Stdio::null());
        command
    }

    pub(super) fn start_command(&self) -> Command {
        let mut command = self.command(PROGRAM);
        command
            .args(["start", "--port", "0", "--folder"])
            .arg(self.path("start"));
        command
    }

    pub(super) fn start(&self) -> Started {
        let child = self.start_command().stdout(Stdio::piped()).spawn().unwrap();
        Started::until_up(child)
    }
}

/// A running `local-stack start`. It gets SIGTERM when it is dropped.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) printed: Vec<String>,
}

impl Started {
    /// Reads what it prints until it is up.
    pub(super) fn until_up(mut child: Child) -> Self {
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut started = Self {
            child,
            printed: Vec::new(),
        };
        let (lines, printed) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads to the end, because a closed pipe would stop the host.
            for line in stdout.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let end = Instant::now() + DEADLINE;
        while !started.printed.iter().any(|line| line.starts_with("Ctrl-C")) {
            match printed.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => started.printed.push(line),
                Err(RecvTimeoutError::Disconnected) => panic!("`start` has ended; it printed {:#?}", started.printed),
                Err(RecvTimeoutError::Timeout) => panic!("`start` is not up; it printed {:#?}", started.printed),
            }
        }
        started
    }

    /// The first word that was printed after `label`.
    pub(super) fn value(&self, label: &str) -> &str {
        let line = self.printed.iter().find_map(|line| line.strip_prefix(label));
        line.and_then(|line| line.split_whitespace().next())
            .unwrap_or_else(|| panic!("no {label} in {:#?}", self.printed))
    }

    /// Asks for a biller's status until it is active. Returns the answer.
    pub(super) fn active(&self, biller: &str) -> serde_json::Value {
        let url = format!("{}/api/billers/{biller}/ciam", self.value("HTTP API: "));
        let end = Instant::now() + DEADLINE;
        loop {
            let (_, answer) = run(&format!("curl {url}"));
            let json: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
            if json["status"] == "active" {
                return json;
            }
            assert!(Instant::now() < end, "not active: {answer}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(super) fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    pub(super) fn stop(mut self) {
        self.signal("INT");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }
}

/// Runs a curl line as it is written. Returns the status and the body.
pub(super) fn run(line: &str) -> (String, String) {
    let output = Command::new("sh")
        .args(["-c", &format!("{line} -sS -w '\\n%{{http_code}}'")])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

/// The curl lines that were printed, each with the status that its comment says.
pub(super) fn printed_curl_lines(started: &Started) -> Vec<(&str, &str)> {
    let lines = started.printed.iter().filter(|line| line.starts_with("curl -i"));
    lines.map(|line| line.rsplit_once(" # ").unwrap()).collect()
}

/// Processes whose working directory is this folder or below it, even if the folder was removed.
pub(super) fn processes_in(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    all.filter(|process| fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .collect()
}

/// Waits until no process is left in the folder.
pub(super) fn nothing_runs_in(folder: &Path) {
    let end = Instant::now() + DEADLINE;
    while !processes_in(folder).is_empty() {
        assert!(Instant::now() < end, "{:?}", processes_in(folder));
        std::thread::sleep(Duration::from_millis(10));
    }
}
