//! `plan` says who does not get a user name, a GUID or an account, and who has it; the run then says the same.

use std::collections::BTreeSet;

use local_stack::{RunRecord, Stack, UserRow};
use secureauth_simulator::Seed;
use serde_json::json;

use super::told::{Told, assert_did, organization, plan};
use crate::moves::{
    BILLER, chain_names_to_somebody_entitled, guid_of, remove, replace, sample, share_a_new_name, with_name_of,
};
use crate::support::{Outcome, SomebodyElse, enable, options, pools_of, stack_with, start, status};

/// What somebody does not get, and who has it: GUID, field and holder.
type Held = BTreeSet<(String, String, String)>;

fn told_held(told: &Told) -> Held {
    let lines = told.lines.iter().filter_map(|line| line.strip_prefix("user "));
    let held = lines.filter_map(|line| {
        let (user, what) = line.trim().split_once(" data error: ")?;
        let (field, holder) = what.split_once(" held by ")?;
        Some((user.to_owned(), field.to_owned(), holder.to_owned()))
    });
    held.collect()
}

async fn found_held(stack: &Stack) -> Result<Held, Box<dyn std::error::Error>> {
    let view = status(stack, BILLER).await?;
    let issues = view.json["onboarding"]["issues"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let held = issues.iter().filter(|issue| issue["code"] == "held");
    let text = |issue: &serde_json::Value, member: &str| issue[member].as_str().unwrap_or_default().to_owned();
    Ok(held
        .map(|issue| (text(issue, "userGuid"), text(issue, "field"), text(issue, "heldBy")))
        .collect())
}

/// Plans, then runs, and asserts that both say the same, and that so many people are held.
async fn assert_does_as_told(stack: &Stack, held: usize) -> Result<RunRecord, Box<dyn std::error::Error>> {
    let told = plan(stack, BILLER).await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    let run = enable(stack, BILLER).await?;
    assert_did(&run, &told);
    let expected = told_held(&told);
    assert_eq!(expected.len(), held, "{:#?}", told.lines);
    assert_eq!(found_held(stack).await?, expected);
    Ok(run)
}

async fn add_by_hand(stack: &Stack, id: &str, name: Option<String>) -> Outcome {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let by_hand = json!({"id": id, "status": "active", "identifiers": [{"identifier": name, "type": "uid"}]});
    let pool = pools_of(stack, BILLER).pop().unwrap_or_default();
    let path = format!("system/pools/{pool}/users");
    somebody.identity(reqwest::Method::POST, &path, &by_hand).await
}

/// An organization with a pool that holds these people.
fn seed_found_pool(stack: &Stack, numbers: &[u32]) -> Outcome {
    let pool = json!({"id": "theirs", "name": "Theirs", "workspace_id": BILLER, "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658"});
    let mut seed = Seed::default().organization(&organization(&json!({}))).pool(&pool);
    for number in numbers {
        let name = sample(*number).user_name;
        seed = seed.user(
            &json!({"id": format!("theirs-{number}"), "user_pool_id": "theirs", "status": "active",
            "identifiers": [{"identifier": name, "type": "uid"}]}),
        );
    }
    Ok(stack.simulator().seed(seed)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_names_that_ends_at_somebody_entitled() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    chain_names_to_somebody_entitled(&stack)?;
    // Number 5 is to have no access, and wants a name that is not given up.
    let inactive = UserRow {
        status: Some("inactive".into()),
        ..with_name_of(5, 1)
    };
    replace(&stack, &inactive)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 5)])?;
    let run = assert_does_as_told(&stack, 4).await?;
    assert_eq!((run.imported, run.deactivated), (0, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_somebody_whose_new_name_is_shared() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    share_a_new_name(&stack)?;
    assert_does_as_told(&stack, 1).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_somebody_without_an_account_in_a_pool_of_the_biller() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    add_by_hand(&stack, "by-hand", sample(40).user_name).await?;
    replace(&stack, &with_name_of(2, 40))?;
    // The second time the number of the pool's users is the one that the first run left.
    for _ in 0..2 {
        let run = assert_does_as_told(&stack, 1).await?;
        assert_eq!(run.changed, 0);
        stack.crm().add_users(BILLER, &[sample(43)])?;
    }
    remove(&stack, 2)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 40)])?;
    assert_does_as_told(&stack, 1).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guid_that_comes_back_after_its_person_got_another_one() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    let rekeyed = UserRow {
        user_guid: sample(40).user_guid,
        ..sample(2)
    };
    stack.crm().add_users(BILLER, &[rekeyed])?;
    assert_eq!(enable(&stack, BILLER).await?.state, "succeeded");
    let back = UserRow {
        user_guid: sample(2).user_guid,
        ..sample(41)
    };
    stack.crm().add_users(BILLER, &[back])?;
    let run = assert_does_as_told(&stack, 1).await?;
    assert_eq!((run.imported, run.skipped), (0, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_names_of_linked_people_and_of_strangers_in_a_found_pool() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    seed_found_pool(&stack, &[1, 2, 77])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 2);
    // Two movers want the names of a linked person and of a stranger, a joiner the name of somebody linked who left.
    replace(&stack, &with_name_of(3, 1))?;
    let renamed = UserRow {
        user_name: Some("first.name".into()),
        ..sample(1)
    };
    replace(&stack, &renamed)?;
    replace(&stack, &with_name_of(4, 77))?;
    remove(&stack, 2)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 2)])?;
    for _ in 0..2 {
        let run = assert_does_as_told(&stack, 3).await?;
        assert_eq!((run.changed, run.imported, run.linked), (0, 0, 1));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whose_users_somebody_deleted_by_hand() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    seed_found_pool(&stack, &[1, 2, 3])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 3);
    let imported = stack.database().accounts(BILLER)?[&guid_of(&sample(5))].user_id.clone();
    for id in ["theirs-1", "theirs-2", imported.as_str()] {
        assert!(stack.simulator().remove_user("theirs", id), "{id}");
    }
    remove(&stack, 2)?;
    // Somebody else has the user name of number 5 by now.
    add_by_hand(&stack, "by-hand", sample(5).user_name).await?;
    let run = assert_does_as_told(&stack, 0).await?;
    assert_eq!((run.imported, run.linked, run.already_present), (1, 2, 2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_deleted_user_that_a_stranger_has_in_a_pool_of_the_biller() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    let imported = stack.database().accounts(BILLER)?[&guid_of(&sample(5))].user_id.clone();
    let pool = pools_of(&stack, BILLER).pop().unwrap_or_default();
    assert!(stack.simulator().remove_user(&pool, &imported));
    add_by_hand(&stack, "by-hand", sample(5).user_name).await?;
    add_by_hand(&stack, "another", sample(77).user_name).await?;
    let run = assert_does_as_told(&stack, 1).await?;
    assert_eq!((run.imported, run.skipped, run.already_present), (0, 1, 4));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_name_of_an_imported_user_whom_somebody_renamed_in_a_found_pool() -> Outcome {
    for adopts in ["false", "true"] {
        let stack = start(options().set("ADOPT_EXISTING_USERS", adopts), BILLER, 5).await?;
        seed_found_pool(&stack, &[1, 2])?;
        assert_eq!(enable(&stack, BILLER).await?.imported, 3);
        let id = stack.database().accounts(BILLER)?[&guid_of(&sample(4))].user_id.clone();
        assert!(stack.simulator().remove_user("theirs", &id), "{id}");
        add_by_hand(&stack, &id, sample(41).user_name).await?;
        stack.crm().add_users(BILLER, &[sample(41)])?;
        assert_eq!(assert_does_as_told(&stack, 1).await?.imported, 0, "{adopts}");
    }
    Ok(())
}
