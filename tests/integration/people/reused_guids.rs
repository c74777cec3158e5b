//! A CRM that gives the old GUID of somebody to another person, whose user somebody deletes by hand: an import under the id of that GUID
//! would replace the user of the first one.

use local_stack::{RunRecord, Stack};

use super::found_pools::by_hand;
use super::rekeyed::rekey;
use super::{
    BILLER, assert_counters_add_up_exactly, assert_synced, enrolled, everybody_enrolls, guid_of, issues, name_of,
    sample, user,
};
use crate::support::{Outcome, enable, options, pools_of, stack_with, start};

/// Deletes the user of number `of` by hand.
fn delete(stack: &Stack, of: u32) {
    let pool = pools_of(stack, BILLER).pop().unwrap_or_default();
    let id = user(stack, &name_of(&sample(of))).expect("is there").id;
    assert!(stack.simulator().remove_user(&pool, &id), "{id}");
}

/// Number 2 became number 41, who keeps the user.
fn assert_reported(stack: &Stack, run: &RunRecord, linked: u64) -> Outcome {
    assert_synced(run);
    assert_eq!((run.imported, run.linked, run.skipped), (0, linked, 1));
    let (taker, field) = (guid_of(&sample(2)), "user_guid".to_owned());
    assert_eq!(issues(stack)?, [(taker, field, "held".to_owned())]);
    assert_counters_add_up_exactly(stack, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_imported_is_reported_and_the_other_keeps_the_credential() -> Outcome {
    let stack = stack_with(BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    rekey(&stack, 2, 41)?;
    stack.crm().add_users(BILLER, &[sample(42)])?;
    assert_synced(&enable(&stack, BILLER).await?);
    rekey(&stack, 42, 2)?;
    assert_synced(&enable(&stack, BILLER).await?);
    assert_eq!(everybody_enrolls(&stack), 5);
    delete(&stack, 42);
    for _ in 0..2 {
        assert_reported(&stack, &enable(&stack, BILLER).await?, 0)?;
        assert_eq!(enrolled(&stack), 4);
    }
    let shown = user(&stack, &name_of(&sample(2))).expect("is there");
    assert_eq!(
        stack.database().accounts(BILLER)?[&guid_of(&sample(41))].user_id,
        shown.id
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_linked_is_reported_and_linked_no_more() -> Outcome {
    let stack = start(options(), BILLER, 4).await?;
    by_hand(&stack, &[1, 3])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 2);
    rekey(&stack, 2, 41)?;
    assert_synced(&enable(&stack, BILLER).await?);
    rekey(&stack, 1, 2)?;
    assert_synced(&enable(&stack, BILLER).await?);
    delete(&stack, 1);
    assert_eq!(everybody_enrolls(&stack), 3);
    for _ in 0..2 {
        assert_reported(&stack, &enable(&stack, BILLER).await?, 1)?;
        assert_eq!(enrolled(&stack), 3);
    }
    Ok(())
}
