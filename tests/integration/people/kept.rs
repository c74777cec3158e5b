//! `LEAVERS=keep`: whoever left keeps access and is reported; all others lose it as ever.

use local_stack::UserRow;
use secureauth_simulator::Fault;

use super::{BILLER, assert_synced, guid_of, issues, name_of, remove, replace, sample, set_status, user};
use crate::support::{Outcome, enable, enable_until_it_waits, options, patient, refusal, resume, start};

#[tokio::test(flavor = "multi_thread")]
async fn leavers_keep_access_and_are_reported_each_time_if_the_setting_says_so() -> Outcome {
    let stack = start(options().set("LEAVERS", "keep"), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    set_status(&stack, 3, "inactive")?;
    for deactivated in [1, 0] {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.deactivated, run.skipped), (deactivated, 0));
        let left = (guid_of(&sample(2)), "status".to_owned(), "left".to_owned());
        assert_eq!(issues(&stack)?, [left]);
    }
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").status, "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_who_keeps_access_is_reported_by_the_run_that_finds_the_account_open() -> Outcome {
    let stack = start(patient().set("LEAVERS", "keep"), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    let renamed = UserRow {
        last_name: Some("Renamed".into()),
        ..sample(2)
    };
    replace(&stack, &renamed)?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("update_user", refusal(500, false)));
    let waiting = enable_until_it_waits(&stack, BILLER).await?;
    remove(&stack, 2)?;
    assert_synced(&resume(&stack, &waiting).await?);
    let left = (guid_of(&sample(2)), "status".to_owned(), "left".to_owned());
    assert_eq!(issues(&stack)?, [left]);
    assert_eq!(user(&stack, &name_of(&sample(2))).expect("is there").status, "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_had_no_access_before_it_left_is_not_reported_as_kept() -> Outcome {
    let stack = start(options().set("LEAVERS", "keep"), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    set_status(&stack, 2, "inactive")?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    remove(&stack, 3)?;
    assert_synced(&enable(&stack, BILLER).await?);
    let kept = (guid_of(&sample(3)), "status".to_owned(), "left".to_owned());
    assert_eq!(issues(&stack)?, [kept]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_inactive_and_has_a_data_error_loses_access_although_leavers_keep_it() -> Outcome {
    let stack = start(options().set("LEAVERS", "keep"), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    let barred = UserRow {
        email: Some("no address".into()),
        status: Some("inactive".into()),
        ..sample(2)
    };
    replace(&stack, &barred)?;
    remove(&stack, 3)?;
    for deactivated in [1, 0] {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.deactivated, run.skipped), (deactivated, 1));
        let mut expected = vec![
            (guid_of(&sample(2)), "email".to_owned(), "invalid".to_owned()),
            (guid_of(&sample(3)), "status".to_owned(), "left".to_owned()),
        ];
        expected.sort();
        assert_eq!(issues(&stack)?, expected);
    }
    let status = |number| user(&stack, &name_of(&sample(number))).map(|user| user.status);
    assert_eq!(
        (status(2).as_deref(), status(3).as_deref()),
        (Some("inactive"), Some("active"))
    );
    Ok(())
}
