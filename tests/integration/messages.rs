//! The queue and the timer: messages that are lost, doubled, not ours, or of a newer version.

use std::time::Duration;

use functions_host::{ConsoleLine, Invocation};
use local_stack::Stack;
use secureauth_simulator::{Fault, FaultKind, FaultStatus};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{DEADLINE, Outcome, calls_of, ended, live, nothing, options, stack_with, start};

const QUEUE: &str = "migrate-users";
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(5);

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_not_ours_are_dropped_and_logged() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let queue = stack.host().queue(QUEUE);
    let unknown = json!({"v": 1, "onboardingId": "00000000-0000-4000-8000-000000000000"}).to_string();
    for text in ["hello", "{}", "[1]", r#"{"v":"1"}"#, &unknown] {
        queue.send(text).await?;
    }
    stack.host().wait_until_idle(DEADLINE).await?;
    assert!(queue.poison().is_empty());
    let told = |lines: &[ConsoleLine], words: &str| lines.iter().filter(|line| line.text.contains(words)).count();
    let all_told = |lines: &[ConsoleLine]| told(lines, "not ours") + told(lines, "there is no such run") == 5;
    let lines = stack.host().wait_for_console(DEADLINE, all_told).await?;
    assert_eq!(told(&lines, "not ours"), 4);
    assert!(
        !lines.iter().any(|line| line.text.contains("hello")),
        "what was in the message is not logged"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_newer_version_is_left_for_a_newer_instance() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let queue = stack.host().queue(QUEUE);
    queue.send(r#"{"v":2,"run":"x"}"#).await?;
    stack.host().wait_until_idle(DEADLINE).await?;
    assert_eq!(
        queue.poison().len(),
        1,
        "delivered maxDequeueCount times, then moved to the poison queue"
    );
    assert_eq!(invocations(&stack).len(), 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_delivered_many_times_does_the_work_once() -> Outcome {
    let stack = start(options().patient(), "1876", 5).await?;
    let toggled = stack.front_door().toggle("1876", true).await?;
    let text = json!({"v": 1, "onboardingId": toggled.text_at("/onboardingId")}).to_string();
    for _ in 0..10 {
        stack.host().queue(QUEUE).send(&text).await?;
    }
    assert_eq!(ended(&stack, "1876", &toggled).await?.state, "succeeded");
    stack.host().queue(QUEUE).send(&text).await?;
    stack.drain(DEADLINE).await?;
    assert_eq!(stack.in_secureauth("1876"), live(5));
    for operation in ["create_organization", "create_pool", "import_identity_configuration"] {
        assert_eq!(calls_of(&stack, operation).len(), 1, "{operation}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_lost_after_the_commit_is_sent_again_by_the_timer() -> Outcome {
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true");
    let stack = start(frozen.set("RESEND_FIRST", "1s"), "1876", 2).await?;
    let toggled = stack.front_door().toggle("1876", true).await?;
    let queue = stack.host().queue(QUEUE);
    // The timer sends the message again after a second. Whether it has done so yet or not, there is a message to lose.
    assert!(!queue.is_empty());
    queue.clear();
    let before = stack.database().latest_run("1876")?.expect("is there").resends;
    stack.wait_for("1876", DEADLINE, |run| run.resends > before).await?;
    let started = Instant::now();
    while queue.is_empty() {
        assert!(started.elapsed() < DEADLINE, "the message is not sent again");
        tokio::time::sleep(LOOK).await;
    }
    let text = queue.peek().first().cloned().expect("a message").text;
    assert!(text.contains(toggled.text_at("/onboardingId")), "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joining_post_emits_the_message_again_only_until_the_run_was_leased() -> Outcome {
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true");
    let patient = frozen.set("RESEND_FIRST", "1h").set("RESEND_LONGEST", "1h");
    let stack = start(patient, "1876", 2).await?;
    stack.front_door().toggle("1876", true).await?;
    stack.front_door().toggle("1876", true).await?;
    let queued = stack.host().queue(QUEUE).len();
    assert_eq!(queued, 2, "not leased yet: the first message may have been lost");

    let stack = start(options().patient().set("RUN_PAUSES", "1h"), "1876", 2).await?;
    secureauth_is_down(&stack);
    stack.front_door().toggle("1876", true).await?;
    stack.wait_for("1876", DEADLINE, |run| run.state == "waiting").await?;
    stack.host().wait_until_idle(DEADLINE).await?;
    let joined = stack.front_door().toggle("1876", true).await?;
    assert_eq!(joined.status, 202);
    stack.host().wait_until_idle(DEADLINE).await?;
    let time_slices = invocations(&stack).len();
    assert_eq!(time_slices, 1, "only the timer sends the message of a waiting run");
    Ok(())
}

fn secureauth_is_down(stack: &Stack) {
    let down = FaultKind::Status(FaultStatus {
        status: 503,
        ..FaultStatus::default()
    });
    stack.simulator().faults().add(Fault {
        operation: None,
        ..Fault::on("", down)
    });
}

fn invocations(stack: &Stack) -> Vec<Invocation> {
    let all = stack.host().invocations().into_iter();
    all.filter(|invocation| invocation.function == "function-migrate-users")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_entry_of_a_newer_version_leaves_the_run_to_it() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "1h"), "1876", 1).await?;
    secureauth_is_down(&stack);
    let toggled = stack.front_door().toggle("1876", true).await?;
    let id = toggled.text_at("/onboardingId").to_owned();
    stack.wait_for("1876", DEADLINE, |run| run.state == "waiting").await?;
    let newer = rusqlite::Connection::open(stack.database().path())?;
    newer.execute(
        "INSERT INTO onboarding_journal (onboarding_id, seq, written_at, entry, detail) VALUES (?1, 99, 0, 'teleport', ?2)",
        [id.as_str(), r#"{"entry":"teleport"}"#],
    )?;
    newer.execute(
        "UPDATE onboarding SET next_attempt_at = 0, due_at = 0 WHERE onboarding_id = ?1",
        [id.as_str()],
    )?;
    stack.simulator().faults().clear();
    let started = Instant::now();
    while invocations(&stack).iter().all(Invocation::succeeded) {
        assert!(started.elapsed() < DEADLINE, "the invocation does not fail");
        tokio::time::sleep(LOOK).await;
    }
    let run = stack.database().latest_run("1876")?.expect("is there");
    assert!(!run.has_ended(), "{}", run.state);
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_is_told_on_a_queue_of_its_own_without_personal_data() -> Outcome {
    let stack = stack_with("1876", 2).await?;
    let run = crate::support::enable(&stack, "1876").await?;
    stack.simulator().faults().add(Fault::on(
        "get_organization",
        FaultKind::Status(FaultStatus {
            status: 422,
            ..FaultStatus::default()
        }),
    ));
    let failed = crate::support::enable(&stack, "1876").await?;
    stack.host().wait_until_idle(DEADLINE).await?;
    let told = stack.host().queue("onboarding-ended").peek();
    let told: Vec<serde_json::Value> = told
        .iter()
        .filter_map(|it| serde_json::from_str(&it.text).ok())
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let (first, second) = (&told[0], &told[1]);
    assert_eq!(
        (
            &first["onboardingId"],
            &first["billerId"],
            &first["kind"],
            &first["state"]
        ),
        (
            &json!(run.onboarding_id),
            &json!("1876"),
            &json!("enable"),
            &json!("succeeded")
        )
    );
    assert_eq!(first["progress"]["imported"], 2);
    assert_eq!(
        (&second["onboardingId"], &second["state"]),
        (&json!(failed.onboarding_id), &json!("failed"))
    );
    for message in &told {
        let members: Vec<&String> = message.as_object().expect("is an object").keys().collect();
        let known = [
            "billerId",
            "issuesTotal",
            "kind",
            "onboardingId",
            "progress",
            "state",
            "traceparent",
            "v",
        ];
        assert_eq!(members, known);
    }
    Ok(())
}
