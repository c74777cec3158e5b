//! Values that cannot pass on, and calls that fail in unusual order: nobody loses a name for it, and whoever is to have no access
//! loses it.

use local_stack::UserRow;
use secureauth_simulator::Fault;

use super::{
    BILLER, assert_synced, assert_true_to_the_crm, enrolled, everybody_enrolls, everybody_signs_in, guid_of, issues,
    name_of, remove, replace, sample, user,
};
use crate::moves::{chain_names_to_somebody_entitled, with_name_of};
use crate::support::{
    IMPORT, Outcome, enable, enable_until_it_waits, options, patient, refusal, resume, stack_with, start, until,
    users_in_secureauth,
};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_up_a_name_who_cannot_get_the_new_one() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    chain_names_to_somebody_entitled(&stack)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 1)])?;
    for _ in 0..2 {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.skipped), (0, 4));
        for number in 1..=3 {
            let shown = user(&stack, &name_of(&sample(number))).expect("the name stays");
            assert_eq!((shown.status.as_str(), shown.identifiers.len()), ("active", 1));
        }
        let held = |number| (guid_of(&sample(number)), "user_name".to_owned(), "held".to_owned());
        let reported = issues(&stack)?;
        for number in [1, 2, 41] {
            assert!(reported.contains(&held(number)), "{number}: {reported:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_inactive_loses_access_although_the_new_name_is_not_given_up() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    remove(&stack, 3)?;
    let inactive = UserRow {
        status: Some("inactive".into()),
        ..with_name_of(2, 3)
    };
    replace(&stack, &inactive)?;
    let refuse = Fault::on("remove_identifier", refusal(422, false));
    stack.simulator().faults().add(refuse);
    assert_synced(&enable(&stack, BILLER).await?);
    let shown = user(&stack, &name_of(&sample(2))).expect("the name stays");
    assert_eq!((shown.status.as_str(), shown.sessions), ("inactive", 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_loses_access_and_sessions_although_secureauth_takes_no_new_users() -> Outcome {
    let options = options().set("USERS_PER_PAGE", "10").set("MAX_LEAVERS_PERCENT", "100");
    let stack = start(options, BILLER, 60).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    let mut rows: Vec<UserRow> = (1..=60).map(sample).collect();
    rows.sort_by_key(guid_of);
    let leavers = &rows[57..];
    for row in leavers {
        assert_eq!(stack.crm().remove_user(BILLER, &guid_of(row))?, 1);
    }
    let joiners: Vec<UserRow> = (61..=120).map(sample).collect();
    stack.crm().add_users(BILLER, &joiners)?;
    stack.simulator().faults().add(Fault::on(IMPORT, refusal(422, false)));
    let run = enable(&stack, BILLER).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("secureauth_refused"))
    );
    for row in leavers {
        let shown = user(&stack, &name_of(row)).expect("is there");
        assert_eq!((shown.status.as_str(), shown.sessions), ("inactive", 0));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_an_attempt_without_an_outcome_fails_nobody_else() -> Outcome {
    for (operation, number) in [("update_user", 2), ("add_identifier", 3)] {
        let stack = stack_with(BILLER, 4).await?;
        enable(&stack, BILLER).await?;
        let changed = UserRow {
            user_name: Some("new.name".into()),
            last_name: Some("Renamed".into()),
            ..sample(number)
        };
        replace(&stack, &changed)?;
        stack.crm().add_users(BILLER, &[sample(41)])?;
        let faults = stack.simulator().faults();
        faults.add(Fault::on(operation, refusal(503, false)).nth(1));
        faults.add(Fault::on(operation, refusal(422, false)).nth(2).every(1));
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.skipped), (1, 1), "{operation}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_rotate_although_secureauth_applies_each_change_after_its_answer() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 5);
    for (number, other) in [(1, 2), (2, 3), (3, 1)] {
        replace(&stack, &with_name_of(number, other))?;
    }
    stack.simulator().set_switch("user-persistence-lag-ms", "150")?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(issues(&stack)?, []);
    stack.simulator().set_switch("user-persistence-lag-ms", "0")?;
    until("every change is applied", || {
        let users = users_in_secureauth(&stack, BILLER);
        Ok(users
            .iter()
            .all(|user| user.identifiers == [user.payload["user_name"].as_str().unwrap_or_default()]))
    })
    .await?;
    assert_true_to_the_crm(&stack)?;
    assert_eq!(enrolled(&stack), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_people_who_left_long_ago_count_for_no_guard() -> Outcome {
    let stack = start(options().set("ADDRESS_VERIFIED", "true"), BILLER, 18).await?;
    enable(&stack, BILLER).await?;
    let leavers = [1, 2, 3, 4, 5, 6, 7, 8];
    for some in leavers.chunks(4) {
        for number in some {
            remove(&stack, *number)?;
        }
        assert_eq!(enable(&stack, BILLER).await?.deactivated, 4);
    }
    let joiners = leavers.map(|number| UserRow {
        email: sample(number).email,
        ..sample(100 + number)
    });
    stack.crm().add_users(BILLER, &joiners)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(run.imported, 8);
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guid_that_comes_back_after_its_person_got_another_one_costs_that_person_nothing() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 6);
    let rekeyed = UserRow {
        user_guid: sample(40).user_guid,
        ..sample(2)
    };
    remove(&stack, 2)?;
    stack.crm().add_users(BILLER, &[rekeyed])?;
    assert_synced(&enable(&stack, BILLER).await?);
    let back = UserRow {
        user_guid: sample(2).user_guid,
        ..sample(41)
    };
    let taker = UserRow {
        user_guid: sample(42).user_guid,
        ..with_name_of(42, 3)
    };
    remove(&stack, 3)?;
    stack.crm().add_users(BILLER, &[back, taker])?;
    for _ in 0..2 {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        let expected = (guid_of(&sample(2)), "user_guid".to_owned(), "held".to_owned());
        assert_eq!(issues(&stack)?, [expected]);
        assert_eq!(enrolled(&stack), 6);
        let shown = user(&stack, &name_of(&sample(2))).expect("keeps the account");
        assert_eq!((shown.status.as_str(), shown.credentials), ("active", 1));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_gave_up_passes_on_although_the_rest_of_the_row_is_refused() -> Outcome {
    let stack = stack_with(BILLER, 5).await?;
    enable(&stack, BILLER).await?;
    let renamed = UserRow {
        user_name: Some("fresh.name".into()),
        last_name: Some("Refused".into()),
        ..sample(2)
    };
    replace(&stack, &renamed)?;
    stack.crm().add_users(BILLER, &[with_name_of(41, 2)])?;
    let refuse = Fault {
        path_contains: user(&stack, &name_of(&sample(2))).map(|user| user.id),
        ..Fault::on("update_user", refusal(422, false))
    };
    stack.simulator().faults().add(refuse);
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.skipped), (1, 1));
    assert!(user(&stack, "fresh.name").is_some());
    let taker = user(&stack, &name_of(&sample(2))).expect("was imported");
    assert_eq!(
        taker.payload["last_name"],
        with_name_of(41, 2).last_name.unwrap_or_default()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_inactive_does_not_wait_for_a_name_with_access() -> Outcome {
    let stack = start(patient(), BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    remove(&stack, 3)?;
    let inactive = UserRow {
        status: Some("inactive".into()),
        ..with_name_of(2, 3)
    };
    replace(&stack, &inactive)?;
    let renamed = UserRow {
        last_name: Some("Renamed".into()),
        ..sample(4)
    };
    replace(&stack, &renamed)?;
    let fails = Fault {
        path_contains: user(&stack, &name_of(&sample(4))).map(|user| user.id),
        ..Fault::on("update_user", refusal(500, false))
    };
    stack.simulator().faults().add(fails);
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    let shown = user(&stack, &name_of(&sample(2))).expect("has the old name still");
    assert_eq!((shown.status.as_str(), shown.sessions), ("inactive", 0));
    stack.simulator().faults().clear();
    assert_synced(&resume(&stack, &waiting).await?);
    assert_true_to_the_crm(&stack)
}
