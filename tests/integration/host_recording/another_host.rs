//! Plays the visits to another host, which a command starts in the app's folder.

use std::process::Stdio;
use std::{env, fs};

use functions_host::machine_variables;
use local_stack::FrontDoor;
use regex::Regex;
use tokio::process::Command;

use super::files::{file_name, recorded};
use super::placeholders::Placeholders;
use super::{play, stack};
use crate::support::{DEADLINE, Outcome};

/// The command; `{port}` stands for the port on which the host has to listen.
const COMMAND: &str = "FUNCTIONS_HOST";
const HANDLER: &str = env!("CARGO_BIN_EXE_biller-onboarding");

#[tokio::test(flavor = "multi_thread")]
async fn another_host_gives_callers_the_recorded_answers() -> Outcome {
    let Some(command) = env::var_os(COMMAND) else {
        return Ok(());
    };
    let stack = stack().await?;
    stack.host().stop().await;
    let app = stack.directory().join("app");
    fs::copy(HANDLER, app.join("biller-onboarding"))?;
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let command = command.to_string_lossy().replace("{port}", &port.to_string());
    let storage = env::var_os("AzureWebJobsStorage").unwrap_or_else(|| "UseDevelopmentStorage=true".into());
    let _host = Command::new("sh")
        .args(["-c", &format!("exec {command}")])
        .current_dir(&app)
        .env_clear()
        .envs(machine_variables())
        .envs(stack.handler().settings())
        .env("FUNCTIONS_WORKER_RUNTIME", "custom")
        .env("AzureWebJobsStorage", storage)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let door = FrontDoor::new(format!("http://127.0.0.1:{port}"))?;
    let end = tokio::time::Instant::now() + DEADLINE;
    while !door.status("1876").await.is_ok_and(|answer| answer.status == 200) {
        assert!(tokio::time::Instant::now() < end, "the host does not answer");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }

    let (files, mut number) = (recorded()?, 0);
    let mut placeholders = Placeholders::default();
    // Ids are numbered over whole files, and callers see a part of them.
    let numbers = Regex::new("<id [0-9]+>")?;
    play(&stack, &door, |visit, answer| {
        number += 1;
        let name = file_name(number, visit.name);
        let recorded = files.get(&name).cloned().unwrap_or_default();
        let (_, expected) = recorded.split_once("--- to the caller\n").unwrap_or_default();
        let shown = placeholders.put_into(&format!("{answer}\n"));
        assert_eq!(
            numbers.replace_all(&shown, "<id>"),
            numbers.replace_all(expected, "<id>"),
            "{name}"
        );
    })
    .await
}
