//! Why a run waits, failed or is stuck, as operators are told: by GET, by the commands, and exact enough to act on.

use functions_host::ConsoleLine;
use local_stack::{Stack, StackOptions};
use secureauth_simulator::{Fault, FaultKind, FaultStatus};
use serde_json::{Value, json};

use crate::support::{
    DEADLINE, Outcome, enable, enable_until_it_waits, nothing, options, patient, refusal, stack_with, start, status,
};

/// The last error of a run that waits after its first failure.
async fn waiting_error(options: StackOptions, reason: &str) -> Result<(Stack, Value), Box<dyn std::error::Error>> {
    let stack = start(options.set("RUN_PAUSES", "1h, 1h"), "1876", 1).await?;
    let run = enable_until_it_waits(&stack, "1876").await?;
    assert_eq!(run.waiting_for.as_deref(), Some(reason));
    let shown = status(&stack, "1876").await?;
    let error = shown.json["onboarding"]["lastError"].clone();
    assert_eq!(error["reason"], reason, "{error}");
    assert_eq!(shown.json["onboarding"]["firstCause"], error);
    Ok((stack, error))
}

fn without_scope(missing: &str) -> StackOptions {
    let mut options = options();
    for client in &mut options.simulator.clients {
        client.scopes.retain(|scope| scope != missing);
    }
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_the_client_may_not_use_is_named() -> Outcome {
    for scope in ["identity", "manage_configuration"] {
        let (_, error) = waiting_error(without_scope(scope), "scope_missing").await?;
        assert_eq!(
            (&error["scope"], &error["code"]),
            (&json!(scope), &json!("invalid_scope"))
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_does_not_exist_is_told_apart_and_its_id_is_read_again() -> Outcome {
    let elsewhere = || options().set("SECUREAUTH_TENANT_ID", "no-such-tenant");
    let (_, error) = waiting_error(elsewhere(), "tenant_unknown").await?;
    assert_eq!(error["status"], 404);
    let stack = start(elsewhere(), "1876", 1).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("tenant_unknown"))
    );
    let read_again = |lines: &[ConsoleLine]| lines.iter().filter(|line| line.text.contains("\"ready\"")).count() > 1;
    stack.host().wait_for_console(DEADLINE, read_again).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_and_an_outage_are_told_apart() -> Outcome {
    let rotated = options().set("SECUREAUTH_CLIENT_SECRET", "rotated-away");
    let (_, error) = waiting_error(rotated, "credentials_refused").await?;
    assert_eq!(
        (&error["status"], &error["code"]),
        (&json!(401), &json!("invalid_client"))
    );

    let stack = start(patient(), "1876", 1).await?;
    stack.simulator().faults().add(Fault {
        operation: None,
        ..Fault::on("", refusal(503, false))
    });
    let run = enable_until_it_waits(&stack, "1876").await?;
    assert_eq!(run.waiting_for.as_deref(), Some("secureauth_unavailable"));
    let shown = status(&stack, "1876").await?;
    assert_eq!(shown.json["onboarding"]["lastError"]["status"], 503);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_server_is_named_with_its_port() -> Outcome {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let elsewhere = options().set("SECUREAUTH_BASE_URL", format!("http://{nobody}"));
    let (stack, error) = waiting_error(elsewhere, "secureauth_unavailable").await?;
    let cause = error["cause"].as_str().unwrap_or_default();
    assert!(cause.contains(&nobody.to_string()), "{cause}");
    let told = stack.handler().run(&["status", "1876"]).await?;
    assert!(told.contains(&nobody.to_string()), "{told}");
    Ok(())
}

/// A refusal with a code and `Retry-After`, in seconds.
fn asks_to_wait(status: u16, code: &str, seconds: &str) -> FaultKind {
    FaultKind::Status(FaultStatus {
        status,
        error_code: Some(code.into()),
        retry_after: Some(seconds.into()),
        ..FaultStatus::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_shows_the_answer_that_asked_for_the_wait() -> Outcome {
    for (operation, status, code) in [
        ("create_pool", 429, "too_many_requests"),
        ("create_pool", 403, "request_forbidden"),
        ("get_organization", 503, "maintenance"),
    ] {
        let stack = start(patient(), "1876", 1).await?;
        let asks = asks_to_wait(status, code, "3600");
        stack.simulator().faults().add(Fault::on(operation, asks));
        enable_until_it_waits(&stack, "1876").await?;
        let shown = crate::support::status(&stack, "1876").await?;
        let error = &shown.json["onboarding"]["lastError"];
        assert_eq!(
            (&error["operation"], &error["status"], &error["code"]),
            (&json!(operation), &json!(status), &json!(code)),
            "{error}"
        );
        assert!(error["traceId"].is_string(), "{error}");
        let told = stack.handler().run(&["status", "1876"]).await?;
        assert!(told.contains(&format!("status {status}, code {code}")), "{told}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_that_begins_a_rollback_is_the_first_cause_also_after_an_outage() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let faults = stack.simulator().faults();
    for nth in 1..=3 {
        faults.add(Fault::on("create_pool", refusal(503, false)).nth(nth));
    }
    let refused = FaultStatus {
        status: 422,
        error_code: Some("pool_limit".into()),
        ..FaultStatus::default()
    };
    faults.add(Fault::on("create_pool", FaultKind::Status(refused)).nth(4));
    assert_eq!(enable(&stack, "1876").await?.state, "failed");
    let shown = status(&stack, "1876").await?;
    let first = &shown.json["onboarding"]["firstCause"];
    assert_eq!((&first["status"], &first["code"]), (&json!(422), &json!("pool_limit")));
    Ok(())
}

/// SecureAuth refuses the pool with a code, and then the rollback with another status.
async fn stuck() -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 1).await?;
    let refused = FaultStatus {
        status: 422,
        error_code: Some("pool_limit".into()),
        ..FaultStatus::default()
    };
    let faults = stack.simulator().faults();
    faults.add(Fault::on("create_pool", FaultKind::Status(refused)));
    faults.add(Fault::on("delete_organization", refusal(503, false)));
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("not_rolled_back"))
    );
    Ok(stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_run_says_what_began_it_what_came_last_what_is_left_and_which_commands_fit() -> Outcome {
    let stack = stuck().await?;
    let shown = status(&stack, "1876").await?;
    let run = &shown.json["onboarding"];
    let (first, last) = (&run["firstCause"], &run["lastError"]);
    assert_eq!(
        [&first["reason"], &first["operation"], &first["status"], &first["code"]],
        [
            &json!("secureauth_refused"),
            &json!("create_pool"),
            &json!(422),
            &json!("pool_limit")
        ]
    );
    assert_eq!(
        [&last["operation"], &last["status"]],
        [&json!("delete_organization"), &json!(503)]
    );
    assert!(first["traceId"].is_string() && last["traceId"].is_string() && first["traceId"] != last["traceId"]);
    assert!(first["at"].as_str() < last["at"].as_str(), "{first} {last}");
    assert_eq!(
        (&run["left"], &run["commands"]),
        (&json!("organization 1876"), &json!(["rollback", "close"]))
    );

    let id = run["onboardingId"].as_str().unwrap_or_default();
    let trace = first["traceId"].as_str().unwrap_or_default();
    let told = stack.handler().run(&["status", "1876"]).await?;
    for part in [
        "secureauth_refused, operation create_pool, status 422, code pool_limit",
        trace,
        "operation delete_organization, status 503",
        "organization 1876 in SecureAuth",
        &format!("biller-onboarding rollback {id} --by"),
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let listed = stack.handler().run(&["list", "--stuck"]).await?;
    assert!(listed.contains("commands: rollback, close"), "{listed}");
    let line = stack
        .wait_for_error_line(DEADLINE, |line| line.contains("the run is stuck"))
        .await?;
    assert!(
        line.contains("organization 1876") && line.contains("rollback, close"),
        "{line}"
    );

    stack.simulator().faults().clear();
    stack.handler().run(&["rollback", id, "--by", "ops"]).await?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    let shown = status(&stack, "1876").await?;
    let run = &shown.json["onboarding"];
    assert_eq!(
        (&run["firstCause"]["code"], &run["left"]),
        (&json!("pool_limit"), &Value::Null)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_every_user_shows_its_code() -> Outcome {
    let stack = start(options().set("ON_INVALID_USER", "skip"), "1876", 40).await?;
    let refused = FaultStatus {
        status: 422,
        error_code: Some("license_limit".into()),
        ..FaultStatus::default()
    };
    let fault = Fault::on(crate::support::IMPORT, FaultKind::Status(refused));
    stack.simulator().faults().add(fault);
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("secureauth_refused"))
    );
    let shown = status(&stack, "1876").await?;
    assert_eq!(shown.json["onboarding"]["firstCause"]["code"], "license_limit");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_leaves_the_first_cause_behind_and_keeps_the_last_error() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    for nth in 1..=3 {
        let fault = Fault::on("get_organization", refusal(503, false)).nth(nth);
        stack.simulator().faults().add(fault);
    }
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    let shown = status(&stack, "1876").await?;
    let run = &shown.json["onboarding"];
    assert_eq!(
        (&run["firstCause"], &run["lastError"]["status"]),
        (&Value::Null, &json!(503))
    );
    Ok(())
}
