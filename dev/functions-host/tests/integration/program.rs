//! The program `functions-host` and its exit codes (S7, S13).

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::App;

fn program(app: &App) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_functions-host"));
    command
        .env_clear()
        .envs(functions_host::machine_variables())
        .args(["--port", "0", "--app-root"])
        .arg(app.root.path())
        .arg("--executable")
        .arg(&app.options.executable.as_ref().unwrap().path)
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_third_crash_ends_the_program_with_its_own_code() {
    let app = App::new();
    let output = program(&app).env("ECHO_START_EXIT", "7").output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[tokio::test]
async fn an_app_that_cannot_be_started_ends_the_program_with_its_own_code() {
    let app = App::new();
    std::fs::remove_file(app.root.path().join("host.json")).unwrap();
    assert_eq!(program(&app).output().await.unwrap().status.code(), Some(2));
}

#[tokio::test]
async fn a_signal_ends_the_program_with_code_0() {
    let app = App::new();
    let mut child = program(&app).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains("listening on") {
            break;
        }
    }
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::TERM).unwrap();
    let drained = async { while lines.next_line().await.unwrap().is_some() {} };
    let (status, ()) = tokio::join!(child.wait(), drained);
    assert_eq!(status.unwrap().code(), Some(0));
}
