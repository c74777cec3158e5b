//! A first enable that adopted the people of a found pool, and failed: the next one knows them, although the biller has no pool yet.

use local_stack::{Stack, StackOptions, UserRow};
use reqwest::Method;
use secureauth_simulator::{Fault, Seed};
use serde_json::{Value, json};

use super::found_pools::{by_hand, status_of};
use super::{BILLER, assert_counters_add_up_exactly, guid_of, issues, remove, sample};
use crate::support::{Outcome, SomebodyElse, enable, entries, options, refusal, start, status, users_in_secureauth};

/// Eight people are adopted; then SecureAuth refuses to activate the organization.
async fn after_a_failed_adoption(options: StackOptions) -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = start(options.set("ADOPT_EXISTING_USERS", "true"), BILLER, 8).await?;
    by_hand(&stack, &[1, 2, 3, 4, 5, 6, 7, 8])?;
    fails(&stack).await?;
    Ok(stack)
}

/// SecureAuth refuses to activate the organization.
async fn fails(stack: &Stack) -> Outcome {
    let refused = Fault::on("update_organization", refusal(422, false));
    stack.simulator().faults().add(refused.nth(1));
    let run = enable(stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("enable", "failed"));
    assert_eq!(
        stack.database().biller(BILLER)?.and_then(|it| it.identity_pool_id),
        None
    );
    Ok(())
}

/// Somebody deletes the pool that the run found.
async fn delete_pool(stack: &Stack) -> Outcome {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    let path = "system/pools/theirs?with_idp=true";
    somebody.identity(Method::DELETE, path, &Value::Null).await
}

/// Somebody makes another pool, with these people in it.
fn another_pool(stack: &Stack, numbers: &[u32]) -> Outcome {
    let pool = json!({"id": "another", "name": "Another", "workspace_id": BILLER, "identifier_case_insensitive": true,
        "payload_schema_id": "5d5ced58793b41178123b2d1cc5fb658"});
    let mut seed = Seed::default().pool(&pool);
    for number in numbers {
        let name = sample(*number).user_name;
        seed = seed.user(
            &json!({"id": format!("another-{number}"), "user_pool_id": "another", "status": "active",
            "payload": {"user_name": name}, "identifiers": [{"identifier": name, "type": "uid"}]}),
        );
    }
    Ok(stack.simulator().seed(seed)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_counts_adopted_people_before_the_first_write() -> Outcome {
    let stack = after_a_failed_adoption(options()).await?;
    for number in 1..=7 {
        remove(&stack, number)?;
    }
    let before = users_in_secureauth(&stack, BILLER);
    let run = enable(&stack, BILLER).await?;
    assert_eq!(
        (run.kind.as_str(), run.state.as_str(), run.reason.as_deref()),
        ("enable", "failed", Some("too_many_leavers"))
    );
    let shown = status(&stack, BILLER).await?;
    let cause = shown.text_at("/onboarding/firstCause/cause");
    assert!(cause.starts_with("of 8 users with access 7 would lose it"), "{cause}");
    assert!(entries(&stack, &run, "organization_found")?.is_empty());
    assert_eq!(users_in_secureauth(&stack, BILLER), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_adopted_people_may_leave_as_the_percentage_allows() -> Outcome {
    let stack = after_a_failed_adoption(options().set("MAX_LEAVERS_PERCENT", "100")).await?;
    for number in 1..=7 {
        remove(&stack, number)?;
    }
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.deactivated), ("succeeded", 7));
    super::assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_person_with_a_new_guid_keeps_the_account() -> Outcome {
    let stack = after_a_failed_adoption(options()).await?;
    remove(&stack, 2)?;
    let rekeyed = UserRow {
        user_guid: sample(40).user_guid,
        ..sample(2)
    };
    stack.crm().add_users(BILLER, &[rekeyed])?;
    let run = enable(&stack, BILLER).await?;
    assert_eq!(
        (run.state.as_str(), run.imported, run.deactivated, issues(&stack)?),
        ("succeeded", 0, 0, Vec::new())
    );
    let accounts = stack.database().accounts(BILLER)?;
    assert_eq!(accounts[&guid_of(&sample(40))].user_id, "theirs-2");
    assert_eq!(status_of(&stack, "theirs-2"), "active");
    super::assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_linked_to_a_user_of_a_pool_that_somebody_deleted() -> Outcome {
    for (there, imported, linked) in [(None, 5, 0), (Some([1, 2]), 3, 2)] {
        let stack = start(options(), BILLER, 5).await?;
        by_hand(&stack, &[1, 2, 3])?;
        fails(&stack).await?;
        delete_pool(&stack).await?;
        if let Some(people) = there {
            another_pool(&stack, &people)?;
        }
        let run = enable(&stack, BILLER).await?;
        assert_eq!(run.state, "succeeded");
        assert_eq!((run.imported, run.linked), (imported, linked));
        assert_counters_add_up_exactly(&stack, &run)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_does_not_count_people_of_a_pool_that_somebody_deleted() -> Outcome {
    let stack = after_a_failed_adoption(options()).await?;
    for number in 1..=7 {
        remove(&stack, number)?;
    }
    delete_pool(&stack).await?;
    let plan = stack.handler().run(&["plan", BILLER]).await?;
    assert!(!plan.contains("too_many_leavers"), "{plan}");
    let run = enable(&stack, BILLER).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 1));
    Ok(())
}
