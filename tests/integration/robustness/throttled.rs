//! Servers that ask for waits: 429 with and without `Retry-After`, and 403 for bursts.

use std::time::Duration;

use local_stack::{RunRecord, Stack, StackOptions, UserRow};
use secureauth_simulator::{ALL_SCOPES, CallRecord, Client, Fault, FaultKind, FaultStatus};
use time::OffsetDateTime;

use crate::support::{
    DEADLINE, IMPORT, Outcome, burst, calls_of, enable, enable_until_it_waits, live, nothing, options, patient,
    refusal, resume, start, until,
};

/// Waits of a few seconds are waited for inside a call.
fn waiting() -> StackOptions {
    patient().set("RETRY_AFTER_CAP", "10s")
}

/// Refuses with `Retry-After`, in seconds.
fn slow_down(seconds: &str) -> FaultKind {
    FaultKind::Status(FaultStatus {
        status: 429,
        retry_after: Some(seconds.to_owned()),
        ..FaultStatus::default()
    })
}

fn refused(stack: &Stack, status: u16) -> usize {
    let calls = stack.simulator().calls();
    calls.iter().filter(|call| call.status == Some(status)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_two_calls_a_second_gets_hardly_more_calls_than_are_needed() -> Outcome {
    let stack = start(waiting(), "1876", 1_000).await?;
    for module in ["oauth2", "system", "identity"] {
        stack
            .simulator()
            .set_switch(&format!("rate-limit-{module}"), "2/1000/2")?;
    }
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(1_000));
    assert_eq!(calls_of(&stack, "delete_pool").len(), 0);
    let accepted = calls_of(&stack, IMPORT)
        .iter()
        .filter(|call| call.status.is_some_and(|status| status < 300))
        .count();
    assert_eq!(accepted, 10);
    assert!(refused(&stack, 429) <= 20, "{}", refused(&stack, 429));
    Ok(())
}

/// The run waits until about an hour from now. At most the calls in flight were refused.
fn assert_waits_for_an_hour(stack: &Stack, run: &RunRecord) {
    let due = run.next_attempt_at.expect("is due");
    #[expect(
        clippy::disallowed_methods,
        reason = "due times are compared with the clock that wrote them"
    )]
    let rest = due - OffsetDateTime::now_utc();
    assert!(
        rest > Duration::from_mins(50) && rest <= Duration::from_hours(1),
        "{rest}"
    );
    assert!((1..=8).contains(&refused(stack, 429)), "{}", refused(stack, 429));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_longer_than_the_time_slice_is_the_runs_due_time_and_nothing_is_sent_before() -> Outcome {
    for operation in ["token", "get_organization", "create_pool", IMPORT] {
        let stack = start(patient(), "1876", 1_000).await?;
        stack.simulator().faults().add(Fault::on(operation, slow_down("3600")));
        let run = enable_until_it_waits(&stack, "1876").await?;
        assert_waits_for_an_hour(&stack, &run);
        let calls = stack.simulator().calls().len();
        // The timer looks at due runs all the time; this one is not due.
        stack.settle(Duration::from_millis(500), DEADLINE).await?;
        assert_eq!(stack.simulator().calls().len(), calls, "{operation}");
    }
    Ok(())
}

/// The rollback waits for an hour from now.
async fn assert_rollback_waits_for_an_hour(stack: &Stack) -> Outcome {
    let answer = stack.front_door().toggle("1876", true).await?;
    assert_eq!(answer.status, 202, "{}", answer.text);
    until("the rollback waits", || {
        let run = stack.database().latest_run("1876")?;
        Ok(run
            .is_some_and(|run| run.state == "rolling_back" && refused(stack, 429) > 0 && run.next_attempt_at.is_some()))
    })
    .await?;
    let run = stack.database().latest_run("1876")?.expect("a run");
    assert_waits_for_an_hour(stack, &run);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_waits_as_long_as_secureauth_says() -> Outcome {
    let stack = start(patient().set("ROLLBACK_TIME_LIMIT", "1day"), "1876", 1).await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("update_organization", refusal(422, false)).nth(1));
    faults.add(Fault::on("delete_pool", slow_down("3600")).nth(1));
    assert_rollback_waits_for_an_hour(&stack).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_pauses_left_is_rolled_back_after_the_wait_that_secureauth_asks_for() -> Outcome {
    let last_pause = patient().set("RUN_PAUSES", "10ms").set("RETRY_ATTEMPTS", "1");
    let stack = start(last_pause.set("ROLLBACK_TIME_LIMIT", "1day"), "1876", 1).await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("create_pool", refusal(503, false)).nth(1));
    faults.add(Fault::on("create_pool", slow_down("3600")).nth(2));
    assert_rollback_waits_for_an_hour(&stack).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_an_hour_goes_on_when_it_is_resumed_elsewhere() -> Outcome {
    let mut stack = start(patient(), "1876", 150).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on(IMPORT, slow_down("3600")).nth(1));
    let run = enable_until_it_waits(&stack, "1876").await?;
    // A process sends nothing before the pause that it was asked for is over; another one has not been asked.
    stack.deploy("RETRY_MAX", "100ms").await?;
    assert_eq!(resume(&stack, &run).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(150));
    Ok(())
}

