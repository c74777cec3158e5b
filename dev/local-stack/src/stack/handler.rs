//! Runs the handler's subcommands with the settings of the stack.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;

use functions_host::machine_variables;
use tokio::process::Command;

use crate::error::StackError;

/// The handler's binary and its settings.
#[derive(Debug, Clone)]
pub struct HandlerCommand {
    binary: PathBuf,
    app_root: PathBuf,
    settings: BTreeMap<String, String>,
}

impl HandlerCommand {
    pub(super) fn new(binary: PathBuf, app_root: PathBuf, settings: BTreeMap<String, String>) -> Self {
        Self {
            binary,
            app_root,
            settings,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// The settings that the handler runs with, by variable.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// Runs a subcommand to its end, whatever its exit code. Settings in the caller's own environment do not reach it.
    pub async fn output(&self, arguments: &[&str]) -> Result<Output, StackError> {
        Command::new(&self.binary)
            .args(arguments)
            .current_dir(&self.app_root)
            .env_clear()
            .envs(machine_variables())
            .envs(&self.settings)
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(StackError::file(&self.binary))
    }

    /// Runs a subcommand that has to succeed. Returns its stdout.
    pub async fn run(&self, arguments: &[&str]) -> Result<String, StackError> {
        let output = self.output(arguments).await?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(stdout);
        }
        Err(StackError::Handler {
            arguments: arguments.join(" "),
            status: output.status.to_string(),
            output: stdout + &String::from_utf8_lossy(&output.stderr),
        })
    }
}
