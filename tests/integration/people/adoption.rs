//! Found pools beside data errors, and adoption that is switched on and off: nobody keeps access unreported.

use local_stack::{Stack, StackOptions, UserRow};
use secureauth_simulator::{Fault, Seed};
use serde_json::json;

use super::found_pools::{by_hand, not_adopted, status_of};
use super::{
    BILLER, assert_counters_add_up_exactly, assert_synced, guid_of, issues, name_of, remove, replace, sample,
    set_status, user,
};
use crate::support::{Outcome, enable, options, refusal, start};

/// Up to half of the people may have data errors.
fn skipping() -> StackOptions {
    options()
        .set("ON_INVALID_USER", "skip")
        .set("MAX_SKIPPED_PERCENT", "50")
}

/// Number 5 has no valid e-mail address, and is left out.
async fn with_a_data_error() -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = start(skipping(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    replace(&stack, &without_address(5))?;
    Ok(stack)
}

fn without_address(number: u32) -> UserRow {
    UserRow {
        email: Some("no address".into()),
        ..sample(number)
    }
}

fn no_address(number: u32) -> (String, String, String) {
    (guid_of(&sample(number)), "email".to_owned(), "invalid".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_deleted_is_reported_beside_data_errors_and_adopted_once_they_are_corrected() -> Outcome {
    let mut stack = with_a_data_error().await?;
    set_status(&stack, 2, "deleted")?;
    let mut expected = vec![not_adopted(2), no_address(5)];
    expected.sort();
    for _ in 0..2 {
        assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
        assert_eq!(issues(&stack)?, expected);
        assert_eq!(status_of(&stack, "theirs-2"), "active");
    }
    replace(&stack, &sample(5))?;
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.deactivated, issues(&stack)?), (1, Vec::new()));
    assert_eq!(status_of(&stack, "theirs-2"), "inactive");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_inactive_and_has_a_data_error_is_reported_until_it_is_corrected() -> Outcome {
    let mut stack = with_a_data_error().await?;
    replace(&stack, &sample(5))?;
    let inactive = UserRow {
        status: Some("inactive".into()),
        ..without_address(1)
    };
    replace(&stack, &inactive)?;
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
    let mut expected = vec![not_adopted(1), no_address(1)];
    expected.sort();
    assert_eq!(issues(&stack)?, expected);
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    replace(&stack, &sample(1))?;
    set_status(&stack, 1, "inactive")?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.deactivated, issues(&stack)?), (1, Vec::new()));
    assert_eq!(status_of(&stack, "theirs-1"), "inactive");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_adoption_that_is_switched_off_again_stops_no_later_sync() -> Outcome {
    let mut stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 3);
    set_status(&stack, 1, "inactive")?;
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    let fails = Fault::on("update_user", refusal(500, false)).path("theirs-1");
    stack.simulator().faults().add(fails);
    assert_eq!(enable(&stack, BILLER).await?.state, "failed");
    stack.simulator().faults().clear();
    stack.deploy("ADOPT_EXISTING_USERS", "false").await?;
    assert_synced(&enable(&stack, BILLER).await?);
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(issues(&stack)?, [not_adopted(1)]);
    assert_eq!(status_of(&stack, "theirs-1"), "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counters_add_up_whatever_the_crm_says_of_the_people_of_a_found_pool() -> Outcome {
    let mut stack = start(skipping(), BILLER, 9).await?;
    by_hand(&stack, &[1, 2, 3, 4, 5])?;
    set_status(&stack, 1, "inactive")?;
    set_status(&stack, 2, "deleted")?;
    let wrong = |number, status: &str| UserRow {
        email: Some("no address".into()),
        status: Some(status.into()),
        ..sample(number)
    };
    replace(&stack, &wrong(4, "active"))?;
    replace(&stack, &wrong(8, "inactive"))?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.imported, run.linked), ("succeeded", 3, 3));
    assert_counters_add_up_exactly(&stack, &run)?;
    // A leaver, one without access, one barred, and everybody of the pool adopted.
    remove(&stack, 6)?;
    set_status(&stack, 7, "inactive")?;
    replace(&stack, &wrong(9, "inactive"))?;
    stack.crm().add_users(BILLER, &[sample(10)])?;
    for adopts in ["false", "true", "true"] {
        stack.deploy("ADOPT_EXISTING_USERS", adopts).await?;
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_counters_add_up_exactly(&stack, &run)?;
    }
    assert_eq!(status_of(&stack, "theirs-1"), "inactive");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_user_whom_somebody_gave_another_name_and_address_is_linked_to_nobody() -> Outcome {
    for adopts in ["false", "true"] {
        let stack = start(options().set("ADOPT_EXISTING_USERS", adopts), BILLER, 5).await?;
        by_hand(&stack, &[1, 2])?;
        assert_eq!(enable(&stack, BILLER).await?.imported, 3);
        let id = stack.database().accounts(BILLER)?[&guid_of(&sample(4))].user_id.clone();
        assert!(stack.simulator().remove_user("theirs", &id), "{id}");
        let renamed = json!({"id": id, "user_pool_id": "theirs", "status": "active", "payload": {"last_name": "Own"},
            "identifiers": [{"identifier": name_of(&sample(41)), "type": "uid"}]});
        stack.simulator().seed(Seed::default().user(&renamed))?;
        stack.crm().add_users(BILLER, &[sample(41)])?;
        // The second time the pool's list is read again, because somebody was added to it.
        for number in [6, 7] {
            let run = enable(&stack, BILLER).await?;
            assert_synced(&run);
            let held = (guid_of(&sample(41)), "user_name".to_owned(), "held".to_owned());
            assert_eq!((run.imported, issues(&stack)?), (0, vec![held]), "{adopts} {number}");
            assert!(!stack.database().accounts(BILLER)?.contains_key(&guid_of(&sample(41))));
            let shown = user(&stack, &name_of(&sample(41))).expect("is there");
            assert_eq!(shown.payload["last_name"], "Own", "{adopts} {number}");
            let another = json!({"id": format!("theirs-{number}"), "user_pool_id": "theirs", "status": "active"});
            stack.simulator().seed(Seed::default().user(&another))?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_inactive_and_does_not_fit_the_schema_of_the_pool_is_reported() -> Outcome {
    let stack = start(skipping(), BILLER, 5).await?;
    let schema = json!({"id": "picky", "name": "Picky", "schema": {"type": "object", "properties": {
        "first_name": {"type": "string", "not": {"const": sample(1).first_name}},
        "last_name": {"type": "string"}, "user_name": {"type": "string"}}}});
    let organization = json!({"id": BILLER, "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": BILLER, "payload_schema_id": "picky"});
    let user = json!({"id": "theirs-1", "user_pool_id": "theirs", "status": "active",
        "identifiers": [{"identifier": name_of(&sample(1)), "type": "uid"}]});
    let seed = Seed {
        schemas: schema.as_object().cloned().into_iter().collect(),
        ..Seed::default()
    };
    let seed = seed.organization(&organization).pool(&pool).user(&user);
    stack.simulator().seed(seed)?;
    set_status(&stack, 1, "inactive")?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.skipped), ("succeeded", 1));
    assert!(issues(&stack)?.contains(&not_adopted(1)), "{:?}", issues(&stack)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_deleted_is_adopted_unless_a_row_with_a_data_error_may_have_the_user_name() -> Outcome {
    for has_a_row_without_guid in [false, true] {
        let mut stack = with_a_data_error().await?;
        set_status(&stack, 1, "deleted")?;
        set_status(&stack, 2, "deleted")?;
        let namesake = UserRow {
            user_name: sample(1).user_name,
            ..without_address(5)
        };
        replace(&stack, &namesake)?;
        let mut expected = vec![not_adopted(1), no_address(5)];
        if has_a_row_without_guid {
            let unnamed = UserRow {
                user_guid: None,
                ..sample(40)
            };
            stack.crm().add_users(BILLER, &[unnamed])?;
            expected.push(not_adopted(2));
            expected.push((String::new(), "user_guid".to_owned(), "missing".to_owned()));
        }
        expected.sort();
        stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
        let run = enable(&stack, BILLER).await?;
        let adopted = u64::from(!has_a_row_without_guid);
        assert_eq!((run.state.as_str(), run.deactivated), ("succeeded", adopted));
        let mut found = issues(&stack)?;
        found.sort();
        assert_eq!(found, expected);
        let shown = if has_a_row_without_guid { "active" } else { "inactive" };
        assert_eq!(
            [1, 2].map(|number| status_of(&stack, &format!("theirs-{number}"))),
            ["active", shown]
        );
    }
    Ok(())
}
