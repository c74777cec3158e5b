//! People who enrolled a credential keep it, whatever happens to the import of their users, to the CRM's rows and to
//! SecureAuth while a run waits (docs/ARCHITECTURE.md#accounts).

use local_stack::{Stack, UserRow};
use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind, PoolUser};
use serde_json::Value;

use crate::support::{
    IMPORT, Outcome, SomebodyElse, calls_of, enable, enable_until_it_waits, live, nothing, options, patient, pools_of,
    refusal, remove_organization, resume, start, users_in_secureauth,
};

/// Every user that the pool has now enrolls a password. Returns how many did.
fn everybody_enrolls(stack: &Stack) -> usize {
    let users = users_in_secureauth(stack, "1876");
    let pools = pools_of(stack, "1876");
    let enrolls = |user: &PoolUser| pools.iter().any(|pool| stack.simulator().enroll(pool, &user.id));
    users.iter().filter(|user| enrolls(user)).count()
}

fn enrolled(stack: &Stack) -> usize {
    let users = users_in_secureauth(stack, "1876");
    users.iter().filter(|user| user.credentials == 1).count()
}

/// A user of the CRM that comes before all others in the order of the GUIDs.
fn first_of_all() -> UserRow {
    UserRow {
        user_guid: Some("00000000-0000-4000-8000-000000000001".into()),
        ..UserRow::sample("1876", 700)
    }
}

async fn set_deactivated(stack: &Stack, deactivated: bool) -> Outcome {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let mut organization = somebody.organization("1876").await?;
    organization["deactivated"] = deactivated.into();
    let path = "organizations/1876";
    somebody.system(Method::PUT, path, &organization).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_inserted_before_users_that_were_imported_without_an_answer_costs_nobody_a_credential() -> Outcome {
    let stack = start(patient().set("CREATE_DEACTIVATED", "false"), "1876", 3).await?;
    stack.simulator().faults().add(Fault::on(IMPORT, refusal(500, true)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    assert_eq!(everybody_enrolls(&stack), 3);
    stack.crm().add_users("1876", &[first_of_all()])?;
    let run = resume(&stack, &run).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 4));
    assert_eq!((stack.in_secureauth("1876"), enrolled(&stack)), (live(4), 3));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_somebody_activates_while_the_run_waits_counts_as_live_in_the_next_time_slice() -> Outcome
{
    let stack = start(patient(), "1876", 150).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on(IMPORT, FaultKind::PartialImport { users: Some(40) }));
    let run = enable_until_it_waits(&stack, "1876").await?;
    set_deactivated(&stack, false).await?;
    let enrolling = everybody_enrolls(&stack);
    assert!(enrolling >= 40, "{enrolling}");
    let run = resume(&stack, &run).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 150));
    assert_eq!((stack.in_secureauth("1876"), enrolled(&stack)), (live(150), enrolling));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_takes_effect_after_its_deadline_is_waited_for_and_not_sent_again() -> Outcome {
    let options = options().set("CALL_MARGIN", "2s").set("CREATE_DEACTIVATED", "false");
    let stack = start(options, "1876", 3).await?;
    let late = FaultKind::Delay {
        ms: 2_500,
        after_effect: false,
    };
    stack.simulator().faults().add(Fault::on(IMPORT, late).nth(1));
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 3));
    assert_eq!(stack.in_secureauth("1876"), live(3));
    assert_eq!(calls_of(&stack, IMPORT).len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_somebody_deletes_while_the_run_waits_is_there_again_when_the_biller_goes_live() -> Outcome {
    let stack = start(patient(), "1876", 3).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_organization", refusal(503, false)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    let pool = pools_of(&stack, "1876").pop().expect("a pool");
    let deleted = users_in_secureauth(&stack, "1876").pop().expect("a user");
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let path = format!("system/pools/{pool}/users/{}", deleted.id);
    somebody.identity(Method::DELETE, &path, &Value::Null).await?;
    let run = resume(&stack, &run).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 3));
    assert_eq!(stack.in_secureauth("1876"), live(3));
    assert!(
        users_in_secureauth(&stack, "1876")
            .iter()
            .any(|user| user.id == deleted.id)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_whose_pool_somebody_deletes_while_the_run_waits_does_not_go_live() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "3s, 50ms, 50ms"), "1876", 3).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_organization", refusal(503, false)));
    enable_until_it_waits(&stack, "1876").await?;
    let pool = pools_of(&stack, "1876").pop().expect("a pool");
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let path = format!("system/pools/{pool}?with_idp=true");
    somebody.identity(Method::DELETE, &path, &Value::Null).await?;
    stack.simulator().faults().clear();
    let run = stack.wait_for_end("1876", crate::support::DEADLINE).await?;
    assert_eq!(run.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_deleted_or_changed_before_the_replay_are_judged_as_the_crm_has_them_then() -> Outcome {
    let stack = start(patient().set("CREATE_DEACTIVATED", "false"), "1876", 3).await?;
    stack.simulator().faults().add(Fault::on(IMPORT, refusal(500, true)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    assert_eq!(everybody_enrolls(&stack), 3);
    let gone = UserRow::sample("1876", 1).user_guid.unwrap_or_default();
    assert_eq!(stack.crm().remove_user("1876", &gone)?, 1);
    let changed = UserRow {
        last_name: Some("Renamed".into()),
        ..UserRow::sample("1876", 2)
    };
    assert_eq!(stack.crm().replace_user("1876", &changed)?, 1);
    let run = resume(&stack, &run).await?;
    assert_eq!(run.state, "succeeded");
    let users = users_in_secureauth(&stack, "1876");
    let has = |name: &str, status: &str| {
        let count = users
            .iter()
            .filter(|user| user.payload["last_name"] == name && user.status == status);
        count.count()
    };
    assert_eq!(has("Renamed", "active"), 1);
    assert_eq!(
        users.iter().filter(|user| user.status == "inactive").count(),
        1,
        "who is gone may not sign in"
    );
    assert_eq!(enrolled(&stack), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_somebody_deletes_while_the_run_waits_leaves_nothing_and_fails() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "3s, 50ms, 50ms"), "1876", 3).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_organization", refusal(503, false)));
    enable_until_it_waits(&stack, "1876").await?;
    stack.simulator().faults().clear();
    remove_organization(&stack, "1876").await?;
    let run = stack.wait_for_end("1876", crate::support::DEADLINE).await?;
    assert_eq!(run.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}
