//! SecureAuth refuses a change of one person: it is reported, tried again by the next sync, and everybody else is brought in line.

use local_stack::UserRow;
use secureauth_simulator::Fault;

use super::{
    BILLER, assert_synced, assert_true_to_the_crm, enrolled, everybody_enrolls, everybody_signs_in, guid_of, issues,
    name_of, remove, replace, sample, user,
};
use crate::support::{
    DEADLINE, IMPORT, Outcome, burst, calls_of, enable, enable_until_it_waits, options, patient, refusal, resume,
    stack_with, start,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_is_reported_and_tried_again_by_the_next_sync() -> Outcome {
    for operation in ["update_user", "add_identifier", "add_address"] {
        let stack = stack_with(BILLER, 4).await?;
        enable(&stack, BILLER).await?;
        let row = UserRow {
            user_name: Some("new.name".into()),
            email: Some("new.name@example.com".into()),
            last_name: Some("Name".into()),
            ..sample(2)
        };
        replace(&stack, &row)?;
        stack.crm().add_users(BILLER, &[sample(9)])?;
        let refuse = Fault::on(operation, refusal(422, false));
        stack.simulator().faults().add(refuse);
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.skipped), (1, 1), "{operation}");
        let reported: Vec<_> = issues(&stack)?
            .into_iter()
            .map(|(guid, _, code)| (guid, code))
            .collect();
        assert_eq!(reported, [(guid_of(&sample(2)), "refused".to_owned())], "{operation}");
        stack.simulator().faults().clear();
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.changed, issues(&stack)?), (1, Vec::new()), "{operation}");
        assert_true_to_the_crm(&stack)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_whose_deactivation_is_refused_is_reported_until_it_succeeds() -> Outcome {
    let stack = stack_with(BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    let refuse = Fault::on("update_user", refusal(422, false));
    stack.simulator().faults().add(refuse);
    for _ in 0..2 {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.deactivated, run.already_present, run.skipped), (0, 3, 0));
        let expected = (guid_of(&sample(2)), "status".to_owned(), "not_deactivated".to_owned());
        assert_eq!(issues(&stack)?, [expected]);
    }
    stack.simulator().faults().clear();
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 1);
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").status, "inactive");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_secureauth_does_not_remove_is_reported_and_everybody_else_is_brought_in_line() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    let renamed = UserRow {
        user_name: Some("new.name".into()),
        ..sample(2)
    };
    replace(&stack, &renamed)?;
    remove(&stack, 3)?;
    let taker = UserRow {
        user_name: sample(3).user_name,
        ..sample(41)
    };
    stack.crm().add_users(BILLER, &[taker, sample(42)])?;
    let refuse = Fault::on("remove_identifier", refusal(422, false));
    stack.simulator().faults().add(refuse);
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated, run.skipped), (1, 1, 2));
    let mut reported: Vec<_> = issues(&stack)?
        .into_iter()
        .map(|(guid, _, code)| (guid, code))
        .collect();
    reported.sort();
    let mut expected = vec![
        (guid_of(&sample(2)), "refused".to_owned()),
        (guid_of(&sample(41)), "held".to_owned()),
    ];
    expected.sort();
    assert_eq!(reported, expected);
    stack.simulator().faults().clear();
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, issues(&stack)?), (1, Vec::new()));
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_loses_access_although_a_call_for_somebody_else_always_fails() -> Outcome {
    // A 403 that may be a burst is waited for, and at most six times.
    for (fails, most_calls) in [(refusal(500, false), 1), (burst(), 7)] {
        let options = patient().set("USERS_PER_PAGE", "10").set("RETRY_ATTEMPTS", "1");
        let stack = start(options.set("RETRY_AFTER_CAP", "1m"), BILLER, 60).await?;
        enable(&stack, BILLER).await?;
        everybody_signs_in(&stack);
        let mut rows: Vec<UserRow> = (1..=60).map(sample).collect();
        rows.sort_by_key(guid_of);
        for row in &rows {
            let renamed = UserRow {
                last_name: Some("Renamed".into()),
                ..row.clone()
            };
            replace(&stack, &renamed)?;
        }
        let first = user(&stack, &name_of(&rows[0])).expect("is there").id;
        stack.simulator().faults().add(Fault {
            path_contains: Some(first.clone()),
            ..Fault::on("update_user", fails)
        });
        let leavers = &rows[57..];
        for row in leavers {
            assert_eq!(stack.crm().remove_user(BILLER, &guid_of(row))?, 1);
        }
        let waiting = enable_until_it_waits(&stack, BILLER).await?;
        for row in leavers {
            let shown = user(&stack, &name_of(row)).expect("is there");
            assert_eq!((shown.status.as_str(), shown.sessions), ("inactive", 0));
        }
        assert_eq!((waiting.changed, waiting.deactivated), (56, 3));
        let calls = calls_of(&stack, "update_user");
        let calls = calls.iter().filter(|call| call.path.contains(&first)).count();
        assert!((1..=most_calls).contains(&calls), "{calls}");
        stack.simulator().faults().clear();
        assert_synced(&resume(&stack, &waiting).await?);
        assert_true_to_the_crm(&stack)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_a_rollback_does_not_find_at_once_keeps_an_enrolled_credential() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "2s"), BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    stack.crm().add_users(BILLER, &[sample(9)])?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on(IMPORT, refusal(500, true)));
    enable_until_it_waits(&stack, BILLER).await?;
    assert_eq!(everybody_enrolls(&stack), 4);
    faults.add(Fault::on("get_pool", refusal(503, false)));
    faults.add(Fault::on("get_user", refusal(404, false)).nth(2));
    let run = stack.wait_for_end(BILLER, DEADLINE).await?;
    assert_eq!((run.state.as_str(), run.kind.as_str()), ("failed", "sync"));
    let looks = calls_of(&stack, "get_user").into_iter().filter_map(|call| call.status);
    assert_eq!(
        looks.collect::<Vec<_>>(),
        [200, 404, 200],
        "one of the pass, two of the rollback"
    );
    assert_eq!(enrolled(&stack), 4);
    assert_eq!(
        issues(&stack)?,
        [(guid_of(&sample(9)), "user".to_owned(), "enrolled".to_owned())]
    );
    Ok(())
}
