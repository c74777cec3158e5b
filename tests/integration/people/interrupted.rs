//! Calls about people that have no answer, before the CRM changes its mind.

use local_stack::UserRow;
use secureauth_simulator::Fault;

use super::{
    BILLER, assert_synced, everybody_enrolls, guid_of, issues, name_of, remove, replace, sample, set_status, user,
};
use crate::support::{
    Outcome, enable, enable_until_it_waits, options, patient, refusal, resume, stack_with, start, users_in_secureauth,
};

/// Number 2 with the user name of number 3.
fn second_as_third() -> UserRow {
    UserRow {
        user_name: sample(3).user_name,
        ..sample(2)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_got_access_back_in_a_run_that_was_interrupted_loses_it_again() -> Outcome {
    let stack = start(patient(), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    set_status(&stack, 2, "inactive")?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    let id = user(&stack, &name_of(&sample(2))).expect("is there").id;
    let status = || {
        let mut users = users_in_secureauth(&stack, BILLER).into_iter();
        users.find(|user| user.id == id).map(|user| user.status)
    };
    // Number 2 comes back with the user name of number 3, and has to wait for it.
    let third = UserRow {
        user_name: Some("third.name".into()),
        ..sample(3)
    };
    replace(&stack, &third)?;
    replace(&stack, &second_as_third())?;
    let fails = Fault::on("add_identifier", refusal(503, false)).path(&id);
    stack.simulator().faults().add(fails);
    let run = enable_until_it_waits(&stack, BILLER).await?;
    assert_eq!(status().as_deref(), Some("active"));
    set_status(&stack, 2, "inactive")?;
    let run = resume(&stack, &run).await?;
    assert_synced(&run);
    assert_eq!(status().as_deref(), Some("inactive"));
    assert_eq!(issues(&stack)?, Vec::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_with_a_credential_is_active_at_once() -> Outcome {
    let stack = start(options().set("ACTIVE_USER_STATUS", "new"), BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 3);
    set_status(&stack, 2, "inactive")?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    set_status(&stack, 2, "active")?;
    assert_eq!(enable(&stack, BILLER).await?.reactivated, 1);
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").status, "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_have_access_and_whom_secureauth_does_not_set_inactive_is_reported_as_that() -> Outcome {
    let stack = stack_with(BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    set_status(&stack, 2, "inactive")?;
    let refuse = Fault::on("update_user", refusal(422, false));
    stack.simulator().faults().add(refuse);
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.deactivated, run.skipped), (0, 0));
    let expected = (guid_of(&sample(2)), "status".to_owned(), "not_deactivated".to_owned());
    assert_eq!(issues(&stack)?, [expected]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counters_add_up_also_where_one_person_is_changed_in_part() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    set_status(&stack, 2, "inactive")?;
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    // Number 3 keeps its user name, because its row has a data error; number 2 comes back and wants it.
    let third = UserRow {
        email: Some("no address".into()),
        ..sample(3)
    };
    replace(&stack, &third)?;
    replace(&stack, &second_as_third())?;
    set_status(&stack, 4, "inactive")?;
    remove(&stack, 5)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    // Of the two who are deactivated one has a row.
    let counters = (run.reactivated, run.deactivated, run.skipped, run.already_present);
    assert_eq!((run.users_total, counters), (4, (1, 2, 1, 1)));
    Ok(())
}
