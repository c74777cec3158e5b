//! The handler process: start, readiness, restart, stop, console (S4–S9, S13).

use std::path::Path;
use std::time::Duration;

use functions_host::{ConsoleCategory, ConsoleLevel, ConsoleLine, ConsoleStream, FunctionsHost, Inherited, StopReason};
use serde_json::json;

use crate::support::{App, DEADLINE, call, is_alive, last_failure, seen, tell, until};

/// An app that inherits all variables and `local.settings.json`.
fn inheriting() -> App {
    App::new().with(|options| options.inherited = Inherited::Everything)
}

async fn ready_pid(host: &FunctionsHost) -> u32 {
    host.wait_until_ready(DEADLINE).await.unwrap();
    host.handler_pid().unwrap()
}

async fn restarted(host: &FunctionsHost, times: u32) {
    until("the handler is started again", async || host.restarts() == times).await;
    host.wait_until_ready(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn the_handler_gets_the_variables_arguments_and_directory_of_the_host() {
    let app = inheriting().set("ECHO_OWN_SETTING", "from the options");
    app.write(
        "local.settings.json",
        &json!({ "Values": { "ECHO_OWN_SETTING": "from the file" } }),
    );
    let host = app.start().await;
    let process = seen(call(&host).await).await["process"].clone();
    let root = app.root.path().canonicalize().unwrap();
    assert_eq!(process["arguments"], json!(["serve"]));
    assert_eq!(Path::new(process["directory"].as_str().unwrap()), root);
    assert_eq!(Path::new(process["app_root"].as_str().unwrap()), root);
    assert!(process["port"].as_str().unwrap().parse::<u16>().is_ok());
    assert_eq!(process["port"], process["legacy_port"]);
    assert!(uuid::Uuid::try_parse(process["worker_id"].as_str().unwrap()).is_ok());
    assert_eq!(process["worker_id"], process["legacy_worker_id"]);
    assert_eq!(process["environment"], "Development");
    assert_eq!(process["own_setting"], "from the options");
}

#[tokio::test]
async fn the_values_of_local_settings_reach_the_handler() {
    let app = inheriting();
    app.write(
        "local.settings.json",
        &json!({ "Values": { "ECHO_OWN_SETTING": "from the file" } }),
    );
    let host = app.start().await;
    let seen = seen(call(&host).await).await;
    assert_eq!(seen["process"]["own_setting"], "from the file");
}

#[tokio::test]
async fn a_crashed_handler_is_restarted_on_the_same_port_with_a_new_id() {
    let app = App::new();
    let host = app.start().await;
    let before = seen(call(&host).await).await["process"].clone();
    assert_eq!(tell(&host, json!({ "exit": 9 })).await.status(), 500);
    restarted(&host, 1).await;
    let after = seen(call(&host).await).await["process"].clone();
    assert_eq!(before["port"], after["port"]);
    assert_ne!(before["worker_id"], after["worker_id"]);
}

#[tokio::test]
async fn a_killed_handler_fails_what_it_had_in_work_and_is_restarted() {
    let app = App::new();
    let host = app.start().await;
    let first = ready_pid(&host).await;
    let never = app.file("never");
    let in_work = tell(&host, json!({ "print": "in work", "wait_for": never }));
    let kill = async {
        until("the call is in work", async || printed(&host, "in work")).await;
        host.kill_handler().await;
        assert!(!is_alive(first));
    };
    let (response, ()) = tokio::join!(in_work, kill);
    assert_eq!(response.status(), 500);
    assert!(last_failure(&host).starts_with("the request to the handler failed"));
    restarted(&host, 1).await;
    assert_ne!(ready_pid(&host).await, first);
}

#[tokio::test]
async fn a_handler_may_be_killed_any_number_of_times() {
    let app = App::new();
    let host = app.start().await;
    for times in 1..=4 {
        ready_pid(&host).await;
        host.kill_handler().await;
        restarted(&host, times).await;
    }
    assert_eq!(call(&host).await.status(), 200);
}

#[tokio::test]
async fn an_exit_with_code_0_is_not_restarted_and_later_calls_find_nobody() {
    let app = App::new();
    let host = app.start().await;
    assert_eq!(tell(&host, json!({ "exit": 0 })).await.status(), 500);
    until("the handler is gone", async || host.handler_pid().is_none()).await;
    assert_eq!(call(&host).await.status(), 500);
    assert!(last_failure(&host).contains("refused"), "{}", last_failure(&host));
    assert_eq!(host.restarts(), 0);
}

#[tokio::test]
async fn an_exit_with_code_0_before_the_first_answer_is_a_readiness_timeout() {
    let app = App::new().set("ECHO_START_EXIT", "0").with(|options| {
        options.time.initialization_timeout = Some(Duration::from_millis(50));
    });
    let host = app.start().await;
    assert_eq!(host.stopped().await, StopReason::RestartLimit);
    assert_eq!(host.restarts(), 2);
}

#[tokio::test]
async fn an_exit_with_code_200_is_restarted_without_being_counted() {
    let app = App::new();
    let host = app.start().await;
    for times in 1..=4 {
        assert_eq!(tell(&host, json!({ "exit": 200 })).await.status(), 500);
        restarted(&host, times).await;
    }
    assert_eq!(call(&host).await.status(), 200);
}

#[tokio::test]
async fn the_third_crash_in_the_window_stops_the_host() {
    let app = App::new().set("ECHO_START_EXIT", "7");
    let host = app.start().await;
    assert_eq!(host.stopped().await, StopReason::RestartLimit);
    assert_eq!(host.restarts(), 2);
    let complaints = |lines: &[ConsoleLine]| lines.iter().filter(|line| line.text == "told to exit with 7").count();
    host.wait_for_console(DEADLINE, |lines| complaints(lines) == 3)
        .await
        .unwrap();
}

#[tokio::test]
async fn any_answer_to_the_probe_counts_as_ready() {
    let app = App::new().set("ECHO_PROBE_STATUS", "500");
    let host = app.start().await;
    assert_eq!(call(&host).await.status(), 200);
}

#[tokio::test]
async fn calls_are_held_until_the_handler_is_ready() {
    let app = App::new();
    let file = app.file("listen-now");
    let app = app.set("ECHO_LISTEN_AFTER", file.to_str().unwrap());
    let host = app.start().await;
    let listen = async {
        until("the handler is started", async || !host.console_lines().is_empty()).await;
        std::fs::write(&file, "").unwrap();
    };
    let (response, ()) = tokio::join!(call(&host), listen);
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_handler_that_never_listens_is_restarted_and_counted() {
    let app = App::new().set("ECHO_LISTEN_AFTER", "/nowhere").with(|options| {
        options.time.initialization_timeout = Some(Duration::from_millis(50));
    });
    let host = app.start().await;
    assert_eq!(host.stopped().await, StopReason::RestartLimit);
    assert_eq!(host.restarts(), 2);
}

#[tokio::test]
async fn a_call_that_waits_in_vain_for_the_handler_stops_the_host() {
    let app = App::new().with(|options| {
        options.executable.as_mut().unwrap().path = "/nowhere/handler".into();
        options.time.initialization_timeout = Some(Duration::from_millis(50));
    });
    let host = app.start().await;
    let response = call(&host).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.text().await.unwrap(), "Function host is not running.");
    assert_eq!(host.stopped().await, StopReason::InitializationTimeout);
    assert_eq!(host.restarts(), 0);
}

#[tokio::test]
async fn a_stop_kills_without_a_word() {
    let app = App::new();
    let host = app.start().await;
    let pid = ready_pid(&host).await;
    host.stop().await;
    assert!(!is_alive(pid));
    assert!(!printed(&host, "told to terminate"));
}

#[tokio::test]
async fn a_dropped_host_leaves_no_handler_behind() {
    let app = App::new();
    let host = app.start().await;
    let pid = ready_pid(&host).await;
    drop(host);
    until("the handler is gone", async || !is_alive(pid)).await;
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn console_lines_are_tagged_by_stream_and_words() {
    let app = App::new();
    let host = app.start().await;
    tell(
        &host,
        json!({ "print": "an error on stdout", "complain": "it broke", "envelope": {} }),
    )
    .await;
    tell(&host, json!({ "complain": "only a warning", "envelope": {} })).await;
    for (stream, level, text) in [
        (ConsoleStream::Stdout, ConsoleLevel::Information, "an error on stdout"),
        (ConsoleStream::Stderr, ConsoleLevel::Error, "it broke"),
        (ConsoleStream::Stderr, ConsoleLevel::Warning, "only a warning"),
    ] {
        until(text, async || {
            let lines = host.console_lines();
            lines
                .iter()
                .any(|line| (line.stream, line.level, line.text.as_str()) == (stream, level, text))
        })
        .await;
    }
    let own = |line: &ConsoleLine| line.category == ConsoleCategory::Function;
    assert!(host.console_lines().iter().all(own));
}

fn printed(host: &FunctionsHost, text: &str) -> bool {
    host.console_lines().iter().any(|line| line.text == text)
}
