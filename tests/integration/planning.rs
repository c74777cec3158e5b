//! `plan` says what a Yes would do, and writes nothing. The run then does what the plan said.

mod conflicts;
mod obstacles;
mod people;
mod told;

use local_stack::UserRow;
use secureauth_simulator::{Fault, Seed};
use serde_json::json;

pub(crate) use self::told::plan;
use self::told::{add_bad_user, assert_did, organization};
use crate::support::{Outcome, enable, options, pools_of, refusal, stack_with, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_biller_gets_what_its_plan_says() -> Outcome {
    let stack = stack_with("1876", 12).await?;
    let mut gone = UserRow::sample("1876", 50);
    gone.status = Some("deleted".into());
    stack.crm().add_users("1876", &[gone])?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect("biller", "1876");
    told.expect("name", "Smith & Sons, Inc.");
    told.expect("ciam", "not_enabled");
    told.expect(
        "users",
        "12 in all, 0 with data errors; 1 more are deleted and left out",
    );
    told.expect("organization", "1876 would be created below invoice-cloud");
    told.expect("provider", "would be created with the pool");
    told.expect(
        "import",
        "12 imported, 0 changed, 0 deactivated, 0 reactivated, 0 already present",
    );
    told.expect("outcome", "nothing found that would stop the run");
    let run = enable(&stack, "1876").await?;
    assert_did(&run, &told);
    let pool = pools_of(&stack, "1876").pop().expect("was created");
    told.expect("pool", &format!("{pool} would be created"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn data_errors_that_are_skipped_stop_nothing() -> Outcome {
    let stack = start(options().set("ON_INVALID_USER", "skip"), "1876", 12).await?;
    add_bad_user(&stack)?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "data errors",
        "the run would skip these users (ON_INVALID_USER, MAX_SKIPPED_PERCENT)",
    );
    assert_eq!(told.import(), [12, 0, 0, 0, 0]);
    assert_did(&enable(&stack, "1876").await?, &told);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_organization_and_pool_are_used_and_the_pools_users_are_left_alone() -> Outcome {
    let stack = stack_with("1876", 4).await?;
    let pool = json!({"id": "old", "name": "Old", "workspace_id": "1876", "authentication_mechanisms": ["password"],
        "preferred_authentication_mechanism": "password", "identifier_case_insensitive": true,
        "payload_schema_id": stack.handler().settings()["SECUREAUTH_PAYLOAD_SCHEMA_ID"]});
    let name = UserRow::sample("1876", 2).user_name.unwrap_or_default().to_uppercase();
    let user = json!({"user_pool_id": "old", "status": "active", "identifiers": [{"identifier": name, "type": "uid"}]});
    let seed = Seed::default().organization(&organization(&json!({}))).pool(&pool);
    stack.simulator().seed(seed.user(&user))?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "organization",
        "1876 exists below invoice-cloud, deactivated, would be activated, without marker",
    );
    told.expect(
        "pool",
        "old exists, without marker, would keep other settings: authentication_mechanisms",
    );
    told.expect("provider", "exists");
    assert_eq!(told.import(), [3, 0, 0, 0, 0, 1]);
    assert_did(&enable(&stack, "1876").await?, &told);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_active_biller_is_synced_as_its_plan_says() -> Outcome {
    let stack = start(options().set("USERS_PER_PAGE", "100"), "1876", 250).await?;
    enable(&stack, "1876").await?;
    stack
        .crm()
        .add_users("1876", &[UserRow::sample("1876", 260), UserRow::sample("1876", 261)])?;
    let mut renamed = UserRow::sample("1876", 2);
    renamed.last_name = Some("Renamed".into());
    assert_eq!(stack.crm().replace_user("1876", &renamed)?, 1);
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect("run", "sync would start");
    told.expect(
        "organization",
        "1876 exists below invoice-cloud, live, with the marker of an earlier run",
    );
    let pool = pools_of(&stack, "1876").pop().expect("was created");
    let stands = format!("{pool} exists, with the marker of an earlier run, with the settings of a new pool");
    told.expect("pool", &stands);
    assert_eq!(told.import(), [2, 1, 0, 0, 249]);
    assert_did(&enable(&stack, "1876").await?, &told);
    assert_eq!(plan(&stack, "1876").await?.import(), [0, 0, 0, 0, 252]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_inactive_and_has_a_data_error_loses_access_as_the_plan_says() -> Outcome {
    let stack = stack_with("1876", 4).await?;
    enable(&stack, "1876").await?;
    let shared = UserRow {
        user_name: UserRow::sample("1876", 3).user_name,
        status: Some("inactive".into()),
        ..UserRow::sample("1876", 2)
    };
    assert_eq!(stack.crm().replace_user("1876", &shared)?, 1);
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    let guid = shared.user_guid.unwrap_or_default();
    told.expect(
        "user",
        &format!("{guid} deactivated: no access, although the row has a data error"),
    );
    assert_eq!(told.import()[2], 1);
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.deactivated), ("succeeded", 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_with_open_accounts_are_said_to_be_read_first() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "1ms,1ms"), "1876", 4).await?;
    enable(&stack, "1876").await?;
    let renamed = UserRow {
        last_name: Some("Renamed".into()),
        ..UserRow::sample("1876", 2)
    };
    assert_eq!(stack.crm().replace_user("1876", &renamed)?, 1);
    let faults = stack.simulator().faults();
    faults.add(Fault::on("update_user", refusal(500, false)));
    assert_eq!(enable(&stack, "1876").await?.state, "failed");
    faults.clear();
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect("user", &format!("{} read first", renamed.user_guid.unwrap_or_default()));
    assert_eq!(told.import(), [0, 0, 0, 0, 3, 1]);
    assert_eq!(enable(&stack, "1876").await?.changed, 1);
    Ok(())
}
