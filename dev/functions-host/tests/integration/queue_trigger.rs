//! The queue loop with embedded queues (S29–S32).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use functions_host::{Clock, EmbeddedQueues, FunctionsHost, NotIdle, QueueService as _};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::{App, DEADLINE, QUEUE, invocations_of, until};

/// Queues, and their clock in seconds, which a test can move.
fn queues_with_clock() -> (EmbeddedQueues, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(0));
    let reading = Arc::clone(&seconds);
    let clock: Clock =
        Arc::new(move || OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(reading.load(Ordering::SeqCst)));
    (EmbeddedQueues::new(clock, 1), seconds)
}

fn hidden(host: &FunctionsHost) -> usize {
    host.queue(QUEUE)
        .peek()
        .iter()
        .filter(|message| !message.visible)
        .count()
}

#[tokio::test]
async fn a_message_is_handed_to_the_function_and_deleted() {
    let app = App::new();
    let host = app.start().await;
    host.queue(QUEUE).send("hello!!").await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    let messages = host.queue("seen").peek();
    assert_eq!(messages.len(), 1);
    let seen: Value = serde_json::from_str(&messages[0].text).unwrap();
    assert_eq!(seen["path"], "/work");
    assert_eq!(seen["envelope"]["Data"], json!({ "message": "\"hello!!\"" }));
    assert!(invocations_of(&host, "work")[0].succeeded());
}

#[tokio::test]
async fn the_trigger_queue_is_not_created_but_output_queues_are() {
    let queues = EmbeddedQueues::default();
    let app = App::new().with(|options| options.queues = Some(Arc::new(queues.clone())));
    let host = app.start().await;
    let url = host.base_url() + "/admin/functions/work";
    crate::support::client().post(url).send().await.unwrap();
    until("the output is written", async || host.queue("seen").len() == 1).await;
    assert!(queues.exists("seen").await.unwrap() && !queues.exists(QUEUE).await.unwrap());
    host.queue(QUEUE).send("a").await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert_eq!(host.queue("seen").len(), 2);
}

#[tokio::test]
async fn a_message_put_by_the_host_itself_ends_the_wait_of_the_trigger() {
    let an_hour = Duration::from_hours(1);
    let app = App::new().with(|options| {
        options.time.min_polling_interval = an_hour;
        options.time.max_polling_interval = Some(an_hour);
    });
    let host = app.start().await;
    for count in 1..=3 {
        host.queue(QUEUE).send("a").await.unwrap();
        until("the message is done", async || {
            invocations_of(&host, "work").len() == count
        })
        .await;
    }
    assert!(host.invocations().iter().all(functions_host::Invocation::succeeded));
}

#[tokio::test]
async fn a_message_is_renewed_while_its_function_runs() {
    let (queues, seconds) = queues_with_clock();
    let app = App::new().with(|options| {
        options.queues = Some(Arc::new(queues));
        options.time.renewal_interval = Duration::from_millis(10);
    });
    let host = app.start().await;
    let file = app.file("go-on");
    let message = json!({ "do": { "wait_for": file, "envelope": {} } }).to_string();
    host.queue(QUEUE).send(&message).await.unwrap();
    until("the message is in work", async || hidden(&host) == 1).await;
    for now in [400, 800, 1200] {
        seconds.store(now, Ordering::SeqCst);
        let renewed_until = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(now + 600);
        until("the message is renewed", async || {
            host.queue(QUEUE).peek()[0].next_visible_time == renewed_until
        })
        .await;
    }
    std::fs::write(&file, "").unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    let invocations = invocations_of(&host, "work");
    assert_eq!((invocations.len(), invocations[0].dequeue_count), (1, Some(1)));
    assert!(invocations[0].succeeded());
}

