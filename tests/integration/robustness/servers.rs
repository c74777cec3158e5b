//! Servers that lag behind, refuse for a while, or have more in an organization than was asked for.

use reqwest::Method;
use secureauth_simulator::Fault;
use serde_json::json;

use crate::support::{
    DEADLINE, IMPORT, Outcome, SomebodyElse, enable, enable_until_it_waits, live, nothing, options, patient, pools_of,
    refusal, resume, stack_with, start,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_404_on_a_call_right_after_its_parent_was_created_is_waited_out() -> Outcome {
    for operation in ["list_workspace_pools", "create_pool", IMPORT, "update_organization"] {
        let stack = stack_with("1876", 1).await?;
        stack
            .simulator()
            .faults()
            .add(Fault::on(operation, refusal(404, false)).nth(1));
        assert_eq!(enable(&stack, "1876").await?.state, "succeeded", "{operation}");
        assert_eq!(stack.in_secureauth("1876"), live(1), "{operation}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_pools_in_deactivated_organizations_is_named_and_the_setting_cures_it() -> Outcome {
    let mut stack = stack_with("1876", 1).await?;
    stack.simulator().set_switch("deactivated-management", "409")?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("no_pool_while_deactivated"))
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    stack.deploy("CREATE_DEACTIVATED", "false").await?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(1));
    Ok(())
}

/// A pool without a marker appears in the organization that the run has just created.
async fn with_a_built_in_pool(rolled_back: bool) -> Outcome {
    let stack = start(patient(), "1876", 1).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_pool", refusal(503, false)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    stack.simulator().faults().clear();
    let tenant = stack.simulator().tenant();
    let pool = json!({"id": "built-in", "tenant_id": tenant, "name": "directory", "workspace_id": "1876"});
    somebody.identity(Method::POST, "system/pools", &pool).await?;
    if rolled_back {
        stack
            .handler()
            .run(&["rollback", &run.onboarding_id, "--by", "ops"])
            .await?;
        assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
        assert_eq!(stack.in_secureauth("1876"), nothing());
    } else {
        assert_eq!(resume(&stack, &run).await?.state, "succeeded");
        let stored = stack.database().biller("1876")?.expect("is recorded").identity_pool_id;
        assert_eq!(pools_of(&stack, "1876").len(), 2);
        assert!(stored.is_some_and(|stored| stored != "built-in"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_pool_of_a_new_organization_is_never_the_billers() -> Outcome {
    with_a_built_in_pool(false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_pool_of_a_new_organization_goes_with_it() -> Outcome {
    with_a_built_in_pool(true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_cannot_be_deleted_yet_is_waited_out() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_organization", refusal(422, false)).nth(1));
    for nth in [1, 2] {
        stack
            .simulator()
            .faults()
            .add(Fault::on("delete_organization", refusal(400, false)).nth(nth));
    }
    assert_eq!(enable(&stack, "1876").await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_no_pools_of_a_deleted_organization_lets_a_rollback_end() -> Outcome {
    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 1).await?;
    stack.simulator().set_switch("pools-of-unknown-workspace", "404")?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_organization", refusal(422, false)).nth(1));
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("secureauth_refused"))
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}
