//! A run at which the process dies again and again (docs/ARCHITECTURE.md#leases).

use local_stack::{Stack, StackOptions};
use secureauth_simulator::{Fault, FaultKind};
use tokio::time::Instant;

use crate::support::{DEADLINE, Outcome, add_biller, enable, live, nothing, options, start, status};

/// A lease that a dead worker loses soon.
fn short_lease() -> StackOptions {
    options()
        .set("LEASE", "900ms")
        .set("HEARTBEAT", "250ms")
        .set("CALL_MARGIN", "50ms")
        .set("SECUREAUTH_CONNECT_DEADLINE", "300ms")
        .set("SECUREAUTH_CRUD_DEADLINE", "400ms")
        .set("SECUREAUTH_IMPORT_DEADLINE", "400ms")
        .set("SECUREAUTH_TOKEN_DEADLINE", "400ms")
}

fn fired(stack: &Stack, fault: u64) -> u64 {
    let faults = stack.simulator().faults().list().into_iter();
    faults.filter(|it| it.id == fault).map(|it| it.fired).sum()
}

/// Ends the process as a crash does, which the host counts.
async fn crash(stack: &Stack) -> Outcome {
    let Some(pid) = stack.host().handler_pid() else {
        return Ok(());
    };
    let restarts = stack.host().restarts();
    let mut kill = tokio::process::Command::new("kill");
    assert!(kill.args(["-9", &pid.to_string()]).status().await?.success());
    let end = Instant::now() + DEADLINE;
    while stack.host().restarts() == restarts {
        assert!(!has_stopped(stack).await, "the host stopped after its third crash");
        assert!(Instant::now() < end, "the host starts no other process");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn has_stopped(stack: &Stack) -> bool {
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(1), stack.host().stopped());
    stopped.await.is_ok()
}

/// Kills the process each time it makes the call in this state of the run, until the run has ended. Returns how often.
async fn kill_at(stack: &Stack, operation: &str, state: &str) -> Result<u32, Box<dyn std::error::Error>> {
    let delay = FaultKind::Delay {
        ms: 250,
        after_effect: false,
    };
    let fault = stack.simulator().faults().add(Fault::on(operation, delay));
    let fired = || fired(stack, fault);
    let end = Instant::now() + DEADLINE;
    let (mut kills, mut seen) = (0, fired());
    loop {
        assert!(Instant::now() < end, "the run did not end");
        let run = stack.database().latest_run("1876")?.expect("there is a run");
        if run.has_ended() {
            break;
        }
        if run.state != state {
            seen = fired();
        } else if fired() > seen {
            stack.host().kill_handler().await;
            (kills, seen) = (kills + 1, fired());
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(kills)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_kills_its_worker_at_the_same_call_ends_and_the_next_biller_is_served() -> Outcome {
    let stack = start(short_lease(), "1876", 1).await?;
    assert_eq!(stack.front_door().toggle("1876", true).await?.status, 202);
    let kills = kill_at(&stack, "get_pool", "running").await?;
    stack.simulator().faults().clear();
    let run = stack.database().latest_run("1876")?.expect("there is a run");
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("worker_lost"))
    );
    assert_eq!(kills, 2, "MAX_TAKE_OVERS");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    assert_eq!(status(&stack, "1876").await?.text_at("/status"), "failed");
    let told = stack.handler().run(&["status", "1876"]).await?;
    assert!(told.contains("take-overs    0"), "the rollback counts its own: {told}");
    add_biller(&stack, "1877", 1)?;
    assert_eq!(enable(&stack, "1877").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1877"), live(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_crashes_forward_and_backward_does_not_stop_the_host() -> Outcome {
    let mut options = short_lease().set("CRASH_PAUSE", "7s");
    options.host_times.restart_window = std::time::Duration::from_secs(6);
    let stack = start(options, "1876", 1).await?;
    // After a lost answer the run looks for a second pool, forward and backward.
    let lost = Fault::on("create_pool", FaultKind::ResetAfter).nth(1);
    stack.simulator().faults().add(lost);
    let fault = Fault::on(
        "list_workspace_pools",
        FaultKind::Delay {
            ms: 250,
            after_effect: false,
        },
    );
    let fault = stack.simulator().faults().add(fault);
    assert_eq!(stack.front_door().toggle("1876", true).await?.status, 202);
    let end = Instant::now() + DEADLINE;
    let (mut crashes, mut seen) = (0, 0);
    let run = loop {
        assert!(Instant::now() < end, "the run did not end");
        let run = stack.database().latest_run("1876")?.expect("there is a run");
        if run.has_ended() {
            break run;
        }
        let now = fired(&stack, fault);
        if now > seen {
            crash(&stack).await?;
            (crashes, seen) = (crashes + 1, fired(&stack, fault));
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref(), crashes),
        ("stuck", Some("worker_lost"), 4)
    );
    stack.simulator().faults().clear();
    add_biller(&stack, "1877", 1)?;
    assert_eq!(enable(&stack, "1877").await?.state, "succeeded");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_kills_its_worker_too_is_stuck_until_an_operator_resumes_it() -> Outcome {
    let stack = start(short_lease(), "1876", 1).await?;
    let refused = crate::support::refusal(422, false);
    stack.simulator().faults().add(Fault::on("create_pool", refused));
    assert_eq!(stack.front_door().toggle("1876", true).await?.status, 202);
    let kills = kill_at(&stack, "list_workspace_pools", "rolling_back").await?;
    let run = stack.database().latest_run("1876")?.expect("there is a run");
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("worker_lost"))
    );
    assert_eq!(kills, 2);
    let told = stack.handler().run(&["status", "1876"]).await?;
    assert!(told.contains("take-overs    2"), "{told}");
    assert_eq!(status(&stack, "1876").await?.json["onboarding"]["takeOvers"], 2);
    let ended = crate::support::resume(&stack, &run).await?;
    assert_eq!(ended.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}
