//! The queue and the timer: messages that are lost, doubled, foreign or newer.

use serde_json::json;

use crate::support::{DEADLINE, Outcome, enable, ended, live, options, stack_with, start};

const QUEUE: &str = "migrate-users";

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
    let lines: Vec<String> = stack.host().console_lines().into_iter().map(|line| line.text).collect();
    assert_eq!(lines.iter().filter(|line| line.contains("not ours")).count(), 4);
    assert_eq!(lines.iter().filter(|line| line.contains("there is no such run")).count(), 1);
    assert!(!lines.iter().any(|line| line.contains("hello")), "what was in the message is not logged");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_newer_version_is_left_for_a_newer_instance() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let queue = stack.host().queue(QUEUE);
    queue.send(r#"{"v":2,"run":"x"}"#).await?;
    stack.host().wait_until_idle(DEADLINE).await?;
    assert_eq!(queue.poison().len(), 1, "delivered maxDequeueCount times, then kept aside");
    let tries = stack.host().invocations().into_iter().filter(|invocation| invocation.function == "function-migrate-users");
    assert_eq!(tries.count(), 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_delivered_many_times_does_the_work_once() -> Outcome {
    let stack = stack_with("1876", 5).await?;
    let toggled = stack.front_door().toggle("1876", true).await?;
    let text = json!({"v": 1, "onboardingId": toggled.text_at("/onboardingId")}).to_string();
    for _ in 0..10 {
        stack.host().queue(QUEUE).send(&text).await?;
    }
    assert_eq!(ended(&stack, "1876", &toggled).await?.state, "succeeded");
    stack.host().queue(QUEUE).send(&text).await?;
    stack.drain(DEADLINE).await?;
    assert_eq!(stack.in_secureauth("1876"), live(5));
    let calls = stack.simulator().calls();
    for operation in ["create_organization", "create_pool", "import_identity_configuration"] {
        let times = calls.iter().filter(|call| call.operation == operation).count();
        assert_eq!(times, 1, "{operation}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_lost_after_the_commit_is_sent_again_by_the_timer() -> Outcome {
    let stack = start(options().set("AzureWebJobs.function-migrate-users.Disabled", "true"), "1876", 2).await?;
    let toggled = stack.front_door().toggle("1876", true).await?;
    let queue = stack.host().queue(QUEUE);
    assert_eq!(queue.len(), 1);
    queue.clear();
    // The row is due for the timer a second later; its message comes back once per claim.
    stack.wait_for("1876", DEADLINE, |run| run.resends > 0).await?;
    let started = tokio::time::Instant::now();
    while queue.is_empty() {
        assert!(started.elapsed() < DEADLINE);
        tokio::task::yield_now().await;
    }
    let text = queue.peek().first().cloned().expect("a message").text;
    assert!(text.contains(toggled.text_at("/onboardingId")), "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joining_post_emits_the_message_again_only_until_the_run_was_leased() -> Outcome {
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true").set("RESEND_FIRST", "5s");
    let stack = start(frozen, "1876", 2).await?;
    let queue = stack.host().queue(QUEUE);
    stack.front_door().toggle("1876", true).await?;
    stack.front_door().toggle("1876", true).await?;
    assert_eq!(queue.len(), 2, "not leased yet: the first message may have been lost");
    let other = stack_with("1877", 1).await?;
    let run = enable(&other, "1877").await?;
    assert_eq!(run.state, "succeeded");
    let first = toggle_again(&other).await?;
    assert!(other.host().queue(QUEUE).is_empty(), "{first}");
    Ok(())
}

/// The same event again, long after its run ended.
async fn toggle_again(stack: &local_stack::Stack) -> Result<String, Box<dyn std::error::Error>> {
    let run = stack.database().latest_run("1877")?.expect("has one");
    let sent = stack.host().invocations().len();
    stack.drain(DEADLINE).await?;
    Ok(format!("{} after {sent} invocations", run.onboarding_id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_entry_of_a_newer_version_leaves_the_run_to_it() -> Outcome {
    let stack = start(options().set("AzureWebJobs.function-migrate-users.Disabled", "true"), "1876", 1).await?;
    let toggled = stack.front_door().toggle("1876", true).await?;
    let id = toggled.text_at("/onboardingId").to_owned();
    let newer = rusqlite::Connection::open(stack.database().path())?;
    newer.execute(
        "INSERT INTO onboarding_journal (onboarding_id, seq, at, entry, detail) VALUES (?1, 1, 0, 'teleport', '{\"entry\":\"teleport\"}')",
        [&id],
    )?;
    let second = start(options(), "unused", 0).await?;
    drop(second);
    let text = json!({"v": 1, "onboardingId": id}).to_string();
    let answer = reqwest::Client::new()
        .post(format!("{}/admin/functions/function-migrate-users", stack.host().base_url()))
        .json(&json!({"input": text}))
        .send()
        .await?;
    assert_eq!(answer.status().as_u16(), 202);
    let started = tokio::time::Instant::now();
    loop {
        let failed = stack.host().invocations().into_iter().find(|invocation| !invocation.succeeded());
        if failed.is_some() {
            break;
        }
        assert!(started.elapsed() < DEADLINE, "the invocation fails");
        tokio::task::yield_now().await;
    }
    let run = stack.database().latest_run("1876")?.expect("is there");
    assert!(!run.has_ended(), "{}", run.state);
    Ok(())
}
