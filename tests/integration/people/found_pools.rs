//! Pools that stood before: their users are linked, reported where the CRM gives them no access, and adopted on request.

use local_stack::{Stack, UserRow};
use secureauth_simulator::{Fault, FaultKind, Seed};
use serde_json::json;

use super::{BILLER, assert_synced, guid_of, issues, name_of, remove, sample, set_status};
use crate::support::{
    Outcome, SomebodyElse, enable, enable_until_it_waits_or_ends, options, patient, pools_of, refusal, resume, start,
    status, users_in_secureauth,
};

/// A pool that somebody made by hand, with users of the CRM in it.
pub(super) fn by_hand(stack: &Stack, numbers: &[u32]) -> Outcome {
    let organization = json!({"id": BILLER, "name": "Old", "parent_id": "invoice-cloud", "deactivated": true});
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": BILLER, "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658"});
    let mut seed = Seed::default().organization(&organization).pool(&pool);
    for number in numbers {
        let row = sample(*number);
        let address = json!({"address": row.email, "type": "email", "verified": false, "status": "active"});
        let user = json!({"id": format!("theirs-{number}"), "user_pool_id": "theirs", "status": "active",
            "payload": {"user_name": row.user_name}, "verifiable_addresses": [address],
            "identifiers": [{"identifier": row.user_name, "type": "uid"}]});
        seed = seed.user(&user);
    }
    stack.simulator().seed(seed)?;
    Ok(())
}

pub(super) fn status_of(stack: &Stack, id: &str) -> String {
    let mut users = users_in_secureauth(stack, BILLER).into_iter();
    users
        .find(|user| user.id == id)
        .map(|user| user.status)
        .unwrap_or_default()
}

pub(super) fn not_adopted(number: u32) -> (String, String, String) {
    (guid_of(&sample(number)), "status".to_owned(), "not_adopted".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_crm_gives_no_access_is_reported_each_time_until_adopted() -> Outcome {
    let stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3, 77, 78])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.imported, run.linked), ("succeeded", 2, 3));
    let told = stack.handler().run(&["status", BILLER]).await?;
    assert!(
        told.contains("others        2 users of the pool have no row in the CRM"),
        "{told}"
    );
    set_status(&stack, 1, "inactive")?;
    remove(&stack, 2)?;
    for _ in 0..2 {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.linked, run.deactivated, run.skipped), (2, 0, 0));
        let mut expected = vec![not_adopted(1), not_adopted(2)];
        expected.sort();
        assert_eq!(issues(&stack)?, expected);
    }
    assert_eq!(
        [1, 2, 3].map(|number| status_of(&stack, &format!("theirs-{number}"))),
        ["active"; 3]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_users_are_brought_in_line_and_never_deleted() -> Outcome {
    let stack = start(options().set("ADOPT_EXISTING_USERS", "true"), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    let run = enable(&stack, BILLER).await?;
    // Who is adopted is not left alone, and so not counted as linked.
    assert_eq!((run.state.as_str(), run.imported, run.linked), ("succeeded", 2, 0));
    set_status(&stack, 1, "inactive")?;
    remove(&stack, 2)?;
    let row = UserRow {
        last_name: Some("Renamed".into()),
        ..sample(3)
    };
    super::replace(&stack, &row)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.linked, run.deactivated, issues(&stack)?), (0, 2, Vec::new()));
    assert_eq!(
        [1, 2, 3].map(|number| status_of(&stack, &format!("theirs-{number}"))),
        ["inactive", "inactive", "active"]
    );
    super::assert_true_to_the_crm(&stack)?;
    let ids: Vec<_> = users_in_secureauth(&stack, BILLER)
        .into_iter()
        .map(|user| user.id)
        .collect();
    assert!(
        ["theirs-1", "theirs-2", "theirs-3"]
            .iter()
            .all(|id| ids.contains(&(*id).to_owned()))
    );
    assert!(super::user(&stack, &name_of(&sample(4))).is_some());
    Ok(())
}

