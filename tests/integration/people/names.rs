//! Names that pass from one person to another.

use local_stack::UserRow;
use secureauth_simulator::Fault;
use serde_json::json;

use super::{
    BILLER, assert_synced, assert_true_to_the_crm, enrolled, everybody_enrolls, guid_of, issues, name_of, remove,
    replace, sample, user,
};
use crate::moves::{share_a_new_name, with_name_of};
use crate::support::{
    Outcome, enable, enable_until_it_waits_or_ends, patient, pools_of, refusal, resume, stack_with, start, status,
};

#[tokio::test(flavor = "multi_thread")]
async fn names_may_rotate_among_three_people() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 6);
    for (number, other) in [(1, 2), (2, 3), (3, 1)] {
        replace(&stack, &with_name_of(number, other))?;
    }
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.changed, run.already_present), (3, 3));
    assert_true_to_the_crm(&stack)?;
    assert_eq!(enrolled(&stack), 6);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_gets_the_name_of_somebody_who_left() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 2)])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated), (1, 1));
    assert_true_to_the_crm(&stack)?;
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").status, "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_gets_the_name_of_somebody_who_has_another_one_now() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    let moved = UserRow {
        user_name: Some("other.name".into()),
        ..sample(2)
    };
    replace(&stack, &moved)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 2)])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.changed), (1, 1));
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_somebody_who_left_long_ago_is_free_for_a_joiner() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    assert!(user(&stack, &name_of(&sample(2))).is_some(), "a leaver keeps the name");
    stack.crm().add_users(BILLER, &[with_name_of(41, 2)])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated), (1, 0));
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_returns_without_the_name_gets_another_one() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 2)])?;
    assert_synced(&enable(&stack, BILLER).await?);
    let back = UserRow {
        user_name: Some("second.name".into()),
        ..sample(2)
    };
    stack.crm().add_users(BILLER, &[back])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.reactivated, run.imported), (1, 0));
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_somebody_entitled_to_it_is_a_data_error_that_names_both() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    let wrong = UserRow {
        email: Some("no address".into()),
        ..sample(2)
    };
    replace(&stack, &wrong)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 2)])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.already_present), (0, 4));
    let view = status(&stack, BILLER).await?;
    let held = json!({"userGuid": guid_of(&sample(41)), "field": "user_name", "code": "held",
        "heldBy": guid_of(&sample(2))});
    let all = view.json["onboarding"]["issues"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert!(all.contains(&held), "{all:?}");
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").status, "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_somebody_without_an_account_is_a_data_error_that_names_the_id() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    let pool = pools_of(&stack, BILLER).pop().expect("was created");
    let somebody = crate::support::SomebodyElse::in_secureauth_of(&stack).await?;
    let by_hand = json!({"id": "by-hand", "status": "active",
        "identifiers": [{"identifier": name_of(&sample(40)), "type": "uid"}]});
    let path = format!("system/pools/{pool}/users");
    somebody.identity(reqwest::Method::POST, &path, &by_hand).await?;
    stack.crm().add_users(BILLER, &[sample(40)])?;
    let renamed = UserRow {
        user_name: Some(name_of(&sample(40)).to_uppercase() + "x"),
        ..sample(1)
    };
    replace(&stack, &renamed)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.changed), (0, 1));
    let view = status(&stack, BILLER).await?;
    assert_eq!(view.text_at("/onboarding/issues/0/heldBy"), "by-hand");
    let expected = (guid_of(&sample(40)), "user_name".to_owned(), "held".to_owned());
    assert_eq!(issues(&stack)?, [expected]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_come_right_whatever_call_of_the_rotation_is_lost() -> Outcome {
    for (operation, after_effect) in [
        ("remove_identifier", false),
        ("remove_identifier", true),
        ("add_identifier", false),
        ("add_identifier", true),
        ("update_user", true),
    ] {
        let stack = start(patient(), BILLER, 5).await?;
        enable(&stack, BILLER).await?;
        assert_eq!(everybody_enrolls(&stack), 5);
        for (number, other) in [(1, 2), (2, 3), (3, 1)] {
            replace(&stack, &with_name_of(number, other))?;
        }
        stack
            .simulator()
            .faults()
            .add(Fault::on(operation, refusal(500, after_effect)));
        let waiting = enable_until_it_waits_or_ends(&stack, BILLER).await?;
        let run = if waiting.has_ended() {
            waiting
        } else {
            resume(&stack, &waiting).await?
        };
        assert_synced(&run);
        assert_true_to_the_crm(&stack)?;
        assert_eq!(enrolled(&stack), 5, "{operation} {after_effect}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_new_name_is_shared_keeps_the_old_one_although_a_joiner_wants_it() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    share_a_new_name(&stack)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.skipped), (0, 3));
    let shown = user(&stack, &name_of(&sample(2))).expect("the name stays");
    assert_eq!(shown.status, "active");
    let held = (guid_of(&sample(41)), "user_name".to_owned(), "held".to_owned());
    assert!(issues(&stack)?.contains(&held));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_an_interrupted_change_does_not_stay() -> Outcome {
    let stack = start(patient(), BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    let named = |name: &str| UserRow {
        user_name: Some(name.into()),
        ..sample(2)
    };
    replace(&stack, &named("second.name"))?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("remove_identifier", refusal(503, false)));
    let waiting = enable_until_it_waits_or_ends(&stack, BILLER).await?;
    replace(&stack, &named("third.name"))?;
    assert_synced(&resume(&stack, &waiting).await?);
    assert_true_to_the_crm(&stack)
}
