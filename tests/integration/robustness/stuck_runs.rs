//! A stuck run is reported until somebody acts, whatever became of the first report.

use local_stack::Stack;
use secureauth_simulator::Fault;

use crate::support::{DEADLINE, Outcome, enable, options, refusal, start, toggle};

async fn stuck() -> Result<(Stack, String), Box<dyn std::error::Error>> {
    let options = options()
        .set("ROLLBACK_TIME_LIMIT", "1s")
        .set("STUCK_REPORT_EVERY", "200ms");
    let stack = start(options, "1876", 1).await?;
    for operation in ["update_organization", "delete_pool"] {
        stack
            .simulator()
            .faults()
            .add(Fault::on(operation, refusal(422, false)));
    }
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "stuck");
    Ok((stack, run.onboarding_id))
}

/// Reports by the timer, not by the worker.
fn reports(stack: &Stack) -> Vec<String> {
    let lines = stack.host().console_lines().into_iter().map(|line| line.text);
    lines
        .filter(|line| line.contains("the run is stuck") && line.contains("stuck_runs"))
        .collect()
}

async fn reported(stack: &Stack, times: usize) -> Outcome {
    let told = stack
        .host()
        .wait_for_console(DEADLINE, |_| reports(stack).len() >= times)
        .await;
    assert!(told.is_ok() && reports(stack).len() >= times, "{:?}", reports(stack));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timer_reports_a_stuck_run_with_what_is_left_until_an_operator_acts() -> Outcome {
    let (stack, id) = stuck().await?;
    reported(&stack, 2).await?;
    let line = reports(&stack).pop().expect("was reported");
    for part in [&id, "1876", "not_rolled_back", "organization 1876"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    stack.handler().run(&["close", &id, "--by", "ops"]).await?;
    let before = reports(&stack).len();
    // The next toggle goes its whole way meanwhile, over several timers.
    stack.simulator().faults().clear();
    let accepted = stack.front_door().post("1876", &toggle(true, "after")).await?;
    assert_eq!(accepted.status, 202);
    stack.wait_for_end("1876", DEADLINE).await?;
    assert!(reports(&stack).len() <= before + 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn list_names_stuck_runs_and_what_each_left() -> Outcome {
    let (stack, id) = stuck().await?;
    let told = stack.handler().run(&["list", "--stuck"]).await?;
    for part in [
        &id,
        "1876",
        "enable stuck since",
        "not_rolled_back",
        "left in SecureAuth: organization 1876",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.ends_with("1 runs\n"), "{told}");
    stack.handler().run(&["close", &id, "--by", "ops"]).await?;
    for arguments in [&["list", "--stuck"][..], &["list"][..]] {
        assert_eq!(stack.handler().run(arguments).await?, "0 runs\n");
    }
    Ok(())
}