/// Number 41, who has the user name of another one.
fn namesake_of(number: u32) -> UserRow {
    UserRow {
        user_name: sample(number).user_name,
        ..sample(41)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_leaver_keeps_no_access_when_a_joiner_gets_the_user_name() -> Outcome {
    let stack = start(options().set("ADOPT_EXISTING_USERS", "true"), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
    remove(&stack, 2)?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    stack.crm().add_users(BILLER, &[namesake_of(2)])?;
    for imported in [1, 0] {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.linked, issues(&stack)?), (imported, 0, Vec::new()));
        assert_eq!(status_of(&stack, "theirs-2"), "inactive");
        super::assert_true_to_the_crm(&stack)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_linked_to_somebody_is_not_linked_to_a_second_person() -> Outcome {
    let stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 3);
    remove(&stack, 2)?;
    stack.crm().add_users(BILLER, &[namesake_of(2)])?;
    let held = (guid_of(&sample(41)), "user_name".to_owned(), "held".to_owned());
    let mut expected = vec![not_adopted(2), held];
    expected.sort();
    // The second time the pool's list is read again, because somebody was added to it.
    for is_listed in [false, true] {
        if is_listed {
            add_by_hand(&stack).await?;
        }
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.linked, run.skipped), (0, 2, 1));
        assert_eq!(issues(&stack)?, expected);
        let view = status(&stack, BILLER).await?;
        let issues = view.json["onboarding"]["issues"].as_array().into_iter().flatten();
        let held_by: Vec<_> = issues.filter_map(|issue| issue["heldBy"].as_str()).collect();
        assert_eq!(held_by, [guid_of(&sample(2))]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_people_with_two_names_of_one_user_only_one_is_linked() -> Outcome {
    let stack = start(
        options().set("USERS_PER_PAGE", "1").set("ON_INVALID_USER", "skip"),
        BILLER,
        20,
    )
    .await?;
    by_hand(&stack, &[1])?;
    let somebody = SomebodyElse::in_secureauth_of(&stack).await?;
    let path = "system/pools/theirs/users/theirs-1/identifiers/add";
    let second_name = json!({"identifier": sample(1).email, "type": "uid"});
    somebody.identity(reqwest::Method::POST, path, &second_name).await?;
    let second = UserRow {
        user_name: sample(1).email,
        ..sample(41)
    };
    stack.crm().add_users(BILLER, &[second])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.linked, run.skipped), ("succeeded", 1, 1));
    let issues = issues(&stack)?;
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].2, "held");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_deleted_when_the_pool_is_found_is_reported_until_adopted() -> Outcome {
    let stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    set_status(&stack, 1, "inactive")?;
    set_status(&stack, 2, "deleted")?;
    let mut expected = vec![not_adopted(1), not_adopted(2)];
    expected.sort();
    for linked in [2, 2] {
        let run = enable(&stack, BILLER).await?;
        assert_eq!(
            (run.state.as_str(), run.linked, run.deactivated),
            ("succeeded", linked, 0)
        );
        assert_eq!(issues(&stack)?, expected);
        let told = status(&stack, BILLER).await?;
        assert_eq!(told.json["onboarding"]["issuesTotal"], 2);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_crm_gives_no_access_loses_it_in_the_run_that_adopts() -> Outcome {
    let stack = start(options().set("ADOPT_EXISTING_USERS", "true"), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    set_status(&stack, 1, "inactive")?;
    set_status(&stack, 2, "deleted")?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.linked, run.deactivated), ("succeeded", 0, 2));
    assert_eq!(issues(&stack)?, Vec::new());
    super::assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_row_does_not_count_where_somebody_else_has_the_user_name_now() -> Outcome {
    let stack = start(options().set("ADOPT_EXISTING_USERS", "true"), BILLER, 5).await?;
    by_hand(&stack, &[1, 2])?;
    set_status(&stack, 2, "deleted")?;
    stack.crm().add_users(BILLER, &[namesake_of(2)])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!(
        (run.state.as_str(), run.deactivated, issues(&stack)?),
        ("succeeded", 0, Vec::new())
    );
    assert_eq!(status_of(&stack, "theirs-2"), "active");
    Ok(())
}

/// Number 4 gives up its user name in a run that pauses then, and number 41 joins with it before the run goes on.
async fn assert_that_a_name_which_the_run_has_freed_is_free(stack: &Stack) -> Outcome {
    let renamed = UserRow {
        user_name: Some("fourth.name".into()),
        ..sample(4)
    };
    let unlucky = UserRow {
        email: Some("other@example.com".into()),
        ..sample(5)
    };
    super::replace(stack, &renamed)?;
    super::replace(stack, &unlucky)?;
    add_by_hand(stack).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("add_address", refusal(503, false)));
    let waiting = enable_until_it_waits_or_ends(stack, BILLER).await?;
    assert_eq!(waiting.state, "waiting");
    let freed = super::user(stack, "fourth.name").expect("has the new name");
    assert_eq!(freed.identifiers, ["fourth.name"]);
    stack.crm().add_users(BILLER, &[namesake_of(4)])?;
    let run = resume(stack, &waiting).await?;
    assert_synced(&run);
    assert_eq!((run.imported, issues(stack)?), (1, Vec::new()));
    let joined = super::user(stack, &name_of(&sample(4))).expect("joined");
    assert_eq!(joined.payload["last_name"].as_str(), sample(41).last_name.as_deref());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_linked_under_a_name_that_the_run_itself_has_freed() -> Outcome {
    let stack = start(patient(), BILLER, 6).await?;
    by_hand(&stack, &[1, 2])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 2);
    assert_that_a_name_which_the_run_has_freed_is_free(&stack).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_the_run_itself_has_freed_is_not_held_in_a_pool_of_the_biller() -> Outcome {
    let stack = start(patient(), BILLER, 6).await?;
    assert_eq!(enable(&stack, BILLER).await?.imported, 6);
    assert_that_a_name_which_the_run_has_freed_is_free(&stack).await
}

/// Somebody adds a user whom the CRM does not know.
async fn add_by_hand(stack: &Stack) -> Outcome {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let by_hand = json!({"id": "by-hand", "status": "active",
        "identifiers": [{"identifier": "by.hand", "type": "uid"}]});
    let pool = pools_of(stack, BILLER).pop().unwrap_or_default();
    somebody
        .identity(reqwest::Method::POST, &format!("system/pools/{pool}/users"), &by_hand)
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_without_an_answer_is_looked_at_again() -> Outcome {
    let mut stack = start(options().set("RETRY_ATTEMPTS", "1"), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    enable(&stack, BILLER).await?;
    set_status(&stack, 1, "inactive")?;
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    let lost = Fault {
        path_contains: Some("theirs-1".into()),
        ..Fault::on("update_user", FaultKind::ResetBefore).nth(1)
    };
    stack.simulator().faults().add(lost);
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(status_of(&stack, "theirs-1"), "inactive");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_people_who_share_a_user_name_are_data_errors_and_not_counted_as_linked() -> Outcome {
    let stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!(run.linked, 3);
    super::assert_counters_add_up_exactly(&stack, &run)?;
    let namesake = UserRow {
        user_name: sample(1).user_name,
        ..sample(2)
    };
    super::replace(&stack, &namesake)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.linked, run.skipped, run.already_present), (1, 2, 2));
    super::assert_counters_add_up_exactly(&stack, &run)?;
    let view = status(&stack, BILLER).await?;
    assert_eq!(view.json["onboarding"]["users"]["linked"], json!([guid_of(&sample(3))]));
    Ok(())
}
