//! A pool that the run created: settings that SecureAuth ignored, a second pool of the run, and its deletion.

use std::time::Duration;

use local_stack::{RunRecord, Stack, StackOptions};
use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind, Seed};
use serde_json::{Value, json};

use crate::support::{
    DEADLINE, IMPORT, Outcome, SomebodyElse, calls_of, enable_until_it_waits, entries, live, nothing, options, patient,
    pools_of, refusal, refuse_journal_entry, resume, start, until,
};

/// Options with a short lease, for tests in which a worker does not release it.
fn short_lease(options: StackOptions) -> StackOptions {
    [
        ("SECUREAUTH_CONNECT_DEADLINE", "500ms"),
        ("SECUREAUTH_CRUD_DEADLINE", "500ms"),
        ("SECUREAUTH_IMPORT_DEADLINE", "500ms"),
        ("SECUREAUTH_TOKEN_DEADLINE", "500ms"),
        ("LEASE", "900ms"),
        ("HEARTBEAT", "250ms"),
        ("CALL_MARGIN", "50ms"),
    ]
    .into_iter()
    .fold(options, |options, (name, value)| options.set(name, value))
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_new_pool_does_not_show_are_not_forgotten_when_the_worker_dies_before_it_acts() -> Outcome {
    let stack = start(short_lease(patient()).set("RETRY_ATTEMPTS", "1"), "1876", 2).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_pool", refusal(500, true)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let pools = pools_of(&stack, "1876");
    let changed = json!({"name": "Users", "tenant_id": stack.simulator().tenant(), "workspace_id": "1876",
        "authentication_mechanisms": ["password"]});
    let path = format!("system/pools/{}", pools[0]);
    somebody.identity(Method::PUT, &path, &changed).await?;
    stack.simulator().faults().clear();
    // The worker can record the answer, but not that a rollback follows from it.
    refuse_journal_entry(&stack, Some("rollback_started"))?;
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    until("the pool is created", || {
        Ok(!entries(&stack, &run, "pool_created")?.is_empty())
    })
    .await?;
    let invocations = || {
        let failed = stack.host().invocations().into_iter();
        failed.filter(|invocation| !invocation.succeeded()).count()
    };
    until("an invocation fails or goes on", || {
        Ok(invocations() > 0 || !entries(&stack, &run, "idp_checked")?.is_empty())
    })
    .await?;
    refuse_journal_entry(&stack, None)?;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("settings_ignored"))
    );
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

/// Ends a run whose organization gets another pool with this metadata before the run's users are imported. Returns the
/// stack and the run's state.
async fn run_with_another_pool(
    metadata: impl Fn(&str) -> Value,
) -> Result<(Stack, String), Box<dyn std::error::Error>> {
    let stack = start(patient(), "1876", 2).await?;
    let lost = Fault::on("create_pool", FaultKind::ResetAfter).nth(1);
    stack.simulator().faults().add(lost);
    stack.simulator().faults().add(Fault::on(IMPORT, refusal(503, false)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    let double = json!({"id": "another", "name": "Another", "workspace_id": "1876",
        "metadata": metadata(&run.onboarding_id)});
    stack.simulator().seed(Seed::default().pool(&double))?;
    let run = resume(&stack, &run).await?;
    Ok((stack, run.state))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pool_of_the_run_that_shows_up_late_is_deleted_before_the_biller_goes_live() -> Outcome {
    let ours = |run: &str| json!({"ic_onboarding_id": run, "ic_bid": "1876"});
    let (stack, state) = run_with_another_pool(ours).await?;
    assert_eq!(state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pool_of_the_run_is_not_deleted_while_it_is_unknown_whether_it_has_users() -> Outcome {
    let stack = start(patient(), "1876", 1).await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("create_pool", FaultKind::ResetAfter).nth(1));
    faults.add(Fault::on("list_pool_idps", refusal(503, false)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    let double = json!({"id": "another", "name": "Another", "workspace_id": "1876",
        "metadata": {"ic_onboarding_id": run.onboarding_id, "ic_bid": "1876"}});
    let user = json!({"user_pool_id": "another", "id": "their-user", "status": "active"});
    stack.simulator().seed(Seed::default().pool(&double).user(&user))?;
    stack.simulator().set_switch("user-count", "absent")?;
    stack.simulator().faults().clear();
    let looks = calls_of(&stack, "list_workspace_pools").len();
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    let waits = |run: &RunRecord| {
        calls_of(&stack, "list_workspace_pools").len() > looks && (run.state == "waiting" || run.has_ended())
    };
    let run = stack.wait_for("1876", DEADLINE, waits).await?;
    assert_eq!(run.state, "waiting", "{run:?}");
    assert!(pools_of(&stack, "1876").contains(&"another".to_owned()));
    stack.simulator().set_switch("user-count", "shown")?;
    let run = resume(&stack, &run).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("stuck", Some("several_pools"))
    );
    assert_eq!(calls_of(&stack, "delete_pool").len(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pool_that_is_not_marked_as_the_runs_is_left_alone() -> Outcome {
    let (stack, state) = run_with_another_pool(|_| json!({"theirs": "kept"})).await?;
    assert_eq!(state, "succeeded");
    assert!(pools_of(&stack, "1876").contains(&"another".to_owned()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generation_grows_once_however_often_a_pool_has_to_be_rolled_back() -> Outcome {
    let stack = start(options().set("RECHECK_AFTER", "2s"), "1876", 2).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_organization", refusal(422, false)));
    // Reads show the deleted pool until it has been rolled back a second time.
    stack
        .simulator()
        .faults()
        .add(Fault::on("delete_pool", FaultKind::ReadLag { ms: 600_000 }));
    stack.front_door().toggle("1876", true).await?;
    let run = stack.wait_for("1876", DEADLINE, |_| true).await?;
    until("the pools are looked for once more", || {
        Ok(entries(&stack, &run, "pools_rolled_back")?.len() > 1)
    })
    .await?;
    stack.simulator().faults().clear();
    stack.simulator().advance(Duration::from_mins(11));
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    assert_eq!(stack.database().biller("1876")?.expect("is there").generation, 1);
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}