#[tokio::test]
async fn a_failed_message_stays_away_for_the_visibility_timeout() {
    let (queues, seconds) = queues_with_clock();
    let app = App::new().with(|options| {
        options.queues = Some(Arc::new(queues));
        options.time.failure_visibility = Some(Duration::from_secs(30));
    });
    let host = app.start().await;
    host.queue(QUEUE)
        .send(&json!({ "do": { "status": 500 } }).to_string())
        .await
        .unwrap();
    for delivery in 1..=3_i64 {
        let visible_at = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(delivery * 30);
        until("the message has failed", async || {
            host.queue(QUEUE).peek()[0].next_visible_time == visible_at
        })
        .await;
        assert_eq!(
            host.queue(QUEUE).peek()[0].dequeue_count,
            u32::try_from(delivery).unwrap()
        );
        seconds.store(delivery * 30, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn no_more_messages_run_at_once_than_batch_size_and_threshold_allow() {
    let queues = EmbeddedQueues::default();
    let app = App::new()
        .set("AzureFunctionsJobHost__extensions__queues__batchSize", "2")
        .set("AzureFunctionsJobHost__extensions__queues__newBatchThreshold", "2")
        .set("AzureFunctionsJobHost__extensions__queues__messageEncoding", "none")
        .with(|options| options.queues = Some(Arc::new(queues.clone())));
    let file = app.file("go-on");
    let message = json!({ "do": { "print": "in work", "wait_for": file, "envelope": {} } }).to_string();
    // All messages are put before the first receive, because a batch that is not full would leave room for another one.
    queues.create(QUEUE).await.unwrap();
    for _ in 0..10 {
        queues.put(QUEUE, &message, DEADLINE * 100).await.unwrap();
    }
    let host = app.start().await;
    let in_work = || {
        host.console_lines()
            .iter()
            .filter(|line| line.text == "in work")
            .count()
    };
    until("two batches are in work", async || in_work() == 4).await;
    assert_eq!(hidden(&host), 4);
    std::fs::write(&file, "").unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert_eq!(invocations_of(&host, "work").len(), 10);
    until("all have been in work", async || in_work() == 10).await;
}

#[tokio::test]
async fn messages_of_a_host_that_died_come_back_to_another_after_ten_minutes() {
    let (queues, seconds) = queues_with_clock();
    let app = App::new().with(|options| options.queues = Some(Arc::new(queues)));
    let first = app.start().await;
    let file = app.file("go-on");
    let message = json!({ "do": { "wait_for": file, "envelope": {} } }).to_string();
    first.queue(QUEUE).send(&message).await.unwrap();
    until("the message is in work", async || hidden(&first) == 1).await;
    drop(first);
    std::fs::write(&file, "").unwrap();
    let second = app.start().await;
    second.wait_until_ready(DEADLINE).await.unwrap();
    assert_eq!(hidden(&second), 1);
    seconds.store(600, Ordering::SeqCst);
    second.wait_until_idle(DEADLINE).await.unwrap();
    assert_eq!(invocations_of(&second, "work")[0].dequeue_count, Some(2));
}

#[tokio::test]
async fn two_hosts_on_the_same_queues_share_the_messages() {
    let queues = EmbeddedQueues::default();
    let app = App::new().with(|options| {
        options.queues = Some(Arc::new(queues));
        options.seed = None;
    });
    let hosts = [app.start().await, app.start().await];
    for n in 0..40 {
        hosts[0].queue(QUEUE).send(&format!("{n}")).await.unwrap();
    }
    for host in &hosts {
        host.wait_until_idle(DEADLINE).await.unwrap();
    }
    let done: usize = hosts.iter().map(|host| invocations_of(host, "work").len()).sum();
    assert_eq!(done, 40);
    assert_eq!(hosts[1].queue("seen").len(), 40);
}

#[tokio::test]
async fn without_message_encoding_bodies_are_plain_text() {
    let app = App::new().set("AzureFunctionsJobHost__extensions__queues__messageEncoding", "none");
    let host = app.start().await;
    host.queue(QUEUE).send_raw("hello!!").await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    let seen: Value = serde_json::from_str(&host.queue("seen").peek()[0].text).unwrap();
    assert_eq!(seen["envelope"]["Data"]["message"], "\"hello!!\"");
}

#[tokio::test]
async fn a_host_that_is_not_idle_says_what_is_left() {
    let app = App::new();
    let host = app.start().await;
    let file = app.file("go-on");
    let message = json!({ "do": { "wait_for": file, "envelope": {} } }).to_string();
    host.queue(QUEUE).send(&message).await.unwrap();
    until("the message is in work", async || hidden(&host) == 1).await;
    let not_idle = host.wait_until_idle(Duration::ZERO).await.unwrap_err();
    assert!(
        matches!(&not_idle, NotIdle::Busy { messages, .. } if *messages == [(QUEUE.to_owned(), 1)]),
        "{not_idle}"
    );
    std::fs::write(&file, "").unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert!(host.queue(QUEUE).is_empty());
}
