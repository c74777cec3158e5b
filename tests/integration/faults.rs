//! Failures during a run (docs/ARCHITECTURE.md#failures): those that pass are waited out (docs/requirements.md#r1),
//! those that last lead to a rollback (docs/requirements.md#x1).

use std::time::Duration;

use functions_host::ConsoleLine;
use secureauth_simulator::{Fault, FaultKind, FaultStatus};

use crate::support::{
    DEADLINE, Outcome, add_biller, calls_of, enable, ended, live, nothing, options, stack_with, start, status,
};

fn answer(status: u16) -> FaultKind {
    FaultKind::Status(FaultStatus {
        status,
        ..FaultStatus::default()
    })
}

/// Every call is answered with 503.
fn down() -> Fault {
    Fault {
        operation: None,
        ..Fault::on("", answer(503))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_passes_is_waited_out_within_the_call() -> Outcome {
    let stack = stack_with("1876", 30).await?;
    for operation in [
        "create_organization",
        "create_pool",
        "import_identity_configuration",
        "update_organization",
    ] {
        stack.simulator().faults().add(Fault::on(operation, answer(503)).nth(1));
    }
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(30));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_leads_to_a_look_and_not_to_a_second_creation() -> Outcome {
    let stack = stack_with("1876", 30).await?;
    for operation in [
        "create_organization",
        "create_pool",
        "import_identity_configuration",
        "update_organization",
    ] {
        stack
            .simulator()
            .faults()
            .add(Fault::on(operation, FaultKind::ResetAfter).nth(1));
    }
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(30));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_lasts_is_rolled_back_whatever_step_it_meets() -> Outcome {
    for operation in [
        "create_organization",
        "create_pool",
        "import_identity_configuration",
        "update_organization",
    ] {
        for kind in [answer(500), FaultKind::ResetAfter] {
            let stack = stack_with("1876", 30).await?;
            stack
                .simulator()
                .faults()
                .add(Fault::on(operation, kind.clone()).times(12));
            let run = enable(&stack, "1876").await?;
            let after = stack.in_secureauth("1876");
            match run.state.as_str() {
                "failed" => assert_eq!(after, nothing(), "{operation} {kind:?}"),
                // A lost answer is no failure if a look shows the effect of the call.
                "succeeded" => assert_eq!(after, live(30), "{operation} {kind:?}"),
                other => panic!("{operation} {kind:?}: {other}"),
            }
            let shown = status(&stack, "1876").await?;
            assert_eq!(shown.json["ciamEnabled"], run.state == "succeeded");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_billers_data_is_rolled_back_at_once() -> Outcome {
    let stack = stack_with("1876", 3).await?;
    stack.simulator().faults().add(Fault::on("create_pool", answer(422)));
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("secureauth_refused"))
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    assert_eq!(calls_of(&stack, "create_pool").len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_secureauth_is_down_the_status_says_what_is_waited_for() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "1h"), "1876", 1).await?;
    stack.simulator().faults().add(down());
    stack.front_door().toggle("1876", true).await?;
    stack.wait_for("1876", DEADLINE, |run| run.state == "waiting").await?;
    let shown = status(&stack, "1876").await?;
    assert_eq!(shown.text_at("/status"), "processing");
    assert_eq!(shown.text_at("/onboarding/waitingFor"), "secureauth_unavailable");
    assert!(shown.json["onboarding"]["nextAttemptAt"].is_string());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_fails_when_secureauth_stays_down() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    stack.simulator().faults().add(down());
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("secureauth_unavailable"))
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_that_cannot_be_recorded_is_not_rolled_back_but_left_to_an_operator() -> Outcome {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 2).await?;
    stack.crm().refuse_ciam_status(true)?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("activation_not_recorded"))
    );
    assert_eq!(stack.in_secureauth("1876"), live(2));
    let shown = status(&stack, "1876").await?;
    assert_eq!(
        (shown.text_at("/status"), shown.text_at("/ciamStatus")),
        ("stuck", "not_enabled")
    );
    let refused = stack.front_door().toggle("1876", true).await?;
    assert_eq!((refused.status, refused.text_at("/code")), (409, "stuck"));
    stack.crm().refuse_ciam_status(false)?;
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    let resumed = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(
        (resumed.state.as_str(), resumed.onboarding_id),
        ("succeeded", run.onboarding_id)
    );
    assert_eq!(status(&stack, "1876").await?.text_at("/ciamStatus"), "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_killed_in_the_middle_of_an_import_is_replaced_and_the_run_ends_well() -> Outcome {
    let quick = options()
        .set("USERS_PER_PAGE", "100")
        .set("LEASE", "4s")
        .set("HEARTBEAT", "500ms");
    let stack = start(quick, "1876", 600).await?;
    stack.simulator().faults().add(Fault::on(
        "import_identity_configuration",
        FaultKind::Delay {
            ms: 150,
            after_effect: false,
        },
    ));
    let toggled = stack.front_door().toggle("1876", true).await?;
    stack.wait_for("1876", DEADLINE, |run| run.imported >= 100).await?;
    stack.host().kill_handler().await;
    let run = ended(&stack, "1876", &toggled).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 600));
    assert_eq!(stack.in_secureauth("1876"), live(600));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_share_the_tenants_budget_and_no_run_is_worked_on_twice() -> Outcome {
    let stack = start(options().patient().hosts(2), "b0", 120).await?;
    for number in 1..6 {
        add_biller(&stack, &format!("b{number}"), 120)?;
    }
    for number in 0..6 {
        let door = stack.front_door_of(number % 2);
        assert_eq!(door.toggle(&format!("b{number}"), true).await?.status, 202);
    }
    stack.drain(Duration::from_mins(2)).await?;
    for number in 0..6 {
        let biller = format!("b{number}");
        assert_eq!(stack.in_secureauth(&biller), live(120), "{biller}");
    }
    assert_eq!(calls_of(&stack, "create_organization").len(), 6);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_credentials_are_refused_waits_and_names_the_reason() -> Outcome {
    let refused = options().set("SECUREAUTH_CLIENT_SECRET", "rotated-away");
    let stack = start(refused.set("RUN_PAUSES", "1h"), "1876", 1).await?;
    stack.front_door().toggle("1876", true).await?;
    let waiting = stack.wait_for("1876", DEADLINE, |run| run.state == "waiting").await?;
    assert_eq!(waiting.waiting_for.as_deref(), Some("credentials_refused"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_refused_are_read_again_until_the_run_fails() -> Outcome {
    let refused = options().set("SECUREAUTH_CLIENT_SECRET", "rotated-away");
    let stack = start(refused, "1876", 1).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("credentials_refused"))
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    let read_again = |lines: &[ConsoleLine]| lines.iter().filter(|line| line.text.contains("\"ready\"")).count() > 1;
    stack.host().wait_for_console(DEADLINE, read_again).await?;
    Ok(())
}
