//! The queue loop against the embedded queue (S18, S29–S32).

use serde_json::{Value, json};

use crate::support::{App, DEADLINE, QUEUE, invocations_of, seen, tell};

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
    assert_eq!(
        seen["envelope"]["Data"],
        json!({ "message": "\"hello!!\"" })
    );
    assert!(invocations_of(&host, "work")[0].succeeded());
    host.stop().await;
}

#[tokio::test]
async fn an_http_call_is_answered_by_the_handler() {
    let app = App::new();
    let host = app.start().await;
    let url = format!("{}/api/items/7?a=1", host.base_url());
    let seen = seen(crate::support::client().get(url).send().await.unwrap()).await;
    assert_eq!(seen["path"], "/call");
    assert_eq!(
        seen["envelope"]["Data"]["req"]["Params"],
        json!({ "id": "7" })
    );
    let _ = tell(&host, json!({ "status": 500 })).await;
}
