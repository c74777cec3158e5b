//! Settings that a deployment changes while a run is under way (docs/decisions.md#settings-are-kept).

use secureauth_simulator::{Fault, FaultKind};

use crate::support::{DEADLINE, Outcome, enable_until_it_waits, live, nothing, patient, resume, start};

/// The tenant's simulator has no other tenant: its calls would fail. The run must be stuck before it makes one.
const OTHER_TENANT: &str = "another-tenant";

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_without_an_answer_is_found_again_whatever_prefix_is_deployed_meanwhile() -> Outcome {
    let mut stack = start(patient().set("RETRY_ATTEMPTS", "1"), "1876", 2).await?;
    let lost = Fault::on("create_organization", FaultKind::ResetAfter).nth(1);
    stack.simulator().faults().add(lost);
    let run = enable_until_it_waits(&stack, "1876").await?;
    stack.deploy("ORGANIZATION_ID_PREFIX", "ic-").await?;
    assert_eq!(resume(&stack, &run).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    assert_eq!(stack.in_secureauth("ic-1876"), nothing());
    assert_eq!(
        stack
            .database()
            .biller("1876")?
            .expect("is recorded")
            .organization_id
            .as_deref(),
        Some("1876")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_tenant_changed_is_stuck_until_the_tenant_is_back() -> Outcome {
    let mut stack = start(patient(), "1876", 2).await?;
    let tenant = stack.simulator().tenant().to_owned();
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_pool", crate::support::refusal(503, false)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    stack.deploy("SECUREAUTH_TENANT_ID", OTHER_TENANT).await?;
    let calls = stack.simulator().calls().len();
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    let ended = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(
        (ended.state.as_str(), ended.reason.as_deref()),
        ("stuck", Some("tenant_changed"))
    );
    assert_eq!(stack.simulator().calls().len(), calls);
    stack.deploy("SECUREAUTH_TENANT_ID", &tenant).await?;
    assert_eq!(resume(&stack, &ended).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}
