//! Branches of the handler that only a switch reaches.

use local_stack::{RunRecord, Stack};
use secureauth_simulator::Fault;

use crate::support::{Outcome, calls_of, enable, live, nothing, options, pools_of, refusal, stack_with, start};

fn ended(run: &RunRecord) -> (&str, Option<&str>) {
    (run.state.as_str(), run.reason.as_deref())
}

/// A run whose organization cannot go live, which is rolled back.
async fn rolled_back(stack: &Stack) -> Outcome {
    let refused = Fault::on("update_organization", refusal(422, false)).nth(1);
    stack.simulator().faults().add(refused);
    assert_eq!(enable(stack, "1876").await?.state, "failed");
    stack.simulator().faults().clear();
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pool_without_a_provider_ends_the_run_and_is_deleted() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    stack.simulator().set_switch("create-with-idp", "ignored")?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(ended(&run), ("failed", Some("pool_without_idp")));
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_id_of_a_deleted_pool_is_refused_the_next_generation_has_another() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    stack.simulator().set_switch("pool-tombstone", "on")?;
    rolled_back(&stack).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(ended(&run), ("succeeded", None));
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_gets_another_id_than_the_one_sent_is_used_under_that_one() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    stack.simulator().set_switch("pool-client-id", "ignored")?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(ended(&run), ("succeeded", None));
    let stored = stack.database().biller("1876")?.and_then(|it| it.identity_pool_id);
    assert_eq!(pools_of(&stack, "1876"), stored.into_iter().collect::<Vec<_>>());
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded", "a sync finds it");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_is_live_from_the_start_still_ends_complete_or_is_removed() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    stack.simulator().set_switch("create-deactivated", "ignored")?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_pool", refusal(422, false)).nth(1));
    assert_eq!(enable(&stack, "1876").await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    stack.simulator().faults().clear();
    let run = enable(&stack, "1876").await?;
    assert_eq!(ended(&run), ("succeeded", None));
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_id_that_stays_reserved_after_a_rollback_is_named() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    stack.simulator().set_switch("deleted-organization-id", "reserved")?;
    rolled_back(&stack).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(ended(&run), ("failed", Some("organization_id_reserved")));
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_that_no_read_shows_are_a_named_reason_and_are_rolled_back() -> Outcome {
    let stack = start(options().set("VERIFY_PAUSES", "10ms, 10ms"), "1876", 2).await?;
    // Accepted and answered, but not applied while the run looks.
    stack.simulator().set_switch("user-persistence-lag-ms", "3600000")?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(ended(&run), ("failed", Some("users_not_visible")));
    assert!(!calls_of(&stack, "list_users").is_empty());
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}
