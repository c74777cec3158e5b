//! Users that change, or that somebody else adds or changes, while a run is under way.

use local_stack::{Stack, UserRow};
use reqwest::Method;
use secureauth_simulator::{Fault, Seed};
use serde_json::json;

use crate::support::{
    IMPORT, Outcome, SomebodyElse, calls_of, enable, enable_until_it_waits, options, patient, refusal, resume, start,
    users_in_secureauth,
};

fn renamed(number: u32) -> UserRow {
    UserRow {
        last_name: Some("Renamed".into()),
        ..UserRow::sample("1876", number)
    }
}

fn last_names(stack: &Stack, name: &str) -> usize {
    let users = users_in_secureauth(stack, "1876");
    users.iter().filter(|user| user.payload["last_name"] == name).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_renamed_between_an_import_and_its_replay_is_renamed_by_the_next_sync() -> Outcome {
    let stack = start(patient(), "1876", 3).await?;
    stack.simulator().faults().add(Fault::on(IMPORT, refusal(500, true)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    assert_eq!(stack.crm().replace_user("1876", &renamed(2))?, 1);
    assert_eq!(resume(&stack, &run).await?.state, "succeeded");
    let sync = enable(&stack, "1876").await?;
    assert_eq!((sync.kind.as_str(), sync.state.as_str()), ("sync", "succeeded"));
    assert_eq!(last_names(&stack, "Renamed"), 1, "SecureAuth has the new name");
    let again = enable(&stack, "1876").await?;
    assert_eq!(
        (again.imported, again.already_present),
        (0, 3),
        "and nothing is left to do"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_somebody_else_changed_meanwhile_is_read_again_within_the_step() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "1h"), "1876", 3).await?;
    enable(&stack, "1876").await?;
    stack.crm().replace_user("1876", &renamed(2))?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_user", refusal(412, false)).nth(1));
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(last_names(&stack, "Renamed"), 1);
    assert_eq!(calls_of(&stack, "update_user").len(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_somebody_else_that_a_lagging_list_does_not_show_is_linked() -> Outcome {
    let stack = start(options(), "1876", 4).await?;
    let organization = json!({"id": "1876", "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": "1876", "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658"});
    stack
        .simulator()
        .seed(Seed::default().organization(&organization).pool(&pool))?;
    stack.simulator().set_switch("users-list-lag-ms", "3600000")?;
    let name = UserRow::sample("1876", 3).user_name.unwrap_or_default().to_uppercase();
    let user = json!({"id": "theirs-1", "status": "active", "payload": {"user_name": name},
        "identifiers": [{"identifier": name, "type": "uid"}]});
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    somebody
        .identity(Method::POST, "system/pools/theirs/users", &user)
        .await?;
    let before = users_in_secureauth(&stack, "1876");
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.imported, run.linked, run.failed),
        ("succeeded", 3, 1, 0)
    );
    let after = users_in_secureauth(&stack, "1876");
    assert_eq!(
        stack
            .database()
            .accounts("1876")?
            .values()
            .filter(|account| account.origin == "linked")
            .count(),
        1
    );
    assert_eq!(after.len(), 4);
    assert!(
        before.iter().all(|user| after.contains(user)),
        "somebody else's user is unchanged"
    );
    let again = enable(&stack, "1876").await?;
    assert_eq!(
        (again.state.as_str(), again.imported, again.linked),
        ("succeeded", 0, 1)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_linked_to_a_user_that_somebody_deletes_is_imported_by_the_next_sync() -> Outcome {
    let stack = start(options().set("VERIFY", "full"), "1876", 4).await?;
    let organization = json!({"id": "1876", "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": "1876", "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658"});
    let name = UserRow::sample("1876", 3).user_name;
    let user = json!({"id": "theirs-1", "user_pool_id": "theirs", "status": "active",
        "identifiers": [{"identifier": name, "type": "uid"}]});
    let seed = Seed::default().organization(&organization).pool(&pool);
    stack.simulator().seed(seed.user(&user))?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported, run.linked), ("succeeded", 3, 1));
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let path = "system/pools/theirs/users/theirs-1";
    somebody
        .identity(Method::DELETE, path, &serde_json::Value::Null)
        .await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.kind.as_str(), run.state.as_str(), run.imported, run.linked),
        ("sync", "succeeded", 1, 0)
    );
    Ok(())
}
