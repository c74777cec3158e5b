//! The queue loop over Azurite (S29, S30, S33). The first test holds the embedded queues against it.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use functions_host::{Azurite, EmbeddedQueues, FunctionsHost, Invocation, QueueError, QueueService, StorageQueues};
use serde_json::{Value, json};

use crate::support::{App, DEADLINE, QUEUE, invocations_of, last_failure, tell, until};

const HOUR: Duration = Duration::from_hours(1);
/// The shortest time for which an account hides a message.
const SECOND: Duration = Duration::from_secs(1);

async fn start_azurite() -> Azurite {
    Azurite::start().await.unwrap_or_else(|error| panic!("{error}"))
}

fn queues_of(azurite: &Azurite) -> StorageQueues {
    StorageQueues::new(&azurite.connection_string()).unwrap()
}

/// The app with Azurite as its storage account.
async fn app() -> (App, StorageQueues, Azurite) {
    let azurite = start_azurite().await;
    let app = App::new().set("AzureWebJobsStorage", &azurite.connection_string());
    let app = app.with(|options| options.seed = None);
    (app, queues_of(&azurite), azurite)
}

/// The decoded texts of a queue's visible messages.
async fn texts(queues: &StorageQueues, queue: &str) -> Vec<String> {
    let messages = queues.receive(queue, 32, HOUR).await.unwrap();
    let decode = |body| String::from_utf8(STANDARD.decode(body).unwrap()).unwrap();
    messages.into_iter().map(|message| decode(message.body)).collect()
}

fn deliveries(host: &FunctionsHost) -> Vec<(Option<u32>, bool)> {
    let invocations = invocations_of(host, "work").into_iter();
    let seen = |invocation: Invocation| (invocation.dequeue_count, invocation.succeeded());
    invocations.map(seen).collect()
}

/// The code of an error, without the id of the message that it is about.
fn kind(error: &QueueError) -> String {
    error.to_string().split(':').next().unwrap_or_default().to_owned()
}

/// What queues answer to one course of requests.
async fn course(queues: &dyn QueueService) -> Vec<String> {
    let mut seen = Vec::new();
    let mut saw = |what: &str, result: String| seen.push(format!("{what}: {result}"));
    saw("exists", format!("{:?}", queues.exists("items").await));
    saw("count", format!("{:?}", queues.count("items").await));
    saw(
        "put, no queue",
        kind(&queues.put("items", "a", HOUR).await.unwrap_err()),
    );
    saw(
        "receive, no queue",
        kind(&queues.receive("items", 1, HOUR).await.unwrap_err()),
    );
    saw("create", format!("{:?}", queues.create("items").await));
    saw("create again", format!("{:?}", queues.create("items").await));
    saw("create, no name", kind(&queues.create("Not_A_Name").await.unwrap_err()));
    saw("exists now", format!("{:?}", queues.exists("items").await));
    for body in ["a <&\"'> é", "b", "c"] {
        saw("put", format!("{:?}", queues.put("items", body, HOUR).await));
    }
    let largest = "x".repeat(65_536);
    saw(
        "put, largest",
        format!("{:?}", queues.put("items", &largest, HOUR).await),
    );
    let too_large = queues.put("items", &format!("{largest}x"), HOUR).await;
    saw("put, too large", format!("{too_large:?}"));
    let batch = queues.receive("items", 2, HOUR).await.unwrap();
    for message in &batch {
        saw(
            "receive",
            format!("{} for the {}. time", message.body, message.dequeue_count),
        );
        let lives = message.expiration_time - message.insertion_time;
        let hides = message.next_visible_time - message.insertion_time;
        saw(
            "lives",
            format!("{} h, hides {} h", lives.whole_hours(), hides.whole_hours()),
        );
    }
    let (first, second) = (&batch[0], &batch[1]);
    let renewed = queues
        .update("items", &first.id, &first.pop_receipt, HOUR)
        .await
        .unwrap();
    let stale = &first.pop_receipt;
    saw(
        "update, stale",
        kind(&queues.update("items", &first.id, stale, HOUR).await.unwrap_err()),
    );
    saw(
        "delete, stale",
        kind(&queues.delete("items", &first.id, stale).await.unwrap_err()),
    );
    saw(
        "delete",
        format!("{:?}", queues.delete("items", &first.id, &renewed.pop_receipt).await),
    );
    let gone = queues.delete("items", &first.id, &renewed.pop_receipt).await;
    saw("delete again", kind(&gone.unwrap_err()));
    let gone = queues.update("items", &first.id, &renewed.pop_receipt, HOUR).await;
    saw("update, gone", kind(&gone.unwrap_err()));
    let shown = queues
        .update("items", &second.id, &second.pop_receipt, Duration::ZERO)
        .await;
    saw("show", format!("{}", shown.is_ok()));
    for message in queues.receive("items", 32, HOUR).await.unwrap() {
        let start: String = message.body.chars().take(3).collect();
        saw("receive", format!("{start} for the {}. time", message.dequeue_count));
    }
    saw(
        "nothing visible",
        format!("{:?}", queues.receive("items", 32, HOUR).await),
    );
    saw("count", format!("{:?}", queues.count("items").await));
    seen
}

