//! A machine with a stand-in for Core Tools.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::running::{PROGRAM, Running};

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

    pub(super) fn start(&self) -> Running {
        Running::start(&mut self.start_command())
    }
}
