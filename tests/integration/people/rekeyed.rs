//! A CRM that gives new GUIDs to people: they stay the same people, whatever the moment, also those whom a found pool held before, before
//! and while they are adopted.

use local_stack::{Stack, UserRow};
use secureauth_simulator::Seed;
use serde_json::json;

use super::found_pools::{by_hand, status_of};
use super::guard::sync_while;
use super::{
    BILLER, assert_counters_add_up_exactly, assert_synced, assert_true_to_the_crm, enrolled, everybody_enrolls,
    guid_of, issues, remove, replace, sample,
};
use crate::support::{Outcome, enable, options, stack_with, start, users_in_secureauth};

/// Three of five people are linked. The CRM has another address of number 3 than the pool.
async fn with_linked_people() -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    let moved = UserRow {
        email: Some("moved@example.com".into()),
        ..sample(3)
    };
    replace(&stack, &moved)?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 3);
    Ok(stack)
}

/// Number `old` gets the GUID of number `new`.
pub(super) fn rekey(stack: &Stack, old: u32, new: u32) -> Outcome {
    let mut rows = stack.crm().users(BILLER)?.into_iter();
    let row = rows
        .find(|row| row.user_guid == sample(old).user_guid)
        .expect("is there");
    remove(stack, old)?;
    let rekeyed = UserRow {
        user_guid: sample(new).user_guid,
        ..row
    };
    Ok(stack.crm().add_users(BILLER, &[rekeyed])?)
}

fn addresses_of(stack: &Stack, id: &str) -> Vec<String> {
    let users = users_in_secureauth(stack, BILLER).into_iter();
    let addresses = users.filter(|user| user.id == id).flat_map(|user| user.addresses);
    addresses.map(|it| it.address).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_people_with_new_guids_stay_linked_and_are_adopted_later() -> Outcome {
    let mut stack = with_linked_people().await?;
    assert_eq!(everybody_enrolls(&stack), 5);
    for (old, new) in [(1, 41), (2, 42), (3, 43)] {
        rekey(&stack, old, new)?;
    }
    for _ in 0..2 {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.linked, run.imported, issues(&stack)?), (3, 0, Vec::new()));
        assert_counters_add_up_exactly(&stack, &run)?;
    }
    let accounts = stack.database().accounts(BILLER)?;
    assert_eq!(accounts[&guid_of(&sample(42))].user_id, "theirs-2");
    assert!(!addresses_of(&stack, "theirs-3").contains(&"moved@example.com".to_owned()));
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    assert_synced(&enable(&stack, BILLER).await?);
    assert_eq!(issues(&stack)?, []);
    assert!(
        addresses_of(&stack, "theirs-3").contains(&"moved@example.com".to_owned()),
        "an adoption sends what differs"
    );
    assert_eq!(enrolled(&stack), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_people_get_their_new_guids_also_in_the_run_that_adopts_them() -> Outcome {
    let mut stack = with_linked_people().await?;
    rekey(&stack, 2, 42)?;
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated, issues(&stack)?), (0, 0, Vec::new()));
    assert_eq!(
        stack.database().accounts(BILLER)?[&guid_of(&sample(42))].user_id,
        "theirs-2"
    );
    assert_eq!(status_of(&stack, "theirs-2"), "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_leaver_who_comes_back_gets_the_address_that_the_crm_has() -> Outcome {
    let mut stack = with_linked_people().await?;
    let row = UserRow {
        email: Some("moved@example.com".into()),
        ..sample(3)
    };
    remove(&stack, 3)?;
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    stack.crm().add_users(BILLER, &[row])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(run.reactivated, 1);
    assert!(addresses_of(&stack, "theirs-3").contains(&"moved@example.com".to_owned()));
    Ok(())
}

