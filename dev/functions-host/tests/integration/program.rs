//! The program `functions-host` and its exit codes (S7, S13).

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::{App, DEADLINE, client, is_alive, seen, until};

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

/// The running program, the URL of its HTTP API, and the rest of its output.
async fn listening(app: &App) -> (Child, String, Lines<BufReader<ChildStdout>>) {
    let mut child = program(app).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let listens = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some((_, url)) = line.split_once("listening on ") {
                break url.to_owned();
            }
        }
    };
    let url = timeout(DEADLINE, listens)
        .await
        .unwrap_or_else(|_| panic!("waited in vain: the program listens"));
    (child, url, lines)
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
    let (mut child, _, mut lines) = listening(&app).await;
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::TERM).unwrap();
    let drained = async { while lines.next_line().await.unwrap().is_some() {} };
    let ended = async { tokio::join!(child.wait(), drained) };
    let (status, ()) = timeout(DEADLINE, ended)
        .await
        .unwrap_or_else(|_| panic!("waited in vain: the program ends after the signal"));
    assert_eq!(status.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_program_that_is_killed_leaves_its_handler_behind() {
    let app = App::new();
    let (mut child, url, _lines) = listening(&app).await;
    let seen = seen(client().get(url + "/api/items/7").send().await.unwrap()).await;
    let handler = u32::try_from(seen["process"]["id"].as_u64().unwrap()).unwrap();
    assert!(is_alive(handler));
    let port = seen["process"]["port"].as_str().unwrap();
    child.kill().await.unwrap();
    let answer = client().get(format!("http://127.0.0.1:{port}/")).send().await;
    let pid = i32::try_from(handler).ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::KILL).unwrap();
    assert_eq!(answer.unwrap().status(), 200, "nobody ended it");
    until("the handler is gone", async || !is_alive(handler)).await;
}
