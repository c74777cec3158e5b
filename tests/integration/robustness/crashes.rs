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

/// Kills the process each time it makes the call in this state of the run, until the run has ended. Returns how often.
async fn kill_at(stack: &Stack, operation: &str, state: &str) -> Result<u32, Box<dyn std::error::Error>> {
    let delay = FaultKind::Delay {
        ms: 250,
        after_effect: false,
    };
    let fault = stack.simulator().faults().add(Fault::on(operation, delay));
    let fired = || {
        let faults = stack.simulator().faults().list().into_iter();
        faults.filter(|it| it.id == fault).map(|it| it.fired).sum::<u64>()
    };
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