/// An administrator gives the user of somebody linked the user name that the CRM has now.
fn rename_by_hand(stack: &Stack, number: u32, row: &UserRow) -> Outcome {
    let id = format!("theirs-{number}");
    assert!(stack.simulator().remove_user("theirs", &id));
    let renamed = json!({"id": id, "user_pool_id": "theirs", "status": "active", "payload": {"user_name": row.user_name},
        "identifiers": [{"identifier": row.user_name, "type": "uid"}]});
    Ok(stack.simulator().seed(Seed::default().user(&renamed))?)
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_imported_under_the_old_name_of_somebody_linked_stays_the_same_person() -> Outcome {
    const JOINER: u32 = 50;
    for (linked, address) in [(1, None), (60, None), (1, Some("no address")), (60, Some("no address"))] {
        let stack = start(options(), BILLER, 5).await?;
        if linked > 5 {
            stack.crm().add_users(BILLER, &[sample(linked)])?;
        }
        by_hand(&stack, &[linked])?;
        assert_eq!(enable(&stack, BILLER).await?.linked, 1);
        let renamed = UserRow {
            user_name: Some("robert".into()),
            ..sample(linked)
        };
        rename_by_hand(&stack, linked, &renamed)?;
        let email = address.map(str::to_owned).or_else(|| renamed.email.clone());
        replace(&stack, &UserRow { email, ..renamed })?;
        let joiner = UserRow {
            user_name: sample(linked).user_name,
            ..sample(JOINER)
        };
        stack.crm().add_users(BILLER, &[joiner])?;
        assert_eq!(enable(&stack, BILLER).await?.imported, 1);
        let before = stack.database().accounts(BILLER)?[&guid_of(&sample(JOINER))].clone();
        rekey(&stack, JOINER, 70)?;
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.deactivated), (0, 0), "{linked} {address:?}");
        let accounts = stack.database().accounts(BILLER)?;
        assert_eq!(accounts[&guid_of(&sample(70))].user_id, before.user_id);
    }
    Ok(())
}

/// Number `old` gets the GUID of number `new` after the check of a sync. Its user loses access in that sync, and has it back after the next.
async fn assert_keeps_the_credential_when_rekeyed_after_the_check(stack: &Stack, old: u32, new: u32) -> Outcome {
    let people = everybody_enrolls(stack);
    let (before, after) = (guid_of(&sample(old)), guid_of(&sample(new)));
    let rekey = format!("UPDATE crm_biller_user SET user_guid = '{after}' WHERE user_guid = '{before}'");
    let run = sync_while(stack, &rekey).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated), (0, 1));
    assert_eq!(issues(stack)?, [(after, "user_name".to_owned(), "held".to_owned())]);
    let run = enable(stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.reactivated, issues(stack)?), (0, 1, Vec::new()));
    assert_eq!(enrolled(stack), people);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_a_new_guid_between_the_check_and_the_pass_keeps_the_credential() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    assert_keeps_the_credential_when_rekeyed_after_the_check(&stack, 2, 42).await?;
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_a_new_guid_after_the_check_of_an_adoption_keeps_the_credential() -> Outcome {
    let mut stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 3);
    stack.deploy("ADOPT_EXISTING_USERS", "true").await?;
    assert_keeps_the_credential_when_rekeyed_after_the_check(&stack, 2, 42).await?;
    assert_eq!(status_of(&stack, "theirs-2"), "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_guid_whose_row_is_repeated_under_another_one_gets_the_account_once_the_crm_is_corrected() -> Outcome {
    for wrong in [41, 43] {
        let stack = stack_with(BILLER, 6).await?;
        enable(&stack, BILLER).await?;
        assert_eq!(everybody_enrolls(&stack), 6);
        rekey(&stack, 2, 42)?;
        let repeated = UserRow {
            user_guid: sample(wrong).user_guid,
            ..sample(2)
        };
        stack.crm().add_users(BILLER, &[repeated])?;
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.deactivated, run.skipped), (0, 1, 2), "{wrong}");
        assert!(stack.database().accounts(BILLER)?.contains_key(&guid_of(&sample(2))));
        remove(&stack, wrong)?;
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.reactivated, issues(&stack)?), (0, 1, Vec::new()));
        assert_eq!(enrolled(&stack), 6);
        assert_true_to_the_crm(&stack)?;
    }
    Ok(())
}
