//! The whole stack with its queues in Azurite. What the host itself does there is in `dev/functions-host/tests/integration/azurite.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use functions_host::{ConsoleLine, FunctionsHost, Invocation, QueueService as _, StorageQueues};
use local_stack::{RunRecord, Stack, StackOptions, Storage};
use secureauth_simulator::{Fault, FaultKind};
use serde_json::json;

use crate::figures;
use crate::support::{
    DEADLINE, IMPORT, Outcome, add_biller, assert_understood, calls_of, disable, enable, live, options, start, until,
};

const QUEUE: &str = "migrate-users";
const POISON: &str = "migrate-users-poison";
const MIGRATE: &str = "function-migrate-users";

fn over_azurite() -> StackOptions {
    options().storage(Storage::Azurite)
}

/// The account's queues, as another program sees them.
fn queues_of(stack: &Stack) -> Result<StorageQueues, Box<dyn std::error::Error>> {
    let azurite = stack.azurite().ok_or("the stack has an Azurite")?;
    Ok(StorageQueues::new(&azurite.connection_string())?)
}

/// How often each delivery of the queue function had been delivered, by host.
fn deliveries(host: &FunctionsHost) -> Vec<u32> {
    let invocations = host.invocations().into_iter();
    let migrations = invocations.filter(|it| it.function == MIGRATE);
    migrations.filter_map(|it| it.dequeue_count).collect()
}

