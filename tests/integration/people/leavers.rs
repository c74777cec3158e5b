//! Whoever left the CRM, or is inactive there, loses access and sessions; whoever returns gets access back.

use local_stack::UserRow;
use secureauth_simulator::Fault;
use serde_json::json;

use super::{
    BILLER, assert_synced, assert_true_to_the_crm, enrolled, everybody_enrolls, everybody_signs_in, guid_of, issues,
    name_of, remove, replace, sample, set_status, user,
};
use crate::support::{
    Outcome, calls_of, enable, enable_until_it_waits, options, patient, refusal, resume, stack_with, start, status,
};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_or_is_inactive_in_the_crm_loses_access_and_sessions_with_the_next_sync() -> Outcome {
    let stack = stack_with(BILLER, 9).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_signs_in(&stack), 9);
    set_status(&stack, 2, "deleted")?;
    set_status(&stack, 3, "inactive")?;
    remove(&stack, 4)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.deactivated, run.changed, run.already_present), (3, 0, 6));
    assert_true_to_the_crm(&stack)?;
    for number in 1..=9 {
        let shown = user(&stack, &name_of(&sample(number))).expect("is there");
        let has_access = ![2, 3, 4].contains(&number);
        assert_eq!(
            (shown.sessions > 0, shown.status == "active"),
            (has_access, has_access),
            "{number}"
        );
    }
    let view = status(&stack, BILLER).await?;
    let named = view.json["onboarding"]["users"]["deactivated"].as_array().map(Vec::len);
    assert_eq!(
        (named, view.number_at("/onboarding/progress/deactivated")),
        (Some(3), 3)
    );
    assert_eq!(issues(&stack)?, []);
    let again = enable(&stack, BILLER).await?;
    assert_eq!((again.deactivated, again.already_present), (0, 7));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn access_ends_whatever_else_is_wrong_with_the_row_or_with_other_rows() -> Outcome {
    let stack = start(options().set("ON_INVALID_USER", "fail"), BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    let mut barred = sample(2);
    barred.status = Some("inactive".into());
    barred.email = Some("no address".into());
    replace(&stack, &barred)?;
    let mut wrong = sample(3);
    wrong.email = None;
    replace(&stack, &wrong)?;
    remove(&stack, 4)?;
    stack.crm().add_users(BILLER, &[sample(5), sample(31)])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.deactivated, run.imported), (2, 1));
    for (number, expected) in [
        (2, "inactive"),
        (3, "active"),
        (4, "inactive"),
        (5, "active"),
        (31, "active"),
    ] {
        let shown = user(&stack, &name_of(&sample(number))).expect("is there");
        assert_eq!(shown.status, expected, "{number}");
    }
    let mut found = issues(&stack)?;
    found.retain(|(_, field, _)| field != "user_guid");
    let email = |number, code: &str| (guid_of(&sample(number)), "email".to_owned(), code.to_owned());
    let mut expected = vec![email(2, "invalid"), email(3, "missing")];
    expected.sort();
    assert_eq!(found, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_returns_gets_access_back_with_the_credential() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 5);
    set_status(&stack, 1, "inactive")?;
    set_status(&stack, 2, "deleted")?;
    remove(&stack, 3)?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 3);
    set_status(&stack, 1, "active")?;
    set_status(&stack, 2, "active")?;
    stack.crm().add_users(BILLER, &[sample(3)])?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.reactivated, run.imported, run.changed), (3, 0, 0));
    assert_true_to_the_crm(&stack)?;
    assert_eq!(enrolled(&stack), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_is_found_again_is_counted_once() -> Outcome {
    let mut options = patient().set("LEAVERS", "keep");
    for client in &mut options.simulator.clients {
        client.scopes.retain(|scope| scope != "revoke_tokens");
    }
    let stack = start(options, BILLER, 140).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 1)?;
    for number in 2..=130 {
        set_status(&stack, number, "inactive")?;
    }
    let of_person_139 = user(&stack, &name_of(&sample(139))).expect("is there").id;
    let renamed = UserRow {
        last_name: Some("Renamed".into()),
        ..sample(139)
    };
    replace(&stack, &renamed)?;
    stack.simulator().faults().add(Fault {
        path_contains: Some(of_person_139),
        ..Fault::on("update_user", refusal(500, false))
    });
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    assert_synced(&resume(&stack, &waiting).await?);
    let view = status(&stack, BILLER).await?;
    assert_eq!(issues(&stack)?.len(), 2, "left, not_revoked");
    assert_eq!(view.number_at("/onboarding/issuesTotal"), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_access_ends_all_the_same_and_one_issue_says_that_sessions_live_on() -> Outcome {
    let mut options = options();
    for client in &mut options.simulator.clients {
        client.scopes.retain(|scope| scope != "revoke_tokens");
    }
    let stack = start(options, BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    remove(&stack, 2)?;
    remove(&stack, 3)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(run.deactivated, 2);
    let shown = user(&stack, &name_of(&sample(2))).expect("is there");
    assert_eq!((shown.status.as_str(), shown.sessions), ("inactive", 1));
    let expected = (String::new(), "user".to_owned(), "not_revoked".to_owned());
    assert_eq!(issues(&stack)?, [expected]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_took_effect_without_an_answer_still_ends_the_sessions() -> Outcome {
    let stack = start(patient(), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    remove(&stack, 2)?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_user", refusal(500, true)));
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    // The person is back before the run goes on: then nothing may be taken.
    let run = resume(&stack, &waiting).await?;
    assert_synced(&run);
    assert_true_to_the_crm(&stack)?;
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").sessions, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_took_effect_without_an_answer_are_counted() -> Outcome {
    let stack = start(patient(), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    set_status(&stack, 2, "inactive")?;
    let renamed = UserRow {
        last_name: Some("Renamed".into()),
        ..sample(3)
    };
    replace(&stack, &renamed)?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_user", refusal(500, true)));
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    stack.simulator().clear_calls();
    let run = resume(&stack, &waiting).await?;
    assert_synced(&run);
    assert!(calls_of(&stack, "update_user").is_empty(), "nothing was left to send");
    assert_eq!((run.deactivated, run.changed, run.already_present), (1, 1, 2));
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn access_that_came_back_without_an_answer_is_counted() -> Outcome {
    let stack = start(patient(), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    set_status(&stack, 2, "inactive")?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    set_status(&stack, 2, "active")?;
    let lost = Fault::on("update_user", refusal(500, true));
    stack.simulator().faults().add(lost);
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    stack.simulator().clear_calls();
    let run = resume(&stack, &waiting).await?;
    assert_synced(&run);
    assert!(calls_of(&stack, "update_user").is_empty(), "nothing was left to send");
    assert_eq!((run.reactivated, run.changed, run.already_present), (1, 0, 3));
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_back_in_the_crm_before_a_run_goes_on_has_access_in_the_end() -> Outcome {
    let stack = start(patient(), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_user", refusal(500, true)));
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    stack.crm().add_users(BILLER, &[sample(2)])?;
    assert_synced(&resume(&stack, &waiting).await?);
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_before_the_account_is_settled_whatever_call_is_lost() -> Outcome {
    let stack = start(patient(), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    set_status(&stack, 2, "inactive")?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("revoke_tokens", refusal(503, false)));
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").status, "inactive");
    let run = resume(&stack, &waiting).await?;
    assert_synced(&run);
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").sessions, 0);
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_many_leavers_end_a_hundred_at_a_time() -> Outcome {
    let stack = start(options().patient().set("MAX_LEAVERS_PERCENT", "100"), BILLER, 150).await?;
    enable(&stack, BILLER).await?;
    for number in 1..=130 {
        set_status(&stack, number, "deleted")?;
    }
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(calls_of(&stack, "revoke_tokens").len(), 2);
    assert_eq!(
        run.deactivated,
        130 - 6,
        "every twentieth sample user was inactive before"
    );
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_whom_an_administrator_deleted_is_forgotten() -> Outcome {
    let stack = stack_with(BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    let shown = user(&stack, &name_of(&sample(2))).expect("is there");
    let pool = crate::support::pools_of(&stack, BILLER).pop().unwrap_or_default();
    assert!(stack.simulator().remove_user(&pool, &shown.id));
    remove(&stack, 2)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(run.deactivated, 0);
    assert_true_to_the_crm(&stack)?;
    assert_eq!(stack.database().accounts(BILLER)?.len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_administrator_locked_is_not_opened_by_another_change() -> Outcome {
    let stack = stack_with(BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    let shown = user(&stack, &name_of(&sample(2))).expect("is there");
    let pool = crate::support::pools_of(&stack, BILLER).pop().unwrap_or_default();
    let somebody = crate::support::SomebodyElse::in_secureauth_of(&stack).await?;
    let path = format!("system/pools/{pool}/users/{}", shown.id);
    let locked = json!({"status": "inactive"});
    somebody.identity(reqwest::Method::PUT, &path, &locked).await?;
    let mut renamed = sample(2);
    renamed.last_name = Some("Renamed".into());
    replace(&stack, &renamed)?;
    assert_synced(&enable(&stack, BILLER).await?);
    let shown = user(&stack, &name_of(&sample(2))).expect("is there");
    assert_eq!(
        (shown.status.as_str(), &shown.payload["last_name"]),
        ("inactive", &json!("Renamed"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_although_the_row_had_a_data_error_when_the_run_went_on() -> Outcome {
    let stack = start(patient(), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    set_status(&stack, 2, "inactive")?;
    let lost = Fault::on("update_user", refusal(500, true));
    stack.simulator().faults().add(lost);
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    let mut row = sample(2);
    row.email = Some("no address".into());
    replace(&stack, &row)?;
    assert_synced(&resume(&stack, &waiting).await?);
    assert!(user(&stack, &name_of(&sample(2))).expect("is there").sessions > 0);
    row = sample(2);
    row.status = Some("inactive".into());
    replace(&stack, &row)?;
    assert_synced(&enable(&stack, BILLER).await?);
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").sessions, 0);
    assert_true_to_the_crm(&stack)
}
