//! Timer triggers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{App, client, invocations_of, until};

fn with_timer(schedule: &str) -> App {
    let app = App::new();
    app.function(
        "tick",
        &json!([
            { "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": schedule },
            { "type": "queue", "direction": "out", "name": "seen", "queueName": "seen" }
        ]),
    );
    app
}

async fn fire(host: &functions_host::FunctionsHost) {
    let url = host.base_url() + "/admin/functions/tick";
    assert_eq!(client().post(url).send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn an_operator_fires_a_timer_at_once() {
    let app = with_timer("0 0 0 1 1 *");
    let host = app.start().await;
    fire(&host).await;
    until("the timer has fired", async || host.queue("seen").len() == 1).await;
    let seen: Value = serde_json::from_str(&host.queue("seen").peek()[0].text).unwrap();
    let timer = &seen["envelope"]["Data"]["timer"];
    assert_eq!(seen["path"], "/tick");
    assert_eq!(timer["Schedule"], json!({ "AdjustForDST": true }));
    assert!(
        timer["ScheduleStatus"]["Next"]
            .as_str()
            .unwrap()
            .ends_with("-01-01T00:00:00+00:00")
    );
    assert_eq!(timer["IsPastDue"], false);
    assert_eq!(seen["envelope"]["Metadata"]["sys"]["MethodName"], "tick");
}

#[tokio::test]
async fn a_timer_fires_by_its_schedule() {
    let app = with_timer("* * * * * *");
    let host = app.start().await;
    until("the timer has fired twice", async || {
        invocations_of(&host, "tick").len() >= 2
    })
    .await;
    let invocations = invocations_of(&host, "tick");
    assert!(invocations.iter().all(functions_host::Invocation::succeeded));
    let seconds: Vec<_> = invocations
        .iter()
        .map(|invocation| invocation.started_at.unix_timestamp())
        .collect();
    assert!(seconds.is_sorted() && seconds[0] < seconds[1], "{seconds:?}");
}

#[tokio::test]
async fn a_given_interval_replaces_the_schedule_and_runs_never_overlap() {
    let app = with_timer("0 0 0 1 1 *").with(|options| options.timer_interval = Some(Duration::from_millis(1)));
    let host = app.start().await;
    for _ in 0..5 {
        fire(&host).await;
    }
    until("the timer has fired often", async || {
        invocations_of(&host, "tick").len() >= 20
    })
    .await;
    let invocations = invocations_of(&host, "tick");
    let apart = invocations
        .windows(2)
        .all(|pair| pair[0].ended_at <= pair[1].started_at);
    assert!(apart, "two runs overlap");
}
