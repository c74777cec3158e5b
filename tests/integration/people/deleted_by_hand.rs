//! Users whom somebody deleted in SecureAuth: the next sync sees it, and whoever the CRM gives access has it again.

use local_stack::{RunRecord, Stack, UserRow};
use secureauth_simulator::Fault;
use serde_json::Value;

use super::found_pools::{by_hand, not_adopted};
use super::{
    BILLER, assert_counters_add_up_exactly, assert_synced, assert_true_to_the_crm, guid_of, issues, name_of, remove,
    replace, sample, user,
};
use crate::logging::console_until;
use crate::support::{
    Outcome, enable, enable_until_it_waits, options, patient, pools_of, refusal, resume, stack_with, start,
};

/// Asserts that one line of the log has the number of people who were imported again.
async fn assert_warned(stack: &Stack, run: &RunRecord, users: u64) -> Outcome {
    let lines = console_until(stack, run, "the run succeeded").await?;
    let warnings = lines.iter().filter(|line| line.contains("people are imported again"));
    let counts: Vec<Value> = warnings
        .map(|line| serde_json::from_str(line))
        .collect::<Result<_, _>>()?;
    assert_eq!(counts.len(), 1, "{counts:?}");
    assert_eq!(counts[0]["users"], users, "{counts:?}");
    Ok(())
}

fn delete(stack: &Stack, id: &str) {
    let pool = pools_of(stack, BILLER).pop().unwrap_or_default();
    assert!(stack.simulator().remove_user(&pool, id), "{id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_imported_is_imported_again() -> Outcome {
    let stack = stack_with(BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    delete(&stack, &user(&stack, &name_of(&sample(2))).expect("is there").id);
    for (imported, already_present) in [(1, 3), (0, 4)] {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.already_present), (imported, already_present));
        assert_counters_add_up_exactly(&stack, &run)?;
        assert_warned(&stack, &run, 1).await?;
    }
    assert_true_to_the_crm(&stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_linked_is_imported_and_linked_no_more() -> Outcome {
    let stack = start(options(), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    assert_eq!(enable(&stack, BILLER).await?.linked, 3);
    delete(&stack, "theirs-2");
    for (imported, already_present) in [(1, 2), (0, 3)] {
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!(
            (run.imported, run.linked, run.already_present),
            (imported, 2, already_present)
        );
        assert_eq!(issues(&stack)?, []);
        assert_counters_add_up_exactly(&stack, &run)?;
        assert_warned(&stack, &run, 1).await?;
    }
    let shown = user(&stack, &name_of(&sample(2))).expect("was imported");
    assert_eq!(
        stack.database().accounts(BILLER)?[&guid_of(&sample(2))].user_id,
        shown.id
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_linked_and_is_deleted_before_the_biller_goes_live_is_imported() -> Outcome {
    for origin in ["linked", "imported"] {
        let stack = start(patient().set("VERIFY", "full"), BILLER, 5).await?;
        by_hand(&stack, &[1, 2, 3])?;
        stack
            .simulator()
            .faults()
            .add(Fault::on("update_organization", refusal(503, false)));
        let waiting = enable_until_it_waits(&stack, BILLER).await?;
        let name = name_of(&sample(if origin == "linked" { 2 } else { 4 }));
        delete(&stack, &user(&stack, &name).expect("is there").id);
        let run = resume(&stack, &waiting).await?;
        let expected = if origin == "linked" { (3, 2) } else { (2, 3) };
        assert_eq!(run.state, "succeeded", "{origin}");
        assert_eq!((run.imported, run.linked), expected, "{origin}");
        assert_counters_add_up_exactly(&stack, &run)?;
        assert!(user(&stack, &name).is_some(), "{origin}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_access_in_the_crm_is_reported_no_more() -> Outcome {
    let stack = start(options(), BILLER, 9).await?;
    by_hand(&stack, &[1, 2, 3, 4, 5, 6, 7])?;
    enable(&stack, BILLER).await?;
    for number in 1..=6 {
        remove(&stack, number)?;
    }
    assert_synced(&enable(&stack, BILLER).await?);
    assert_eq!(issues(&stack)?.len(), 6);
    // More than the guard would let go, were they leavers.
    for number in 2..=6 {
        delete(&stack, &format!("theirs-{number}"));
    }
    delete(&stack, "theirs-7");
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.linked, run.deactivated), (1, 0, 0));
    assert_eq!(issues(&stack)?, [not_adopted(1)]);
    assert_eq!(stack.database().accounts(BILLER)?.len(), 4);
    assert_counters_add_up_exactly(&stack, &run)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_linked_and_has_a_data_error_is_imported_once_it_is_corrected() -> Outcome {
    let stack = start(options().set("VERIFY", "full"), BILLER, 5).await?;
    by_hand(&stack, &[1, 2, 3])?;
    enable(&stack, BILLER).await?;
    let wrong = UserRow {
        email: Some("no address".into()),
        ..sample(2)
    };
    replace(&stack, &wrong)?;
    delete(&stack, "theirs-2");
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.linked, run.skipped), (0, 2, 1));
    assert_counters_add_up_exactly(&stack, &run)?;
    replace(&stack, &sample(2))?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.linked), (1, 2));
    assert_counters_add_up_exactly(&stack, &run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_who_keeps_access_is_reported_until_the_user_is_gone() -> Outcome {
    let stack = start(options().set("LEAVERS", "keep"), BILLER, 4).await?;
    enable(&stack, BILLER).await?;
    remove(&stack, 2)?;
    assert_synced(&enable(&stack, BILLER).await?);
    let left = (guid_of(&sample(2)), "status".to_owned(), "left".to_owned());
    assert_eq!(issues(&stack)?, [left]);
    delete(&stack, &user(&stack, &name_of(&sample(2))).expect("is there").id);
    let plan = stack.handler().run(&["plan", BILLER]).await?;
    assert!(!plan.contains(&guid_of(&sample(2))), "{plan}");
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, issues(&stack)?), (0, Vec::new()));
    assert_eq!(stack.database().accounts(BILLER)?.len(), 3);
    assert_counters_add_up_exactly(&stack, &run)
}
