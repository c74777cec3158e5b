//! What the CRM and operators are told while a run rolls back, and after one that failed (docs/ARCHITECTURE.md#event-table).

use local_stack::{HttpAnswer, RunRecord, Stack, StackOptions, UserRow};
use secureauth_simulator::Fault;

use crate::support::{
    DEADLINE, Outcome, add_biller, disable, enable, ended, live, nothing, options, refusal, stack_with, start, status,
    toggle, until,
};

const F2: &str = "An error occurred during Organization or user creation. Please contact support.";
const NOT_SYNCED: &str = "Some users could not be updated in SecureAuth. Please contact support.";
const NOT_DISABLED: &str = "CIAM could not be disabled. Please contact support.";

/// Options of a rollback that tries once an hour.
fn hourly() -> StackOptions {
    options()
        .set("ROLLBACK_PAUSES", "1h")
        .set("ROLLBACK_TIME_LIMIT", "1day")
}

/// A run that SecureAuth refuses at the end, and whose rollback waits for an hour because SecureAuth deletes no pool.
pub(crate) async fn waiting_in_its_rollback() -> Result<(Stack, RunRecord), Box<dyn std::error::Error>> {
    let stack = start(hourly(), "1876", 2).await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("update_organization", refusal(422, false)));
    faults.add(Fault::on("delete_pool", refusal(503, false)));
    assert_eq!(stack.front_door().post("1876", &toggle(true, "e-1")).await?.status, 202);
    let waits = |run: &RunRecord| run.waiting_for.as_deref() == Some("secureauth_unavailable");
    let run = stack.wait_for("1876", DEADLINE, waits).await?;
    assert_eq!(run.state, "rolling_back");
    Ok((stack, run))
}

/// SecureAuth accepts everything again, and the pause of the rollback is over.
async fn last_attempt(stack: &Stack) -> Result<RunRecord, Box<dyn std::error::Error>> {
    stack.simulator().faults().clear();
    let database = rusqlite::Connection::open(stack.database().path())?;
    database.busy_timeout(DEADLINE)?;
    database.execute("UPDATE onboarding SET due_at = 0, next_attempt_at = NULL", [])?;
    Ok(stack.wait_for_end("1876", DEADLINE).await?)
}