/// A time slice is shorter than what 25 users take, from one checkpoint to the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_found_pool_at_a_slow_server_ends_whatever_a_time_slice_can_do() -> Outcome {
    let short = waiting().set("SLICE_SECONDS", "2s").set("RUN_PAUSES", "3s");
    let stack = start(short, "1876", 3).await?;
    enable(&stack, "1876").await?;
    stack.crm().add_users("1876", &UserRow::samples("1876", 33)[3..])?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on(IMPORT, refusal(500, true)));
    enable_until_it_waits(&stack, "1876").await?;
    assert_eq!(stack.in_secureauth("1876"), live(33));
    faults.add(Fault::on("get_pool", refusal(503, false)));
    stack.simulator().set_switch("rate-limit-identity", "5/1000/10")?;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!((run.state.as_str(), run.kind.as_str()), ("failed", "sync"));
    assert_eq!(stack.in_secureauth("1876"), live(3));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_at_a_slow_server_ends() -> Outcome {
    let stack = start(waiting(), "1876", 1).await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("update_organization", refusal(422, false)).nth(1));
    for operation in ["delete_pool", "delete_organization"] {
        faults.add(Fault::on(operation, slow_down("1")).times(2));
    }
    assert_eq!(enable(&stack, "1876").await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_token_endpoint_is_waited_for() -> Outcome {
    let stack = start(waiting(), "1876", 1).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("token", slow_down("1")).times(4));
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(calls_of(&stack, "token").len(), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forbids_bursts_is_waited_for() -> Outcome {
    let stack = start(waiting(), "1876", 500).await?;
    stack.simulator().faults().add(Fault::on(IMPORT, burst()).times(3));
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(refused(&stack, 403), 3);
    assert_eq!(stack.in_secureauth("1876"), live(500));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forbids_a_second_import_gets_one_at_a_time() -> Outcome {
    for body in ["api", "rfc6749"] {
        let options = waiting().set("FORBIDDEN_PAUSE", "200ms");
        let stack = start(options, "1876", 3_000).await?;
        let simulator = stack.simulator();
        // So that imports meet.
        let (ms, after_effect) = (20, false);
        simulator
            .faults()
            .add(Fault::on(IMPORT, FaultKind::Delay { ms, after_effect }));
        simulator.set_switch("concurrent-import", "refused")?;
        simulator.set_switch("forbidden-body", body)?;
        let run = enable(&stack, "1876").await?;
        assert_eq!(run.state, "succeeded", "{body}");
        assert_eq!(stack.in_secureauth("1876"), live(3_000));
        // Those in flight at the first refusal, and then fewer and fewer attempts at two in flight.
        assert!((1..=15).contains(&refused(&stack, 403)), "{}", refused(&stack, 403));
    }
    Ok(())
}

/// Each of eight imports may be refused more often than a call that is refused for another reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forbids_bursts_gets_calls_at_a_rate_that_it_takes_and_no_attempt_is_used_up() -> Outcome {
    for body in ["api", "rfc6749"] {
        let options = waiting().set("FORBIDDEN_PAUSE", "200ms").set("RETRY_ATTEMPTS", "1");
        let stack = start(options, "1876", 1_500).await?;
        let simulator = stack.simulator();
        simulator.set_switch("forbidden-bursts", "10/1000/1")?;
        simulator.set_switch("forbidden-body", body)?;
        let run = enable(&stack, "1876").await?;
        assert_eq!(run.state, "succeeded", "{body}");
        assert_eq!(stack.in_secureauth("1876"), live(1_500));
        assert!((1..=40).contains(&refused(&stack, 403)), "{}", refused(&stack, 403));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_organization_that_may_not_be_used_yet_is_waited_for() -> Outcome {
    let stack = start(waiting().set("FORBIDDEN_PAUSE", "100ms"), "1876", 1).await?;
    stack.simulator().set_switch("new-workspace-forbidden-ms", "250")?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_403_that_does_not_end_pauses_a_call_three_times_and_then_the_run() -> Outcome {
    let stack = start(options().set("FORBIDDEN_PAUSE", "1ms"), "1876", 1).await?;
    stack.simulator().faults().add(Fault::on("create_pool", burst()));
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "failed");
    // Four a time slice: the first one and those after the two pauses of the run.
    assert_eq!(calls_of(&stack, "create_pool").len(), 12);
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_is_no_burst() -> Outcome {
    let mut options = options();
    let scopes = ALL_SCOPES.iter().filter(|scope| **scope != "manage_configuration");
    options.simulator.clients = vec![Client {
        scopes: scopes.map(ToString::to_string).collect(),
        ..Client::new("onboarding", "simulator-secret")
    }];
    let stack = start(options, "1876", 1).await?;
    stack.simulator().set_switch("scope-error-code", "request_forbidden")?;
    stack.simulator().set_switch("unknown-scope", "left-out")?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "failed");
    let is_api = |call: &CallRecord| call.operation.as_deref() != Some("token");
    assert_eq!(stack.simulator().calls().iter().filter(|call| is_api(call)).count(), 0);
    Ok(())
}
