//! `func` of Core Tools.

use std::io;
use std::path::Path;

use local_stack::RealHost;

/// Core Tools.
const PROGRAM: &str = "func";

/// What is wrong with the installed Core Tools; `None` if nothing is.
pub(super) async fn complaint() -> Option<String> {
    let output = RealHost::command(PROGRAM).arg("--version").output().await;
    let install = "npm install --global azure-functions-core-tools@4";
    match output {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(format!(
            "Azure Functions Core Tools 4 are not installed (no `{PROGRAM}` on PATH): {install}"
        )),
        Err(error) => Some(format!("`{PROGRAM}` cannot be run: {error}")),
        Ok(output) if !output.status.success() => Some(format!(
            "`{PROGRAM} --version` failed ({}). If Core Tools are not installed completely: {install}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Ok(output) => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            (!version.starts_with("4."))
                .then(|| format!("`{PROGRAM}` has version {version}, but version 4 is needed: {install}"))
        }
    }
}

/// Starts the host on this folder and port.
pub(super) fn start(app_root: &Path, port: u16) -> io::Result<RealHost> {
    let mut command = RealHost::command(PROGRAM);
    command
        .args(["start", "--port", &port.to_string()])
        .current_dir(app_root);
    RealHost::start(command)
}