#[tokio::test]
async fn the_embedded_queues_answer_as_azurite_does() {
    let azurite = start_azurite().await;
    let mut of_azurite = course(&queues_of(&azurite)).await;
    let mut of_embedded = course(&EmbeddedQueues::default()).await;
    // Which of several visible messages comes first is not promised.
    of_azurite.sort();
    of_embedded.sort();
    assert_eq!(of_azurite, of_embedded);
}

#[tokio::test]
async fn a_receipt_expires_with_the_visibility_of_its_message_once_another_receive_got_it() {
    let azurite = start_azurite().await;
    let queues = queues_of(&azurite);
    queues.create(QUEUE).await.unwrap();
    queues.put(QUEUE, "a", HOUR).await.unwrap();
    let first = queues.receive(QUEUE, 1, 3 * SECOND).await.unwrap().remove(0);
    assert_eq!(queues.receive(QUEUE, 1, SECOND).await, Ok(Vec::new()), "hidden");
    let again = async || queues.receive(QUEUE, 1, HOUR).await.unwrap().pop();
    let second = loop_until(again).await;
    assert_eq!((&second.id, second.dequeue_count), (&first.id, 2));
    let late = queues.delete(QUEUE, &first.id, &first.pop_receipt).await;
    assert_eq!(late, Err(QueueError::PopReceiptMismatch(first.id)));
    queues.delete(QUEUE, &second.id, &second.pop_receipt).await.unwrap();
}