fn delay(ms: u64) -> FaultKind {
    FaultKind::Delay {
        ms,
        after_effect: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_is_enabled_synced_and_disabled_and_its_queue_is_created_with_the_first_message() -> Outcome {
    let stack = start(over_azurite(), "1876", 250).await?;
    let queues = queues_of(&stack)?;
    assert!(!queues.exists(QUEUE).await?, "nobody has sent a message");
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert!(queues.exists(QUEUE).await?);
    assert_eq!(stack.in_secureauth("1876"), live(250));
    assert_eq!(enable(&stack, "1876").await?.kind, "sync");
    assert_eq!(disable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876").deactivated, Some(true));
    stack.drain(DEADLINE).await?;
    assert_eq!((queues.count(QUEUE).await?, queues.count(POISON).await?), (0, 0));
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_newer_version_ends_in_the_poison_queue() -> Outcome {
    let stack = start(over_azurite(), "1876", 1).await?;
    let queues = queues_of(&stack)?;
    let newer = json!({ "v": 2, "onboardingId": "00000000-0000-4000-8000-000000000000" });
    stack.host().queue(QUEUE).send(&newer.to_string()).await?;
    stack.host().wait_until_idle(DEADLINE).await?;
    let counts: Vec<u32> = (1..=10).collect();
    assert_eq!(deliveries(stack.host()), counts, "maxDequeueCount in host.json");
    assert_eq!((queues.count(QUEUE).await?, queues.count(POISON).await?), (0, 1));
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    Ok(())
}

/// A stack whose only run imports users slowly, and whose dead workers lose their lease soon.
async fn slow_import() -> Result<Stack, Box<dyn std::error::Error>> {
    let short_lease = over_azurite().set("LEASE", "6s").set("HEARTBEAT", "1s");
    let stack = start(short_lease, "1876", 150).await?;
    let slow = Fault::on(IMPORT, delay(1500)).nth(1);
    stack.simulator().faults().add(slow);
    assert_eq!(stack.front_door().toggle("1876", true).await?.status, 202);
    until("the import is under way", || Ok(!calls_of(&stack, IMPORT).is_empty())).await?;
    Ok(stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_is_killed_with_a_message_in_hand_gets_it_again() -> Outcome {
    let stack = slow_import().await?;
    stack.host().kill_handler().await;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(150));
    stack.drain(DEADLINE).await?;
    assert!(deliveries(stack.host()).contains(&2), "{:?}", deliveries(stack.host()));
    let failed = |it: &Invocation| it.function == MIGRATE && it.dequeue_count == Some(1) && !it.succeeded();
    assert!(stack.host().invocations().iter().any(failed), "the killed one");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_receipt_expires_is_delivered_again_and_the_run_is_worked_on_once() -> Outcome {
    let mut options = over_azurite().patient().hosts(2);
    options.host_times.message_visibility = Duration::from_secs(1);
    let stack = start(options, "1876", 1).await?;
    stack.simulator().faults().add(Fault::on(IMPORT, delay(3000)));
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 1));
    stack.drain(DEADLINE).await?;
    let deliveries: Vec<Vec<u32>> = stack.hosts().iter().map(deliveries).collect();
    assert!(deliveries.iter().flatten().any(|count| *count > 1), "{deliveries:?}");
    assert_eq!(calls_of(&stack, IMPORT).len(), 1);
    assert_eq!(stack.in_secureauth("1876"), live(1));
    assert_eq!(queues_of(&stack)?.count(QUEUE).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_deleted_with_the_message_of_a_run_costs_time_and_no_run() -> Outcome {
    let stack = slow_import().await?;
    let queues = queues_of(&stack)?;
    queues.delete_queue(QUEUE).await?;
    stack.host().kill_handler().await;
    assert!(!queues.exists(QUEUE).await?, "the message is lost with the queue");
    assert_eq!(stack.wait_for_end("1876", DEADLINE).await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(150));
    assert!(queues.exists(QUEUE).await?, "the timer's message created it again");
    Ok(())
}

const BILLERS: u32 = 200;

/// The runs that this host's handler brought to their end, by the handler's log.
fn ended_by(host: &FunctionsHost) -> Vec<String> {
    let ends =
        |line: &ConsoleLine| line.text.contains("the time slice is over") && !line.text.contains("already_succeeded");
    let lines = host.console_lines().into_iter();
    let ends = lines.filter(|line| ends(line) && line.text.contains("succeeded"));
    ends.map(|line| line.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_race_on_200_billers_and_no_run_is_worked_on_twice() -> Outcome {
    let racing = over_azurite().patient().hosts(2).set("SECUREAUTH_WORKERS", "2");
    let stack = start(racing.set("NO_SLOT_PAUSE", "200ms"), "b0", 2).await?;
    for number in 1..BILLERS {
        add_biller(&stack, &format!("b{number}"), 2)?;
    }
    for number in 0..BILLERS {
        let door = stack.front_door_of(number as usize % 2);
        assert_eq!(door.toggle(&format!("b{number}"), true).await?.status, 202);
    }
    let mut runs = Vec::new();
    for number in 0..BILLERS {
        let run = stack.wait_for_end(&format!("b{number}"), DEADLINE).await?;
        assert_eq!((run.state.as_str(), run.imported), ("succeeded", 2), "{run:?}");
        assert_eq!(stack.in_secureauth(&run.biller_id), live(2));
        runs.push(run);
    }
    stack.drain(DEADLINE).await?;

    // Each run made each change once.
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in stack.simulator().calls() {
        if let (Some(run), Some(operation)) = (call.correlation_id, call.operation) {
            calls.entry(run).or_default().push(operation);
        }
    }
    let is_once = |operations: &[String]| {
        let mut changes = ["create_organization", "create_pool", IMPORT, "update_organization"].into_iter();
        changes.all(|change| operations.iter().filter(|it| it.as_str() == change).count() == 1)
    };
    let made = |run: &RunRecord| calls.get(&run.onboarding_id).map(Vec::as_slice).unwrap_or_default();
    let twice: Vec<_> = runs.iter().map(made).filter(|made| !is_once(made)).collect();

    let by_host = || stack.hosts().iter().map(ended_by).collect::<Vec<_>>();
    let all_logged = || Ok(by_host().iter().flatten().count() == runs.len());
    until("every run has one log line of its end", all_logged).await?;
    let by_host = by_host();
    let shares: Vec<usize> = by_host.iter().map(Vec::len).collect();
    for run in &runs {
        let ends = by_host
            .iter()
            .flatten()
            .filter(|line| line.contains(&run.onboarding_id));
        assert_eq!(ends.count(), 1, "{run:?}");
    }
    let delivered: Vec<usize> = stack.hosts().iter().map(|host| deliveries(host).len()).collect();
    figures::show(&format!(
        "race: {BILLERS} billers on two hosts: runs ended {shares:?}, deliveries {delivered:?}, runs worked on twice {}",
        twice.len()
    ));
    assert!(twice.is_empty(), "{twice:#?}");
    assert!(shares.iter().all(|share| *share >= BILLERS as usize / 4), "{shares:?}");
    assert_understood(&stack);
    Ok(())
}
