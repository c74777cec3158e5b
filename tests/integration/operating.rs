//! Settings that cannot be used, databases that are not available, and the operators' subcommands.

use std::process::Stdio;
use std::time::Duration;

use functions_host::{ConsoleLine, Executable, FunctionsHost, HostOptions, Inherited, TimeConstants};
use local_stack::{FrontDoor, Stack};
use rusqlite::Connection;
use secureauth_simulator::{Fault, FaultKind, FaultStatus};
use tokio::process::Command;

use crate::support::{DEADLINE, Outcome, enable, ended, live, nothing, options, stack_with, start, toggle};

const HANDLER: &str = env!("CARGO_BIN_EXE_biller-onboarding");

/// Options of a host whose handler has these settings and no others.
pub(crate) fn options_with(settings: &[(&str, &str)]) -> HostOptions {
    let mut options = HostOptions::new(env!("CARGO_MANIFEST_DIR"));
    options.executable = Some(Executable {
        path: HANDLER.into(),
        arguments: vec!["serve".into()],
    });
    options.time = TimeConstants::fast();
    options.inherited = Inherited::Machine;
    options.timer_interval = Some(Duration::from_millis(100));
    for (name, value) in settings {
        options.env.insert((*name).into(), (*value).into());
    }
    options
}

pub(crate) async fn host_with(settings: &[(&str, &str)]) -> Result<FunctionsHost, Box<dyn std::error::Error>> {
    let host = FunctionsHost::start(options_with(settings)).await?;
    host.wait_until_ready(DEADLINE).await?;
    Ok(host)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_usable_settings_the_handler_serves_503_and_says_once_what_is_wrong() -> Outcome {
    let host = host_with(&[("DATABASE", "oracle"), ("SECUREAUTH_CLIENT_SECRET", "S3CRET-VALUE")]).await?;
    let door = FrontDoor::new(host.base_url())?;
    for answer in [door.post("1876", &toggle(true, "e")).await?, door.status("1876").await?] {
        assert_eq!((answer.status, answer.text_at("/code")), (503, "configuration"));
        assert!(answer.header("retry-after").is_some());
    }
    host.queue("migrate-users")
        .send(r#"{"v":1,"onboardingId":"00000000-0000-4000-8000-000000000000"}"#)
        .await?;
    host.wait_until_idle(DEADLINE).await?;
    assert_eq!(
        host.queue("migrate-users").poison().len(),
        1,
        "500 until it goes to the poison queue"
    );
    let variables = ["DATABASE", "SECOND_FACTOR_MECHANISMS", "SECUREAUTH_TENANT_ID"];
    let about = |lines: &[ConsoleLine], variable: &str| {
        let about = lines.iter().filter(|line| line.text.starts_with(variable));
        about.count()
    };
    let all_told = |lines: &[ConsoleLine]| variables.iter().all(|variable| about(lines, variable) > 0);
    let console = host.wait_for_console(DEADLINE, all_told).await?;
    for variable in variables {
        assert_eq!(about(&console, variable), 1, "{variable}: {console:#?}");
    }
    assert!(!console.iter().any(|line| line.text.contains("S3CRET-VALUE")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn subcommands_exit_2_with_the_findings() -> Outcome {
    for (arguments, is_about_all) in [
        (&["status", "1876"][..], false),
        (&["plan", "1876"], true),
        (&["db", "check"], false),
    ] {
        let output = Command::new(HANDLER)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .await?;
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("DATABASE"), "{told}");
        assert_eq!(told.contains("SECOND_FACTOR_MECHANISMS"), is_about_all, "{told}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_runbook_that_only_read_work() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    crate::support::enable(&stack, "1876").await?;
    let runbook = include_str!("../../docs/runbook.md");
    let (_, block) = runbook
        .split_once("<!-- handler -->\n```\n")
        .expect("a block of commands");
    let (block, _) = block.split_once("```").expect("ends");
    let commands: Vec<&str> = block
        .lines()
        .filter_map(|line| line.strip_prefix("./biller-onboarding "))
        .collect();
    assert!(commands.len() > 3, "{block}");
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').collect();
        let output = stack.handler().output(&arguments).await?;
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let database = Connection::open(stack.database().path())?;
    database.execute(
        "INSERT INTO schema_version SELECT 99, applied_at, script_hash, 99 FROM schema_version",
        [],
    )?;
    is_not_worked_with(&stack, &["schema version 99"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_edition_of_a_schema_version_is_not_worked_with_and_named() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let database = Connection::open(stack.database().path())?;
    let older = "0".repeat(64);
    database.execute("UPDATE schema_version SET script_hash = ?1", [&older])?;
    is_not_worked_with(&stack, &["schema version 1 is an older one", &older]).await?;
    let migrated = stack.handler().output(&["db", "migrate"]).await?;
    assert_eq!(migrated.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&migrated.stderr).contains("create a new database"));
    Ok(())
}

async fn is_not_worked_with(stack: &Stack, parts: &[&str]) -> Outcome {
    // The running handler has checked the schema before; a new one refuses it.
    let mut settings: Vec<(&str, &str)> = Vec::new();
    for (name, value) in stack.handler().settings() {
        settings.push((name, value));
    }
    let host = host_with(&settings).await?;
    let answer = FrontDoor::new(host.base_url())?.status("1876").await?;
    assert_eq!((answer.status, answer.text_at("/code")), (503, "schema"));
    let id = "00000000-0000-4000-8000-000000000000";
    for arguments in [
        &["db", "check"][..],
        &["status", "1876"],
        &["resume", id, "--by", "ops"],
    ] {
        let output = stack.handler().output(arguments).await?;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(parts.iter().all(|part| told.contains(part)), "{arguments:?}: {told}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_503_with_nothing_stored_and_a_run_waits_for_it() -> Outcome {
    let stack = start(options().set("DATABASE_BUSY_TIMEOUT", "1s"), "1876", 1).await?;
    let locker = Connection::open(stack.database().path())?;
    locker.execute_batch("BEGIN EXCLUSIVE")?;
    let refused = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert_eq!(
        (refused.status, refused.text_at("/code")),
        (503, "database_unavailable")
    );
    assert!(refused.header("retry-after").is_some());
    locker.execute_batch("COMMIT")?;
    assert!(stack.database().runs()?.is_empty());
    let accepted = stack.front_door().post("1876", &toggle(true, "e-1")).await?;
    assert_eq!(accepted.status, 202);
    assert_eq!(ended(&stack, "1876", &accepted).await?.state, "succeeded");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_support_why_a_biller_failed() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    stack.simulator().faults().add(refusal("create_pool"));
    let run = enable(&stack, "1876").await?;
    let told = stack.handler().run(&["status", "1876"]).await?;
    for part in [
        &run.onboarding_id,
        "secureauth_refused",
        "rollback_started",
        "organization_deleted",
        "not_enabled",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let unknown = stack.handler().output(&["status", "1877"]).await?;
    assert_eq!(unknown.status.code(), Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_status_that_stops_reading_is_no_failure() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let mut told = Command::new(HANDLER);
    told.args(["status", "1876"]).envs(stack.handler().settings());
    told.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
    let output = told.spawn()?.wait_with_output().await?;
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_no_biller_id_is_a_wrong_argument() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    for command in ["status", "plan"] {
        let output = stack.handler().output(&[command, "../1876"]).await?;
        assert_eq!(output.status.code(), Some(2), "{command}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("^[A-Za-z0-9_-]{1,64}$"), "{told}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_the_operators_name_is_refused() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let id = "00000000-0000-4000-8000-000000000000";
    for by in ["", "  ", "two\nlines", &"x".repeat(257)] {
        let output = stack.handler().output(&["close", id, "--by", by]).await?;
        assert_eq!(output.status.code(), Some(2), "{by:?}");
    }
    let unknown = stack.handler().output(&["close", id, "--by", "ops"]).await?;
    assert_eq!(unknown.status.code(), Some(1));
    Ok(())
}

fn refusal(operation: &str) -> Fault {
    let status = FaultStatus {
        status: 422,
        ..FaultStatus::default()
    };
    Fault::on(operation, FaultKind::Status(status))
}

/// A stack with a run that is stuck because its rollback could not finish, and the run's id.
async fn stuck() -> Result<(Stack, String), Box<dyn std::error::Error>> {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 2).await?;
    stack.simulator().faults().add(refusal("update_organization"));
    stack.simulator().faults().add(refusal("delete_pool"));
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("not_rolled_back"))
    );
    stack.simulator().faults().clear();
    Ok((stack, run.onboarding_id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_run_names_what_is_left_and_an_operator_can_roll_it_back() -> Outcome {
    let (stack, id) = stuck().await?;
    let line = stack
        .wait_for_error_line(DEADLINE, |line| line.contains("the run is stuck"))
        .await?;
    assert!(line.contains("organization 1876") && line.contains("pool "), "{line}");
    let refused = stack.handler().output(&["cancel", &id, "--by", "ops"]).await?;
    assert_eq!(refused.status.code(), Some(1));
    stack.handler().run(&["rollback", &id, "--by", "ops"]).await?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    let commands: Vec<_> = stack
        .database()
        .journal(&id)?
        .into_iter()
        .filter(|entry| entry.entry == "operator")
        .collect();
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].detail["by"], "ops");
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_run_that_was_cleaned_up_by_hand_is_closed() -> Outcome {
    let (stack, id) = stuck().await?;
    stack.handler().run(&["close", &id, "--by", "ops"]).await?;
    let run = stack.database().latest_run("1876")?.expect("is there");
    assert_eq!(run.state, "failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_run_can_be_cancelled() -> Outcome {
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true");
    let stack = start(frozen, "1876", 1).await?;
    let toggled = stack.front_door().toggle("1876", true).await?;
    let id = toggled.text_at("/onboardingId");
    stack.handler().run(&["cancel", id, "--by", "ops"]).await?;
    assert_eq!(
        stack.database().latest_run("1876")?.expect("is there").state,
        "cancelled"
    );
    let again = stack.front_door().toggle("1876", true).await?;
    assert_eq!(again.status, 202);
    assert_ne!(again.text_at("/onboardingId"), id);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_deletes_what_old_runs_left_and_says_so() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    let run = enable(&stack, "1876").await?;
    let young = stack.handler().output(&["purge", "--older-than", "30d"]).await?;
    let told = String::from_utf8(young.stdout)?;
    assert!(told.contains("0 journal entries"), "{told}");
    let database = Connection::open(stack.database().path())?;
    let month: i64 = 31 * 24 * 3_600 * 1_000_000;
    database.execute("UPDATE onboarding SET finished_at = finished_at - ?1", [month])?;
    let old = stack.handler().output(&["purge", "--older-than", "30d"]).await?;
    let told = String::from_utf8(old.stdout)?;
    assert!(told.contains("who asked for 1 runs"), "{told}");
    assert!(told.contains("0 accounts"), "the pool is in use: {told}");
    let entries: i64 = database.query_row("SELECT count(*) FROM onboarding_journal", [], |row| row.get(0))?;
    assert_eq!(entries, 0);
    assert_eq!(live_run_id(&stack).await?, run.onboarding_id, "the run's row stays");
    let wrong = stack.handler().output(&["purge", "--older-than", "30"]).await?;
    assert_eq!(wrong.status.code(), Some(2));
    Ok(())
}

async fn live_run_id(stack: &Stack) -> Result<String, Box<dyn std::error::Error>> {
    let answer = crate::support::status(stack, "1876").await?;
    Ok(answer.text_at("/onboarding/onboardingId").to_owned())
}