/// Tries until there is a result.
async fn loop_until<T>(attempt: impl AsyncFn() -> Option<T>) -> T {
    let work = async {
        loop {
            match attempt().await {
                Some(result) => return result,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(DEADLINE, work).await.unwrap()
}

#[tokio::test]
async fn the_trigger_queue_is_polled_for_and_output_queues_are_created() {
    let (app, queues, _azurite) = app().await;
    let host = app.start().await;
    host.wait_until_ready(DEADLINE).await.unwrap();
    for queue in [QUEUE, "seen"] {
        assert_eq!(queues.exists(queue).await, Ok(false), "{queue}");
    }
    queues.create(QUEUE).await.unwrap();
    queues.put(QUEUE, &STANDARD.encode("Zoë <&>"), HOUR).await.unwrap();
    until("the message is done", async || deliveries(&host) == [(Some(1), true)]).await;
    host.wait_until_idle(DEADLINE).await.unwrap();
    let seen: Value = serde_json::from_str(&texts(&queues, "seen").await[0]).unwrap();
    assert_eq!(seen["envelope"]["Data"], json!({ "message": "\"Zoë <&>\"" }));
    let metadata = &seen["envelope"]["Metadata"];
    assert!(
        metadata["PopReceipt"].is_string() && metadata["ExpirationTime"].is_string(),
        "{metadata}"
    );
    // A queue that is deleted meanwhile comes back with the next message that the host puts.
    queues.delete_queue(QUEUE).await.unwrap();
    host.queue(QUEUE).send("again").await.unwrap();
    until("the message is done", async || deliveries(&host).len() == 2).await;
}

#[tokio::test]
async fn a_failing_message_is_delivered_five_times_and_then_poisoned() {
    let (app, queues, _azurite) = app().await;
    let host = app.start().await;
    let message = json!({ "do": { "status": 500 } }).to_string();
    host.queue(QUEUE).send(&message).await.unwrap();
    host.queue(QUEUE).send_raw("{not base64}").await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    let counts: Vec<_> = deliveries(&host).into_iter().map(|(count, _)| count).collect();
    assert_eq!(counts, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    let poison = queues.receive("work-items-poison", 32, HOUR).await.unwrap();
    let mut bodies: Vec<_> = poison.iter().map(|message| message.body.clone()).collect();
    bodies.sort();
    let mut expected = [STANDARD.encode(message), "{not base64}".to_owned()];
    expected.sort();
    assert_eq!(bodies, expected);
    assert!(poison.iter().all(|message| message.dequeue_count == 1));
}

/// Sends a message whose function says that it is in work, and ends once there is the file.
async fn send_work(host: &FunctionsHost, file: &Path) {
    let message = json!({ "do": { "print": "in work", "wait_for": file, "envelope": {} } }).to_string();
    host.queue(QUEUE).send(&message).await.unwrap();
}

#[tokio::test]
async fn a_killed_handler_gives_its_message_back() {
    let (app, _, _azurite) = app().await;
    let host = app.start().await;
    let file = app.file("go-on");
    send_work(&host, &file).await;
    let printed = |lines: &[functions_host::ConsoleLine]| lines.iter().any(|line| line.text == "in work");
    host.wait_for_console(DEADLINE, printed).await.unwrap();
    host.kill_handler().await;
    std::fs::write(&file, "").unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert_eq!(deliveries(&host), [(Some(1), false), (Some(2), true)]);
}

#[tokio::test]
async fn a_message_that_is_not_renewed_is_delivered_again_and_deleted_with_its_latest_receipt() {
    let (app, queues, _azurite) = app().await;
    let app = app.with(|options| options.time.message_visibility = 2 * SECOND);
    let hosts = [app.start().await, app.start().await];
    let file = app.file("go-on");
    send_work(&hosts[0], &file).await;
    let in_work = || {
        let lines = hosts.iter().flat_map(FunctionsHost::console_lines);
        lines.filter(|line| line.text == "in work").count()
    };
    until("two deliveries are in work", async || in_work() >= 2).await;
    std::fs::write(&file, "").unwrap();
    for host in &hosts {
        host.wait_until_idle(DEADLINE).await.unwrap();
    }
    let mut done: Vec<_> = hosts.iter().flat_map(deliveries).collect();
    done.sort_unstable();
    assert_eq!(done[..2], [(Some(1), true), (Some(2), true)]);
    assert_eq!(queues.exists("work-items-poison").await, Ok(false));
}

#[tokio::test]
async fn a_message_is_renewed_while_its_function_runs() {
    let (app, queues, _azurite) = app().await;
    let app = app.with(|options| {
        options.time.message_visibility = 4 * SECOND;
        options.time.renewal_interval = Duration::from_millis(250);
    });
    let host = app.start().await;
    let file = app.file("go-on");
    send_work(&host, &file).await;
    let printed = |lines: &[functions_host::ConsoleLine]| lines.iter().any(|line| line.text == "in work");
    host.wait_for_console(DEADLINE, printed).await.unwrap();
    // Longer than the visibility: without renewals the message would show.
    let end = tokio::time::Instant::now() + 6 * SECOND;
    while tokio::time::Instant::now() < end {
        assert_eq!(queues.receive(QUEUE, 1, SECOND).await, Ok(Vec::new()));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    std::fs::write(&file, "").unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert_eq!(deliveries(&host), [(Some(1), true)], "deleted with the latest receipt");
}

#[tokio::test]
async fn a_message_over_the_limit_fails_its_invocation_and_the_others_stay() {
    let (app, queues, _azurite) = app().await;
    let host = app.start().await;
    let (largest, too_large) = ("x".repeat(49_152), "x".repeat(49_153));
    let envelope = json!({ "Outputs": { "res": {}, "items": [largest], "others": [too_large] } });
    let answer = tell(&host, json!({ "envelope": envelope })).await;
    assert_eq!(answer.status(), 500);
    assert!(last_failure(&host).contains("65540 bytes"), "{}", last_failure(&host));
    assert_eq!(texts(&queues, "items").await, [largest]);
    assert_eq!(queues.count("others").await, Ok(0));
}

#[tokio::test]
async fn two_hosts_share_the_messages_of_one_account() {
    let (app, queues, _azurite) = app().await;
    let hosts = [app.start().await, app.start().await];
    for n in 0..40 {
        hosts[n % 2].queue(QUEUE).send(&format!("{n}")).await.unwrap();
    }
    for host in &hosts {
        host.wait_until_idle(DEADLINE).await.unwrap();
    }
    let done: Vec<_> = hosts.iter().flat_map(deliveries).collect();
    assert_eq!(done, [(Some(1), true); 40]);
    assert_eq!(queues.count("seen").await, Ok(40));
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_so_is_a_host_with_a_wrong_connection_string() {
    let azurite = start_azurite().await;
    let connection_string = azurite.connection_string().replace("Eby8", "Eby9");
    let queues = StorageQueues::new(&connection_string).unwrap();
    let refused = queues.put(QUEUE, "a", HOUR).await.unwrap_err();
    assert!(
        matches!(&refused, QueueError::Refused(text) if text.contains("403")),
        "{refused}"
    );
    let app = App::new().set("AzureWebJobsStorage", "AccountName=one");
    let error = app.try_start().await.err().unwrap();
    assert!(error.to_string().contains("has no AccountKey"), "{error}");
}

#[tokio::test]
async fn an_account_that_is_away_fails_what_needs_it_and_is_used_again_when_it_is_back() {
    let (app, _, azurite) = app().await;
    let host = app.start().await;
    let port = azurite.base_url().rsplit(':').next().unwrap().to_owned();
    drop(azurite);
    until("nobody listens", async || {
        tokio::net::TcpStream::connect(format!("127.0.0.1:{port}"))
            .await
            .is_err()
    })
    .await;
    let away = host.queue(QUEUE).send("a").await.unwrap_err();
    assert!(matches!(away, QueueError::Unavailable(_)), "{away}");
    let back = Azurite::start_on(port.parse().unwrap()).await.unwrap();
    host.queue(QUEUE).send("a").await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert_eq!(deliveries(&host), [(Some(1), true)]);
    drop(back);
}
