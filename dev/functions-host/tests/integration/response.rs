//! What the host does with the handler's answer (S20–S27), without strict mode.

use functions_host::OutputSummary;
use serde_json::{Value, json};

use crate::support::{App, call, client, last_failure, respond, tell};

/// A host that behaves as the real one does.
fn lenient() -> App {
    App::new().with(|options| options.strict = false)
}

fn texts(messages: &[functions_host::PeekedMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

#[tokio::test]
async fn a_status_outside_2xx_is_a_bare_500_and_its_outputs_and_logs_are_dropped() {
    let app = App::new();
    let host = app.start().await;
    let body = json!({ "Outputs": { "items": ["lost"] }, "Logs": ["lost"] }).to_string();
    let response = tell(
        &host,
        json!({ "status": 400, "content_type": "application/json", "body": body }),
    )
    .await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.text().await.unwrap(), "");
    assert!(last_failure(&host).ends_with("400 (Bad Request)."));
    assert!(host.user_logs().is_empty());
    assert_eq!(host.queue("items").len(), 0);
}

#[tokio::test]
async fn an_answer_of_another_type_or_shape_fails() {
    let app = App::new();
    let host = app.start().await;
    for (content_type, body) in [
        (json!("text/plain"), "{}"),
        (Value::Null, "{}"),
        (json!("application/json"), "[]"),
        (json!("application/json"), "{"),
    ] {
        let response = tell(&host, json!({ "content_type": content_type, "body": body })).await;
        assert_eq!(response.status(), 500, "{body}");
        assert!(last_failure(&host).starts_with("Invalid HttpResponseMessage"), "{body}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed() {
    let app = App::new();
    let host = app.start().await;
    let response = tell(&host, json!({ "status": 302, "location": "/elsewhere" })).await;
    // The handler finds no envelope in the GET that follows.
    assert_eq!(response.status(), 500);
    assert!(
        last_failure(&host).ends_with("400 (Bad Request)."),
        "{}",
        last_failure(&host)
    );
}

#[tokio::test]
async fn the_http_output_is_what_the_caller_gets() {
    let app = App::new();
    let host = app.start().await;
    let response = respond(
        &host,
        json!({
            "statusCode": 202,
            "headers": { "content-type": "application/json; charset=utf-8", "location": "/api/items/7", "Retry-After": 5 },
            "body": "{\"a\":1}"
        }),
    )
    .await;
    assert_eq!(response.status(), 202);
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(response.headers()["location"], "/api/items/7");
    assert_eq!(response.headers()["retry-after"], "5");
    assert_eq!(response.text().await.unwrap(), "{\"a\":1}");
    assert_eq!(host.invocations()[0].outputs, [OutputSummary::Http { status: 202 }]);
}

#[tokio::test]
async fn an_unusable_http_output_is_a_500() {
    let app = App::new();
    let host = app.start().await;
    for response in [
        json!({ "headers": { "x": null } }),
        json!({ "headers": { "x": ["a"] } }),
        json!("SomeBlah"),
        json!(null),
        json!({ "statusCode": 204, "body": "x" }),
        json!({ "headers": { "content-length": "7" }, "body": "x" }),
    ] {
        assert_eq!(respond(&host, response.clone()).await.status(), 500, "{response}");
        assert!(last_failure(&host).starts_with("output res"), "{response}");
    }
}

#[tokio::test]
async fn a_missing_http_output_is_200_with_an_empty_object() {
    let app = App::new();
    let host = app.start().await;
    let response = tell(&host, json!({ "envelope": {} })).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "{}");
}

#[tokio::test]
async fn a_function_without_an_http_output_answers_200_without_a_body() {
    let app = lenient();
    app.function("quiet", &json!([{ "type": "httpTrigger", "name": "req" }]));
    let host = app.start().await;
    let response = client().get(host.base_url() + "/api/quiet").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn the_elements_of_an_array_become_messages_verbatim() {
    let app = App::new();
    let host = app.start().await;
    let envelope = json!({ "Outputs": { "items": ["test", "{\"a\":1}"], "others": [] } });
    assert_eq!(tell(&host, json!({ "envelope": envelope })).await.status(), 200);
    assert_eq!(texts(&host.queue("items").peek()), ["test", "{\"a\":1}"]);
    assert_eq!(host.queue("others").len(), 0);
    let queue = |queue: &str, messages| OutputSummary::Queue {
        queue: queue.to_owned(),
        messages,
    };
    let expected = [
        OutputSummary::Http { status: 200 },
        queue("items", 2),
        queue("others", 0),
    ];
    assert_eq!(host.invocations()[0].outputs, expected);
}

#[tokio::test]
async fn a_bare_string_falls_into_the_base64_trap() {
    let app = lenient();
    let host = app.start().await;
    let envelope = json!({ "Outputs": { "items": "dGVzdA==", "others": "[\"a\",\"b\"]" } });
    assert_eq!(tell(&host, json!({ "envelope": envelope })).await.status(), 200);
    assert_eq!(texts(&host.queue("items").peek()), ["test"]);
    assert_eq!(texts(&host.queue("others").peek()), ["a", "b"]);
}

#[tokio::test]
async fn an_unknown_output_is_ignored_as_are_names_in_another_case() {
    let app = lenient();
    let host = app.start().await;
    let envelope = json!({ "outputs": { "Items": ["lost"], "other": 1, "items": null } });
    assert_eq!(tell(&host, json!({ "envelope": envelope })).await.status(), 200);
    assert_eq!(host.queue("items").len(), 0);
    assert!(host.violations().is_empty());
}

#[tokio::test]
async fn one_failing_output_fails_the_call_but_not_the_other_outputs() {
    let app = App::new();
    let host = app.start().await;
    let too_large = "x".repeat(49_153);
    let envelope = json!({ "Outputs": { "res": { "statusCode": 200 }, "items": ["kept"], "others": [too_large] } });
    let response = tell(&host, json!({ "envelope": envelope })).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.text().await.unwrap(), "");
    assert!(last_failure(&host).contains("65540 bytes"), "{}", last_failure(&host));
    assert_eq!(texts(&host.queue("items").peek()), ["kept"]);
    assert_eq!(host.queue("others").len(), 0);
}

#[tokio::test]
async fn an_http_output_of_another_form_fails_before_any_output_is_bound() {
    let app = App::new();
    let host = app.start().await;
    for response in [json!(null), json!("SomeBlah"), json!([])] {
        let envelope = json!({ "Outputs": { "res": response, "items": ["lost"] } });
        assert_eq!(tell(&host, json!({ "envelope": envelope })).await.status(), 500);
    }
    assert_eq!(host.queue("items").len(), 0);
}

#[tokio::test]
async fn logs_are_kept_with_their_invocation_even_when_an_output_fails() {
    let app = App::new();
    let host = app.start().await;
    call(&host).await;
    let envelope = json!({ "Outputs": { "res": "SomeBlah" }, "Logs": ["before the outputs"] });
    tell(&host, json!({ "envelope": envelope })).await;
    let logs = host.user_logs();
    let invocations = host.invocations();
    assert_eq!(
        (logs[0].text.as_str(), logs[0].function.as_str()),
        ("seen /call", "call")
    );
    assert_eq!(logs[1].text, "before the outputs");
    for (log, invocation) in logs.iter().zip(&invocations) {
        assert_eq!(log.invocation_id, invocation.invocation_id);
    }
    assert!(!invocations[1].succeeded());
}
