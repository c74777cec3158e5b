//! The function timeout (S21, S28).

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{App, DEADLINE, QUEUE, invocations_of, last_failure, tell, until};

/// Short, but long enough for a handler that answers on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(2);

fn with_timeout() -> App {
    App::new().with(|options| options.time.function_timeout = Some(TIMEOUT))
}

async fn restarted(host: &functions_host::FunctionsHost, times: u32) {
    until("the handler is started again", async || host.restarts() >= times).await;
    host.wait_until_ready(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn a_timed_out_invocation_kills_the_handler_with_everything_in_work() {
    let app = with_timeout();
    let host = app.start().await;
    host.wait_until_ready(DEADLINE).await.unwrap();
    let first = host.handler_pid();
    let never = json!({ "wait_for": app.file("never") });
    host.queue(QUEUE)
        .send(&json!({ "do": never }).to_string())
        .await
        .unwrap();
    until("the message is in work", async || !host.queue(QUEUE).peek()[0].visible).await;
    assert_eq!(tell(&host, never).await.status(), 500);
    until("another process serves", async || {
        host.handler_pid().is_some_and(|pid| Some(pid) != first)
    })
    .await;
    until("both have failed", async || host.invocations().len() >= 2).await;
    let failures: Vec<_> = host
        .invocations()
        .into_iter()
        .filter_map(|invocation| invocation.failure)
        .collect();
    assert!(
        failures
            .iter()
            .any(|failure| failure.contains("Timeout value of 2s was exceeded")),
        "{failures:?}"
    );
    assert!(failures.len() >= 2, "{failures:?}");
}

#[tokio::test]
async fn timeouts_are_not_counted_as_crashes() {
    let app = with_timeout().with(|options| options.time.function_timeout = Some(Duration::from_millis(300)));
    let host = app.start().await;
    host.wait_until_ready(DEADLINE).await.unwrap();
    for times in 1..=3 {
        let response = tell(&host, json!({ "wait_for": app.file("never") })).await;
        assert_eq!(response.status(), 500);
        restarted(&host, times).await;
    }
    let failures = invocations_of(&host, "call");
    assert_eq!(failures.len(), 3);
}

#[tokio::test]
async fn a_2xx_without_a_body_hangs_until_the_timeout_when_not_in_strict_mode() {
    let app = with_timeout().with(|options| options.strict = false);
    let host = app.start().await;
    host.wait_until_ready(DEADLINE).await.unwrap();
    let begun = Instant::now();
    assert_eq!(tell(&host, json!({ "status": 204 })).await.status(), 500);
    assert!(begun.elapsed() >= TIMEOUT);
    restarted(&host, 1).await;
    assert!(last_failure(&host).contains("Timeout value"), "{}", last_failure(&host));
    assert!(host.violations().is_empty());
}
