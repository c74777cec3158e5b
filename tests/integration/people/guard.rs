//! The guard: a broken view must not lock people out (docs/ARCHITECTURE.md#guard).

use local_stack::{RunRecord, Stack};
use rusqlite::Connection;

use super::{BILLER, assert_synced, assert_true_to_the_crm, guid_of, name_of, remove, sample};
use crate::support::{Outcome, enable, options, stack_with, start, status, users_in_secureauth};

/// Changes the CRM's rows behind the view.
fn in_the_crm(stack: &Stack, sql: &str) -> Outcome {
    let connection = Connection::open(stack.database().path())?;
    connection.busy_timeout(crate::support::DEADLINE)?;
    connection.execute_batch(sql)?;
    Ok(())
}

fn with_access(stack: &Stack) -> usize {
    let users = users_in_secureauth(stack, BILLER);
    users.iter().filter(|user| user.status != "inactive").count()
}

fn assert_refused(run: &RunRecord) {
    assert_eq!(
        (run.kind.as_str(), run.state.as_str(), run.reason.as_deref()),
        ("sync", "failed", Some("too_many_leavers"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_of_six_may_leave_and_six_of_six_may_not() -> Outcome {
    let stack = stack_with(BILLER, 6).await?;
    enable(&stack, BILLER).await?;
    in_the_crm(&stack, "UPDATE crm_biller_user SET status = 'deleted'")?;
    let before = users_in_secureauth(&stack, BILLER);
    assert_refused(&enable(&stack, BILLER).await?);
    assert_eq!(users_in_secureauth(&stack, BILLER), before, "nothing was changed");
    let shown = status(&stack, BILLER).await?;
    let cause = &shown.json["onboarding"]["firstCause"]["cause"];
    assert_eq!(
        cause,
        "of 6 users with access 6 would lose it, and 0 names would pass to somebody else; the view has 6 rows with a GUID; \
         `allow-leavers <billerId> 6 --by <name>` lets that happen once"
    );
    let guid = guid_of(&sample(1));
    in_the_crm(
        &stack,
        &format!("UPDATE crm_biller_user SET status = 'active' WHERE user_guid = '{guid}'"),
    )?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.deactivated, with_access(&stack)), (5, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_view_ends_nobodys_access() -> Outcome {
    let stack = stack_with(BILLER, 2).await?;
    enable(&stack, BILLER).await?;
    in_the_crm(&stack, "DELETE FROM crm_biller_user")?;
    assert_refused(&enable(&stack, BILLER).await?);
    assert_eq!(with_access(&stack), 2);
    assert_eq!(stack.database().biller(BILLER)?.expect("is there").state, "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_lacks_a_page_ends_nobodys_access() -> Outcome {
    let stack = start(options().set("USERS_PER_PAGE", "10"), BILLER, 45).await?;
    enable(&stack, BILLER).await?;
    let before = with_access(&stack);
    in_the_crm(
        &stack,
        "DELETE FROM crm_biller_user WHERE user_guid IN (
            SELECT user_guid FROM crm_biller_user ORDER BY user_guid LIMIT 10 OFFSET 20)",
    )?;
    assert_refused(&enable(&stack, BILLER).await?);
    assert_eq!(with_access(&stack), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shifted_by_one_row_gives_nobody_the_name_of_another() -> Outcome {
    let stack = stack_with(BILLER, 12).await?;
    enable(&stack, BILLER).await?;
    let before = users_in_secureauth(&stack, BILLER);
    // Every GUID stands beside the values of the next one.
    in_the_crm(
        &stack,
        "CREATE TABLE shifted AS
            SELECT user_guid, lead(user_name) OVER (ORDER BY user_guid) AS user_name FROM crm_biller_user;
         UPDATE crm_biller_user SET user_name = 'moved-' || user_guid;
         UPDATE crm_biller_user SET user_name = ifnull(
            (SELECT s.user_name FROM shifted AS s WHERE s.user_guid = crm_biller_user.user_guid), 'new.person');
         DROP TABLE shifted;",
    )?;
    assert_refused(&enable(&stack, BILLER).await?);
    assert_eq!(users_in_secureauth(&stack, BILLER), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_allows_is_used_up_by_the_next_run() -> Outcome {
    let stack = stack_with(BILLER, 20).await?;
    enable(&stack, BILLER).await?;
    for number in 1..=8 {
        remove(&stack, number)?;
    }
    assert_refused(&enable(&stack, BILLER).await?);
    let told = stack.handler().output(&["plan", BILLER]).await?;
    let text = String::from_utf8(told.stdout)?;
    assert!(text.contains("8 deactivated"), "{text}");
    let guard = "guard         8 would leave or pass a user name on; at most 5 may";
    assert!(text.contains(guard), "{text}");
    assert!(
        text.contains(&format!("{} deactivated: left the CRM", guid_of(&sample(3)))),
        "{text}"
    );
    let allow = ["allow-leavers", BILLER, "7", "--by", "ada"];
    stack.handler().run(&allow).await?;
    assert_refused(&enable(&stack, BILLER).await?);
    assert_refused(&enable(&stack, BILLER).await?);
    stack
        .handler()
        .run(&["allow-leavers", BILLER, "8", "--by", "ada"])
        .await?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!(run.deactivated, 8);
    assert_true_to_the_crm(&stack)?;
    let entries = crate::support::entries(&stack, &run, "leavers_allowed")?;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0]["most"], &entries[0]["by"]), (&8.into(), &"ada".into()));
    for number in 9..=15 {
        remove(&stack, number)?;
    }
    assert_refused(&enable(&stack, BILLER).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allowance_of_a_biller_that_never_had_a_run_is_refused() -> Outcome {
    let stack = stack_with(BILLER, 1).await?;
    let allow = ["allow-leavers", "1877", "8", "--by", "ada"];
    let refused = stack.handler().output(&allow).await?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr)?.contains("never had a run"));
    Ok(())
}

/// A sync during which the CRM's rows are changed, after they were checked.
pub(super) async fn sync_while(stack: &Stack, sql: &str) -> Result<RunRecord, Box<dyn std::error::Error>> {
    let waits = secureauth_simulator::FaultKind::Hold { after_effect: false };
    let held = stack
        .simulator()
        .faults()
        .add(secureauth_simulator::Fault::on("get_organization", waits));
    let answer = stack.front_door().toggle(BILLER, true).await?;
    stack
        .wait_for(BILLER, crate::support::DEADLINE, |run| {
            run.step.as_deref() == Some("ensure_organization")
        })
        .await?;
    in_the_crm(stack, sql)?;
    assert!(stack.simulator().faults().remove(held));
    crate::support::ended(stack, BILLER, &answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_vanish_between_the_check_and_the_pass_are_counted_again() -> Outcome {
    let told = [
        (
            0,
            "the view shows no row any more, so 8 users with access would lose it",
        ),
        (
            2,
            "at least 6 users would lose access, or their user names to somebody else",
        ),
    ];
    for (left, expected) in told {
        let stack = stack_with(BILLER, 8).await?;
        enable(&stack, BILLER).await?;
        let vanish = format!(
            "DELETE FROM crm_biller_user WHERE user_guid NOT IN (SELECT user_guid FROM crm_biller_user LIMIT {left})"
        );
        assert_refused(&sync_while(&stack, &vanish).await?);
        assert_eq!(with_access(&stack), 8);
        assert!(super::user(&stack, &name_of(&sample(1))).is_some());
        let cause = status(&stack, BILLER).await?;
        let cause = cause.text_at("/onboarding/firstCause/cause");
        assert!(cause.starts_with(expected), "{cause}");
        let shown = stack.handler().run(&["status", BILLER]).await?;
        assert!(shown.contains(expected), "{shown}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_shows_no_guid_ends_nobodys_access_as_the_plan_says() -> Outcome {
    let stack = stack_with(BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    in_the_crm(&stack, "UPDATE crm_biller_user SET user_guid = NULL")?;
    let told = stack.handler().output(&["plan", BILLER]).await?;
    let text = String::from_utf8(told.stdout)?;
    assert!(
        text.contains("outcome       the run would not succeed: too_many_leavers"),
        "{text}"
    );
    let run = enable(&stack, BILLER).await?;
    assert_refused(&run);
    assert!(crate::support::entries(&stack, &run, "organization_found")?.is_empty());
    assert_eq!(with_access(&stack), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_people_who_left_long_ago_count_once_when_joiners_take_them() -> Outcome {
    let stack = stack_with(BILLER, 20).await?;
    enable(&stack, BILLER).await?;
    for number in 1..=5 {
        remove(&stack, number)?;
    }
    assert_eq!(enable(&stack, BILLER).await?.deactivated, 5);
    let joiners: Vec<_> = (1..=5)
        .map(|number| local_stack::UserRow {
            user_name: sample(number).user_name,
            ..sample(100 + number)
        })
        .collect();
    stack.crm().add_users(BILLER, &joiners)?;
    let run = enable(&stack, BILLER).await?;
    assert_synced(&run);
    assert_eq!((run.imported, run.deactivated), (5, 0));
    assert_true_to_the_crm(&stack)
}
