//! The recheck: what a rollback removed is looked for once more (docs/decisions.md#looking-again-after-rollback).

use std::collections::HashSet;

use local_stack::{RunRecord, Stack, UserRow};
use reqwest::Method;
use secureauth_simulator::{Fault, FaultKind, PoolUser, Seed};
use serde_json::json;
use time::OffsetDateTime;

use crate::support::{
    DEADLINE, Outcome, SomebodyElse, calls_of, enable, enable_until_it_waits, entries, live, nothing, patient,
    pools_of, refusal, refuse_journal_entry, start, users_in_secureauth,
};

/// An active biller gets more users. Their import succeeds, then the sync run fails to go on and waits.
async fn sync_that_waits(stack: &Stack, more_users: u32) -> Result<RunRecord, Box<dyn std::error::Error>> {
    enable(stack, "1876").await?;
    let more: Vec<_> = (0..more_users)
        .map(|number| UserRow::sample("1876", 1_000 + number))
        .collect();
    stack.crm().add_users("1876", &more)?;
    refuse_journal_entry(stack, Some("sync_finished"))?;
    let run = enable_until_it_waits(stack, "1876").await?;
    refuse_journal_entry(stack, None)?;
    Ok(run)
}

async fn roll_back(stack: &Stack, run: &RunRecord) -> Outcome {
    let arguments = ["rollback", &run.onboarding_id, "--by", "ops"];
    stack.handler().run(&arguments).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_of_the_run_and_nobody_else_is_asked_for_before_and_after_it_is_deleted_over_several_time_slices()
-> Outcome {
    let short = patient().set("SLICE_SECONDS", "1ms").set("USERS_PER_PAGE", "50");
    let stack = start(short, "1876", 150).await?;
    let run = sync_that_waits(&stack, 120).await?;
    assert_eq!(stack.in_secureauth("1876"), live(270));
    let (asked, listed) = (calls_of(&stack, "get_user").len(), calls_of(&stack, "list_users").len());
    roll_back(&stack, &run).await?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), live(150));
    let asked = calls_of(&stack, "get_user").split_off(asked);
    let distinct: HashSet<_> = asked.iter().map(|call| call.path.clone()).collect();
    assert_eq!((asked.len(), distinct.len()), (240, 120));
    assert_eq!(calls_of(&stack, "list_users").len(), listed);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_answer_a_user_that_comes_back_before_the_recheck_is_removed_again() -> Outcome {
    let stack = start(patient().set("RECHECK_AFTER", "1h"), "1876", 3).await?;
    enable(&stack, "1876").await?;
    let before = users_in_secureauth(&stack, "1876");
    let lost = Fault::on("import_identity_configuration", FaultKind::ResetAfter);
    stack.simulator().faults().add(lost.nth(1));
    let run = sync_that_waits(&stack, 2).await?;
    let late = users_in_secureauth(&stack, "1876")
        .into_iter()
        .find(|user| !before.contains(user))
        .expect("two were imported");
    roll_back(&stack, &run).await?;
    rests(&stack).await?;
    assert_eq!(users_in_secureauth(&stack, "1876"), before);
    import_late(&stack, &late).await?;
    rest_is_over(&stack, &run)?;
    stack
        .wait_for("1876", DEADLINE, |_| {
            entries(&stack, &run, "rolled_back").is_ok_and(|rounds| rounds.len() == 2)
        })
        .await?;
    assert_eq!(users_in_secureauth(&stack, "1876"), before);
    rests(&stack).await?;
    rest_is_over(&stack, &run)?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    assert_eq!(users_in_secureauth(&stack, "1876"), before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_comes_back_before_the_recheck_is_removed_although_a_cache_does_not_show_it() -> Outcome {
    let options = patient().set("RECHECK_AFTER", "1h").set("RETRY_ATTEMPTS", "1");
    let stack = start(options, "1876", 1).await?;
    let lost = Fault::on("create_organization", FaultKind::ResetAfter);
    stack.simulator().faults().add(lost.nth(1));
    let run = enable_until_it_waits(&stack, "1876").await?;
    roll_back(&stack, &run).await?;
    rests(&stack).await?;
    assert_eq!(stack.in_secureauth("1876"), nothing());
    let marker = json!({"ic_onboarding_id": run.onboarding_id, "ic_bid": "1876"});
    let late = json!({"id": "1876", "name": "Late", "parent_id": "invoice-cloud", "metadata": {"payload": marker}});
    stack.simulator().seed(Seed::default().organization(&late))?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("get_organization", refusal(404, false)));
    rest_is_over(&stack, &run)?;
    let again =
        |run: &RunRecord| run.has_ended() || entries(&stack, run, "rolled_back").is_ok_and(|rounds| rounds.len() == 2);
    stack.wait_for("1876", DEADLINE, again).await?;
    assert_eq!(stack.in_secureauth("1876"), nothing());
    rests(&stack).await?;
    rest_is_over(&stack, &run)?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_call_was_answered_a_rollback_neither_waits_nor_rests() -> Outcome {
    let stack = start(patient().set("RECHECK_AFTER", "1h"), "1876", 3).await?;
    enable(&stack, "1876").await?;
    let before = users_in_secureauth(&stack, "1876");
    let run = sync_that_waits(&stack, 2).await?;
    roll_back(&stack, &run).await?;
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "failed");
    assert_eq!(users_in_secureauth(&stack, "1876"), before);
    assert_eq!(entries(&stack, &run, "rechecked")?.len(), 1);
    Ok(())
}

async fn rests(stack: &Stack) -> Outcome {
    let is_ahead = |run: &RunRecord| {
        run.next_attempt_at
            .is_some_and(|next| next > OffsetDateTime::UNIX_EPOCH)
    };
    let rests = |run: &RunRecord| run.waiting_for.as_deref() == Some("recheck") && is_ahead(run);
    stack.wait_for("1876", DEADLINE, rests).await?;
    Ok(())
}

/// A call without an answer takes effect after its rollback.
async fn import_late(stack: &Stack, user: &PoolUser) -> Outcome {
    let pool = pools_of(stack, "1876").pop().expect("a pool");
    let body = json!({
        "id": user.id,
        "status": user.status,
        "payload": user.payload,
        "identifiers": [{"identifier": user.identifiers.first(), "type": "uid"}],
    });
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    somebody
        .identity(Method::POST, &format!("system/pools/{pool}/users"), &body)
        .await
}

/// Ends the run's pause now.
fn rest_is_over(stack: &Stack, run: &RunRecord) -> Outcome {
    let connection = rusqlite::Connection::open(stack.database().path())?;
    connection.busy_timeout(DEADLINE)?;
    let sql = "UPDATE onboarding SET due_at = 0, next_attempt_at = 0 WHERE onboarding_id = ?1";
    assert_eq!(connection.execute(sql, [&run.onboarding_id])?, 1);
    Ok(())
}
