//! Messages that fail for good, and messages that forge their metadata (S18, S29).

use std::sync::Arc;

use functions_host::{EmbeddedQueues, QueueService as _};
use serde_json::{Value, json};

use crate::support::{App, DEADLINE, QUEUE, invocations_of, until};

#[tokio::test]
async fn a_failing_message_is_delivered_exactly_five_times_and_then_poisoned() {
    let app = App::new();
    let host = app.start().await;
    let message = json!({ "do": { "status": 500 } }).to_string();
    host.queue(QUEUE).send(&message).await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    let deliveries: Vec<_> = invocations_of(&host, "work")
        .iter()
        .map(|invocation| invocation.dequeue_count)
        .collect();
    assert_eq!(deliveries, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    let poison = host.queue(QUEUE).poison().peek();
    assert_eq!(poison.len(), 1);
    assert_eq!(
        (poison[0].text.as_str(), poison[0].dequeue_count),
        (message.as_str(), 0)
    );
}

#[tokio::test]
async fn a_message_delivered_too_often_elsewhere_is_poisoned_without_being_invoked() {
    let app = App::new();
    let queues = EmbeddedQueues::default();
    let app = app.with(|options| options.queues = Some(Arc::new(queues.clone())));
    queues.create(QUEUE).await.unwrap();
    queues.put(QUEUE, "aGVsbG8hIQ==", DEADLINE * 100).await.unwrap();
    for _ in 0..5 {
        let received = queues.receive(QUEUE, 1, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(received.len(), 1);
    }
    let host = app.start().await;
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert!(host.invocations().is_empty());
    assert_eq!(host.queue(QUEUE).poison().peek()[0].text, "hello!!");
}

#[tokio::test]
async fn a_trigger_on_a_poison_queue_gets_its_messages_however_often_they_were_delivered() {
    let poison = format!("{QUEUE}-poison");
    let queues = EmbeddedQueues::default();
    let app = App::new().with(|options| options.queues = Some(Arc::new(queues.clone())));
    app.function(
        "poisoned",
        &json!([{ "type": "queueTrigger", "direction": "in", "name": "message", "queueName": poison },
            { "type": "queue", "direction": "out", "name": "seen", "queueName": "seen" }]),
    );
    queues.create(&poison).await.unwrap();
    queues.put(&poison, "aGVsbG8hIQ==", DEADLINE * 100).await.unwrap();
    for _ in 0..5 {
        let received = queues.receive(&poison, 1, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(received.len(), 1);
    }
    let host = app.start().await;
    host.wait_until_idle(DEADLINE).await.unwrap();
    let deliveries: Vec<_> = invocations_of(&host, "poisoned")
        .iter()
        .map(|invocation| (invocation.dequeue_count, invocation.succeeded()))
        .collect();
    assert_eq!(deliveries, [(Some(6), true)]);
}

#[tokio::test]
async fn a_message_that_is_not_base64_is_poisoned_as_it_is_without_being_invoked() {
    let app = App::new();
    let host = app.start().await;
    host.queue(QUEUE).send_raw("{\"not\":\"base64\"}").await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    assert!(host.invocations().is_empty());
    assert_eq!(host.queue(QUEUE).poison().peek()[0].text, "{\"not\":\"base64\"}");
}

#[tokio::test]
async fn members_of_a_message_can_forge_its_metadata() {
    let app = App::new();
    let host = app.start().await;
    host.queue(QUEUE)
        .send(r#"{"Id":"forged","DequeueCount":9}"#)
        .await
        .unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    let seen: Value = serde_json::from_str(&host.queue("seen").peek()[0].text).unwrap();
    let metadata = &seen["envelope"]["Metadata"];
    assert_eq!(
        (&metadata["Id"], &metadata["DequeueCount"]),
        (&json!("\"forged\""), &json!("\"9\""))
    );
    assert_eq!(invocations_of(&host, "work")[0].dequeue_count, Some(1));
}

#[tokio::test]
async fn a_poison_queue_has_no_poison_queue_so_its_failures_stay_invisible() {
    let app = App::new();
    app.function(
        "work",
        &json!([{ "type": "queueTrigger", "name": "message", "queueName": "items-poison" }]),
    );
    let host = app.start().await;
    let queue = host.queue("items-poison");
    queue
        .send(&json!({ "do": { "status": 500 } }).to_string())
        .await
        .unwrap();
    until("the message has failed", async || {
        invocations_of(&host, "work").len() == 1
    })
    .await;
    host.stop().await;
    let messages = queue.peek();
    assert_eq!(
        (messages.len(), messages[0].visible, messages[0].dequeue_count),
        (1, false, 1)
    );
}
