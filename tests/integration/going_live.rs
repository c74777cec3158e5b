//! The point of no return (docs/ARCHITECTURE.md#point-of-no-return): once a switch is confirmed, by its answer or by a
//! look, it is recorded and never rolled back.

use secureauth_simulator::Fault;

use crate::support::{
    Outcome, calls_of, disable, enable, live, options, refusal, refuse_journal_entry, resume, start, status,
};

const SWITCH: &str = "update_organization";

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_activation_that_the_journal_refuses_is_not_rolled_back() -> Outcome {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 2).await?;
    refuse_journal_entry(&stack, Some("activated"))?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("activation_not_recorded"))
    );
    assert_eq!(stack.in_secureauth("1876"), live(2));
    refuse_journal_entry(&stack, None)?;
    assert_eq!(resume(&stack, &run).await?.state, "succeeded");
    assert_eq!(status(&stack, "1876").await?.text_at("/ciamStatus"), "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_deactivation_that_the_journal_refuses_is_not_rolled_back() -> Outcome {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 2).await?;
    enable(&stack, "1876").await?;
    refuse_journal_entry(&stack, Some("deactivated"))?;
    let run = disable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("deactivation_not_recorded"))
    );
    assert_eq!(stack.in_secureauth("1876").deactivated, Some(true));
    refuse_journal_entry(&stack, None)?;
    assert_eq!(resume(&stack, &run).await?.state, "succeeded");
    assert_eq!(status(&stack, "1876").await?.text_at("/ciamStatus"), "inactive");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_that_took_effect_although_it_was_refused_is_recorded_and_not_rolled_back() -> Outcome {
    let stack = start(options(), "1876", 2).await?;
    stack.simulator().faults().add(Fault::on(SWITCH, refusal(422, true)));
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    assert_eq!(calls_of(&stack, SWITCH).len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivation_that_took_effect_although_it_was_refused_is_recorded_and_not_rolled_back() -> Outcome {
    let stack = start(options(), "1876", 2).await?;
    enable(&stack, "1876").await?;
    stack.simulator().faults().add(Fault::on(SWITCH, refusal(422, true)));
    let run = disable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876").deactivated, Some(true));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_somebody_else_changed_meanwhile_is_read_again_within_the_step() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "1h"), "1876", 2).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on(SWITCH, refusal(412, false)).nth(1));
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(calls_of(&stack, SWITCH).len(), 2);
    Ok(())
}
