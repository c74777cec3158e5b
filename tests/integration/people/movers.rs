//! User names, addresses, names and status move with their people; organizations move with their billers.

use local_stack::UserRow;
use rusqlite::Connection;
use serde_json::json;

use super::{
    BILLER, assert_synced, assert_true_to_the_crm, enrolled, everybody_enrolls, guid_of, name_of, replace, sample, user,
};
use crate::support::{Outcome, calls_of, enable, options, pools_of, stack_with, start, users_in_secureauth};

fn renamed(number: u32, name: &str) -> UserRow {
    UserRow {
        user_name: Some(name.to_owned()),
        ..sample(number)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_renamed_and_keeps_the_credential() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 6);
    let married = UserRow {
        user_name: Some("new.name".into()),
        email: Some("new.name@example.com".into()),
        last_name: Some("Name".into()),
        ..sample(2)
    };
    replace(&stack, &married)?;
    let moved = UserRow {
        email: Some("elsewhere@example.com".into()),
        ..sample(3)
    };
    replace(&stack, &moved)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.changed, run.imported, run.already_present), (2, 0, 4));
    assert_true_to_the_crm(&stack)?;
    assert_eq!(enrolled(&stack), 6);
    stack.simulator().clear_calls();
    let again = enable(&stack, BILLER).await?;
    assert_eq!((again.changed, again.already_present), (0, 6));
    assert!(calls_of(&stack, "get_user").is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_with_a_few_changes_makes_few_calls() -> Outcome {
    let stack = start(options().patient(), BILLER, 400).await?;
    enable(&stack, BILLER).await?;
    for number in 1..=10 {
        let row = UserRow {
            first_name: Some("Changed".into()),
            ..sample(number)
        };
        replace(&stack, &row)?;
    }
    stack.simulator().clear_calls();
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(run.changed, 10);
    let calls = stack.simulator().calls().len();
    assert!(calls <= 30, "{calls} calls");
    assert!(calls_of(&stack, "list_users").is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_a_persons_own_activation_made_goes_with_the_address() -> Outcome {
    let stack = start(options().set("ACTIVE_USER_STATUS", "new"), BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    let pool = pools_of(&stack, BILLER).pop().expect("was created");
    let shown = user(&stack, &name_of(&sample(2))).expect("is there");
    let activation = stack.simulator().activate(&pool, &shown.id, None);
    assert!(activation.activated, "{activation:?}");
    assert_eq!(
        user(&stack, &name_of(&sample(2))).expect("is there").identifiers.len(),
        2
    );
    let row = UserRow {
        email: Some("elsewhere@example.com".into()),
        ..sample(2)
    };
    replace(&stack, &row)?;
    assert_synced(&enable(&stack, BILLER).await?);
    let shown = user(&stack, &name_of(&sample(2))).expect("is there");
    assert_eq!(shown.identifiers, [name_of(&sample(2))]);
    let addresses: Vec<_> = shown.addresses.iter().map(|it| it.address.as_str()).collect();
    assert_eq!(
        (addresses, shown.status.as_str()),
        (vec!["elsewhere@example.com"], "active")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn verified_addresses_may_rotate_among_people() -> Outcome {
    let stack = start(options().set("ADDRESS_VERIFIED", "true"), BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    for (number, address_of) in [(1, 2), (2, 3), (3, 1)] {
        let row = UserRow {
            email: sample(address_of).email,
            ..sample(number)
        };
        replace(&stack, &row)?;
    }
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_true_to_the_crm(&stack)?;
    let users = users_in_secureauth(&stack, BILLER);
    assert!(users.iter().all(|user| user.addresses.iter().all(|it| it.verified)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_to_whom_the_crm_gave_new_guids_keep_accounts_and_credentials_without_a_call() -> Outcome {
    let stack = stack_with(BILLER, 12).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 12);
    let before = users_in_secureauth(&stack, BILLER);
    let connection = Connection::open(stack.database().path())?;
    connection.execute(
        "UPDATE crm_biller_user SET user_guid = replace(user_guid, substr(user_guid, 1, 8), 'abcdef' || substr(user_guid, 1, 2))",
        [],
    )?;
    let told = String::from_utf8(stack.handler().output(&["plan", BILLER]).await?.stdout)?;
    assert!(told.contains("12 already present, 12 re-keyed"), "{told}");
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated, run.already_present), (0, 0, 12));
    assert_eq!(users_in_secureauth(&stack, BILLER), before);
    assert_true_to_the_crm(&stack)?;
    assert!(!stack.database().accounts(BILLER)?.contains_key(&guid_of(&sample(1))));
    let row = UserRow {
        user_guid: Some(format!(
            "abcdef{}{}",
            &guid_of(&sample(1))[..2],
            &guid_of(&sample(1))[8..]
        )),
        last_name: Some("Renamed".into()),
        ..sample(1)
    };
    replace(&stack, &row)?;
    assert_eq!(enable(&stack, BILLER).await?.changed, 1);
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_biller_renames_its_organization() -> Outcome {
    let stack = stack_with(BILLER, 2).await?;
    enable(&stack, BILLER).await?;
    let name = |stack: &local_stack::Stack| {
        let inventory = stack.simulator().inventory();
        let mut organizations = inventory.organizations.into_iter();
        organizations.find(|it| it.id == BILLER).map(|it| it.name)
    };
    let connection = Connection::open(stack.database().path())?;
    connection.execute("UPDATE crm_biller SET biller_name = 'Smith & Daughters'", [])?;
    assert_synced(&enable(&stack, BILLER).await?);
    assert_eq!(json!(name(&stack)), json!("Smith & Daughters"));
    assert_eq!(stack.in_secureauth(BILLER), crate::support::live(2));
    stack.simulator().clear_calls();
    assert_synced(&enable(&stack, BILLER).await?);
    assert!(calls_of(&stack, "update_organization").is_empty());
    connection.execute("UPDATE crm_biller SET biller_name = 'Refused'", [])?;
    stack.simulator().faults().add(secureauth_simulator::Fault::on(
        "update_organization",
        crate::support::refusal(409, false),
    ));
    assert_synced(&enable(&stack, BILLER).await?);
    let refused = (String::new(), "biller_name".to_owned(), "refused".to_owned());
    assert_eq!(super::issues(&stack)?, [refused]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_differs_in_case_only_is_no_other_name() -> Outcome {
    let stack = stack_with(BILLER, 2).await?;
    enable(&stack, BILLER).await?;
    replace(&stack, &renamed(1, &name_of(&sample(1)).to_uppercase()))?;
    assert_synced(&enable(&stack, BILLER).await?);
    assert!(calls_of(&stack, "add_identifier").is_empty());
    let shown = users_in_secureauth(&stack, BILLER);
    let upper = json!(name_of(&sample(1)).to_uppercase());
    assert!(shown.iter().any(|user| user.payload["user_name"] == upper));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_gets_the_verified_address_of_somebody_who_left() -> Outcome {
    let stack = start(options().set("ADDRESS_VERIFIED", "true"), BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    super::remove(&stack, 2)?;
    let joiner = UserRow {
        email: sample(2).email,
        ..sample(41)
    };
    stack.crm().add_users(BILLER, &[joiner])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated), (1, 1));
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_gets_the_verified_address_of_somebody_who_has_given_up_the_name_already() -> Outcome {
    let stack = start(options().set("ADDRESS_VERIFIED", "true"), BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    super::remove(&stack, 2)?;
    let with_the_name = UserRow {
        user_name: sample(2).user_name,
        ..sample(41)
    };
    let with_the_address = UserRow {
        email: sample(2).email,
        ..sample(42)
    };
    for joiner in [with_the_name, with_the_address] {
        stack.crm().add_users(BILLER, &[joiner])?;
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.skipped), (1, 0));
        assert_true_to_the_crm(&stack)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_with_new_guids_trip_no_guard_whatever_page_their_old_guids_are_on() -> Outcome {
    let stack = start(options().set("USERS_PER_PAGE", "3"), BILLER, 12).await?;
    enable(&stack, BILLER).await?;
    let connection = Connection::open(stack.database().path())?;
    // Before all old ones.
    connection.execute(
        "UPDATE crm_biller_user SET user_guid = replace(user_guid, substr(user_guid, 1, 8), '000000' || substr(user_guid, 1, 2))",
        [],
    )?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated, run.already_present), (0, 0, 12));
    Ok(())
}
