//! Commands that read: what `issues` and `status` list, and which settings the commands on the database need.

use std::process::Stdio;

use local_stack::UserRow;
use tokio::process::Command;

use crate::support::{Outcome, enable, options, stack_with, start};

const HANDLER: &str = env!("CARGO_BIN_EXE_biller-onboarding");

#[tokio::test(flavor = "multi_thread")]
async fn all_data_errors_of_a_run_are_listed_also_of_an_earlier_one() -> Outcome {
    let stack = start(options(), "1876", 0).await?;
    let users: Vec<UserRow> = (1..=130)
        .map(|number| UserRow {
            email: None,
            ..UserRow::sample("1876", number)
        })
        .collect();
    stack.crm().add_users("1876", &users)?;
    let first = enable(&stack, "1876").await?;
    assert_eq!(first.reason.as_deref(), Some("invalid_users"));
    for user in &users[5..] {
        stack.crm().replace_user(
            "1876",
            &UserRow {
                email: Some("jane@example.com".into()),
                ..user.clone()
            },
        )?;
    }
    let second = enable(&stack, "1876").await?;
    let handler = stack.handler();
    for (id, number) in [("1876", 5), (&*second.onboarding_id, 5), (&*first.onboarding_id, 130)] {
        let csv = handler.run(&["issues", id, "--csv"]).await?;
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(
            (lines[0], lines.len()),
            ("userGuid,field,code,heldBy", number + 1),
            "{id}"
        );
        assert!(lines[1..].iter().all(|line| line.ends_with(",email,missing,")), "{csv}");
        let text = handler.run(&["issues", id]).await?;
        assert!(text.contains(&format!("{number} issues of run")), "{text}");
        let told = handler.run(&["status", id]).await?;
        assert!(told.contains("biller        1876"), "{told}");
        assert_eq!(told.contains("biller-onboarding issues"), number > 100, "{told}");
    }
    let told = handler.run(&["status", &first.onboarding_id]).await?;
    assert!(told.contains(&first.onboarding_id) && !told.contains(&second.onboarding_id));
    let nobody = handler
        .output(&["issues", "00000000-0000-4000-8000-000000000000"])
        .await?;
    assert_eq!(nobody.status.code(), Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_commands_need_the_settings_of_the_database_only() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let run = enable(&stack, "1876").await?;
    let settings = stack.handler().settings();
    let database = ["DATABASE", "AZURE_FUNCTIONS_ENVIRONMENT"].map(|name| (name, &*settings[name]));
    for (arguments, code) in [
        (&["db", "check"][..], 0),
        (&["db", "migrate"], 0),
        (&["status", "1876"], 0),
        (&["issues", &*run.onboarding_id], 0),
        (&["list"], 0),
        (&["close", &*run.onboarding_id, "--by", "ops"], 1),
        (&["plan", "1876"], 2),
    ] {
        let mut command = Command::new(HANDLER);
        command.args(arguments).env_clear().envs(database).stdin(Stdio::null());
        let output = command.output().await?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    }
    let mut unreachable = Command::new(HANDLER);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let connection_string = format!("Server=tcp:127.0.0.1,{nobody};User ID=app;Password=S3CRET;Database=crm");
    unreachable
        .args(["db", "check"])
        .env_clear()
        .env("DATABASE", "sqlserver")
        .env("SQLSERVER_CONNECTION_STRING", connection_string)
        .stdin(Stdio::null());
    let output = unreachable.output().await?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains(&format!("127.0.0.1:{nobody}")) && !told.contains("S3CRET"),
        "{told}"
    );
    Ok(())
}