/// Seconds of `Retry-After`.
fn retry_after(answer: &HttpAnswer) -> Option<u64> {
    answer.header("retry-after")?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_run_rolls_back_people_read_that_it_failed_and_when_something_happens_next() -> Outcome {
    let (stack, run) = waiting_in_its_rollback().await?;
    let shown = status(&stack, "1876").await?;
    assert_eq!((shown.text_at("/status"), shown.text_at("/message")), ("failed", F2));
    assert_eq!(shown.text_at("/onboarding/state"), "rolling_back");
    assert_eq!(shown.text_at("/onboarding/reason"), "secureauth_refused");
    assert!(shown.json["onboarding"]["nextAttemptAt"].is_string());
    let seconds = retry_after(&shown).expect("is there");
    assert!((3_000..=3_600).contains(&seconds), "{seconds}");
    for id in ["1876", &run.onboarding_id] {
        let told = stack.handler().run(&["status", id]).await?;
        assert!(told.contains(&format!("status        failed: {F2}")), "{told}");
    }
    assert_eq!(last_attempt(&stack).await?.state, "failed");
    let after = status(&stack, "1876").await?;
    assert_eq!((after.text_at("/status"), after.text_at("/message")), ("failed", F2));
    assert_eq!(retry_after(&after), None);
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_and_a_no_while_a_run_rolls_back_are_refused_until_it_has_ended() -> Outcome {
    let (stack, run) = waiting_in_its_rollback().await?;
    let door = stack.front_door();
    let next = status(&stack, "1876").await?.json["onboarding"]["nextAttemptAt"].clone();
    for enabled in [true, false] {
        let refused = door.post("1876", &toggle(enabled, "e-2")).await?;
        assert_eq!((refused.status, refused.text_at("/code")), (409, "rolling_back"));
        assert_eq!(refused.text_at("/onboardingId"), run.onboarding_id);
        assert_eq!(refused.json["nextAttemptAt"], next);
        assert_eq!(refused.json["retryable"], true);
        assert!(retry_after(&refused).is_some_and(|seconds| seconds > 3_000));
        assert_eq!(refused.text_at("/statusUrl"), "/api/billers/1876/ciam");
        assert_eq!(
            refused.text_at("/message"),
            "The last change of CIAM failed and is being reversed. Please wait until that is done, then try again."
        );
    }
    let unset = door.wizard("1876", false).await?;
    assert_eq!(
        (unset.status, unset.text_at("/message")),
        (200, "There is nothing to do.")
    );
    let again = door.post("1876", &toggle(true, "e-1")).await?;
    assert_eq!((again.status, again.text_at("/message")), (202, F2));
    assert_eq!(again.text_at("/onboardingId"), run.onboarding_id);
    assert!(again.number_at("/retryAfterSeconds") > 3_000);
    let reused = door.post("1876", &toggle(false, "e-1")).await?;
    assert_eq!((reused.status, reused.text_at("/code")), (409, "event_id_reused"));
    let plan = stack.handler().output(&["plan", "1876"]).await?;
    let told = String::from_utf8(plan.stderr)?;
    let expected = format!("no run would start: run {} is rolling back", run.onboarding_id);
    assert_eq!(told.lines().last(), Some(expected.as_str()));

    assert_eq!(last_attempt(&stack).await?.state, "failed");
    // The refused event was not recorded: the same one starts a run now.
    let accepted = door.post("1876", &toggle(true, "e-2")).await?;
    assert_eq!(accepted.status, 202);
    assert_eq!(ended(&stack, "1876", &accepted).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_as_rolling_back_before_the_worker_that_began_it_lets_go() -> Outcome {
    let stack = start(options().set("LEASE", "1h"), "1876", 2).await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("update_organization", refusal(422, false)));
    let database = rusqlite::Connection::open(stack.database().path())?;
    database.busy_timeout(DEADLINE)?;
    database.execute_batch(
        "CREATE TRIGGER kept_lease BEFORE UPDATE OF lease_owner ON onboarding
         WHEN NEW.lease_owner IS NULL AND NEW.state <> 'queued'
         BEGIN SELECT RAISE(ABORT, 'refused'); END;",
    )?;
    let answer = stack.front_door().toggle("1876", true).await?;
    let id = answer.text_at("/onboardingId");
    let begun = || {
        Ok(stack
            .database()
            .journal(id)?
            .iter()
            .any(|it| it.entry == "rollback_started"))
    };
    until("the rollback begins", begun).await?;
    let shown = status(&stack, "1876").await?;
    assert_eq!((shown.text_at("/status"), shown.text_at("/message")), ("failed", F2));
    assert_eq!(shown.text_at("/onboarding/state"), "rolling_back");
    let refused = stack.front_door().toggle("1876", true).await?;
    assert_eq!((refused.status, refused.text_at("/code")), (409, "rolling_back"));
    assert_eq!(refused.json["nextAttemptAt"], serde_json::Value::Null);
    assert_eq!(retry_after(&refused), Some(2));
    database.execute_batch("DROP TRIGGER kept_lease")?;
    assert_eq!(ended(&stack, "1876", &answer).await?.state, "failed");
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_leaves_its_biller_active_and_says_so_from_its_rollback_on() -> Outcome {
    let stack = start(hourly(), "1876", 2).await?;
    enable(&stack, "1876").await?;
    add_users(&stack)?;
    let faults = stack.simulator().faults();
    // The third read of the pool is the verification; the rollback then cannot find out who has enrolled.
    faults.add(Fault::on("get_pool", refusal(422, false)).nth(3));
    faults.add(Fault::on("get_user", refusal(503, false)));
    assert_eq!(stack.front_door().toggle("1876", true).await?.status, 202);
    let waits =
        |run: &RunRecord| run.state == "rolling_back" && run.waiting_for.as_deref() == Some("secureauth_unavailable");
    stack.wait_for("1876", DEADLINE, waits).await?;
    let says = |shown: &HttpAnswer, state: &str| {
        assert_eq!(
            (shown.text_at("/status"), shown.text_at("/message")),
            ("active", NOT_SYNCED)
        );
        assert_eq!(
            (shown.text_at("/ciamStatus"), shown.text_at("/onboarding/state")),
            ("active", state)
        );
        assert_eq!(shown.json["ciamEnabled"], true);
        assert_eq!(shown.json["completedWithIssues"], false);
    };
    says(&status(&stack, "1876").await?, "rolling_back");
    assert_eq!(last_attempt(&stack).await?.state, "failed");
    says(&status(&stack, "1876").await?, "failed");
    let told = stack.handler().run(&["status", "1876"]).await?;
    assert!(told.contains(&format!("status        active: {NOT_SYNCED}")), "{told}");
    assert_eq!(stack.in_secureauth("1876"), live(2));
    Ok(())
}

fn add_users(stack: &Stack) -> Outcome {
    let more = [7, 8].map(|number| UserRow::sample("1876", number));
    stack.crm().add_users("1876", &more)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disable_run_that_fails_leaves_the_biller_active_and_keeps_its_sentence() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    enable(&stack, "1876").await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("update_organization", refusal(422, false)));
    assert_eq!(disable(&stack, "1876").await?.state, "failed");
    let shown = status(&stack, "1876").await?;
    assert_eq!(
        (shown.text_at("/status"), shown.text_at("/message")),
        ("failed", NOT_DISABLED)
    );
    assert_eq!(shown.text_at("/ciamStatus"), "active");
    assert_eq!(stack.in_secureauth("1876"), live(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_run_says_when_to_ask_again_and_an_ended_one_does_not() -> Outcome {
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true");
    let stack = start(frozen, "1876", 1).await?;
    assert_eq!(retry_after(&status(&stack, "1876").await?), None);
    stack.front_door().toggle("1876", true).await?;
    assert_eq!(retry_after(&status(&stack, "1876").await?), Some(2));
    let stack = start(options().set("RUN_PAUSES", "1h"), "1876", 1).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_organization", refusal(503, false)));
    let first = stack.front_door().toggle("1876", true).await?;
    stack.wait_for("1876", DEADLINE, |run| run.state == "waiting").await?;
    let waiting = status(&stack, "1876").await?;
    assert!(retry_after(&waiting).is_some_and(|seconds| seconds > 3_000));
    let joined = stack.front_door().toggle("1876", true).await?;
    assert_eq!(joined.text_at("/onboardingId"), first.text_at("/onboardingId"));
    assert!(retry_after(&joined).is_some_and(|seconds| seconds > 3_000));
    add_biller(&stack, "1877", 0)?;
    assert_eq!(retry_after(&status(&stack, "1877").await?), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_conflict_has_a_sentence_for_people_and_the_path_of_the_status() -> Outcome {
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true");
    let stack = start(frozen, "1876", 1).await?;
    stack.crm().add_biller("1877", None)?;
    let door = stack.front_door();
    door.post("1876", &toggle(true, "e-1")).await?;
    for (answer, code, message) in [
        (
            door.toggle("1876", false).await?,
            "opposite_operation_running",
            "CIAM is being switched the other way at the moment. Please wait until that is done, then try again.",
        ),
        (
            door.post("1876", &toggle(false, "e-1")).await?,
            "event_id_reused",
            "The request could not be accepted. Please contact support.",
        ),
        (
            door.toggle("1877", true).await?,
            "biller_without_name",
            "The biller has no name. Please enter its name, then try again.",
        ),
    ] {
        assert_eq!((answer.status, answer.text_at("/code")), (409, code));
        assert_eq!(answer.text_at("/message"), message);
        assert!(answer.text_at("/statusUrl").starts_with("/api/billers/187"), "{code}");
    }
    Ok(())
}
