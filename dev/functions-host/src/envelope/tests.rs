//! Recorded request bodies of real hosts (docs/reference/functions-host.md#encoding), compared as text or as canonical
//! JSON.

use std::path::Path;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::*;
use crate::config::Environment;
use crate::queue::QueueMessage;

const NOW: OffsetDateTime = datetime!(2024-05-14 15:14:15.128919 UTC);
const GUID: Uuid = uuid!("7a85f722-0000-4000-8000-000000000001");

fn function(name: &str, bindings: &Value) -> Function {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("function.json");
    std::fs::write(&file, json!({ "bindings": bindings }).to_string()).unwrap();
    load(&file, name)
}

fn load(file: &Path, name: &str) -> Function {
    Function::load(file, name, &Environment::default()).unwrap().unwrap()
}

fn http_function(name: &str) -> Function {
    function(name, &json!([{ "type": "httpTrigger", "name": "req" }]))
}

fn queue_function(name: &str, binding: &str) -> Function {
    function(
        name,
        &json!([{ "type": "queueTrigger", "name": binding, "queueName": "items" }]),
    )
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn headers(headers: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    pairs(headers)
        .into_iter()
        .map(|(name, value)| (name, vec![value]))
        .collect()
}

fn text_of(function: &Function, input: &TriggerInput) -> String {
    envelope(function, input, NOW, GUID)
}

fn json_of(function: &Function, input: &TriggerInput) -> Value {
    serde_json::from_str(&text_of(function, input)).unwrap()
}

fn queued(content: &str) -> TriggerInput {
    TriggerInput::Queue(QueueInput {
        content: content.as_bytes().to_vec(),
        message: Some(QueueMessage {
            id: "52d53c5f-e212-487e-998b-abbe3b9d51e4".to_owned(),
            pop_receipt: "MThGZWIyMDI1MDM6MDY6MjA3NjM1".to_owned(),
            body: String::new(),
            dequeue_count: 1,
            insertion_time: datetime!(2025-02-18 03:06:19.4 UTC),
            expiration_time: datetime!(2025-02-25 03:06:19.4 UTC),
            next_visible_time: datetime!(2025-02-18 03:16:20.9 UTC),
        }),
    })
}

/// A GET with nothing but two headers.
fn get(url: &str) -> HttpInput {
    HttpInput {
        url: url.to_owned(),
        method: "GET".to_owned(),
        query: Vec::new(),
        headers: headers(&[("Accept", "*/*"), ("Host", "localhost:7071")]),
        params: Vec::new(),
        identity: Identity::Anonymous,
        body: None,
    }
}

#[test]
fn the_recorded_http_request_is_reproduced_to_the_byte() {
    let input = get("http://localhost:7071/api/SimpleHttpTrigger");
    let text = text_of(
        &http_function("SimpleHttpTrigger"),
        &TriggerInput::Http(Box::new(input)),
    );
    let identity = concat!(
        r#"{"AuthenticationType":null,"IsAuthenticated":false,"Actor":null,"BootstrapContext":null,"Claims":[],"#,
        r#""Label":null,"Name":null,"NameClaimType":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name","#,
        r#""RoleClaimType":"http://schemas.microsoft.com/ws/2008/06/identity/claims/role"}"#,
    );
    let expected = format!(
        concat!(
            r#"{{"Data":{{"req":{{"Url":"http://localhost:7071/api/SimpleHttpTrigger","Method":"GET","Query":{{}},"#,
            r#""Headers":{{"Accept":["*/*"],"Host":["localhost:7071"]}},"Params":{{}},"Identities":[{}]}}}},"#,
            r#""Metadata":{{"Query":{{}},"Headers":{{"Accept":"*/*","Host":"localhost:7071"}},"#,
            r#""sys":{{"MethodName":"SimpleHttpTrigger","UtcNow":"2024-05-14T15:14:15.128919Z","#,
            r#""RandGuid":"7a85f722-0000-4000-8000-000000000001"}}}}}}"#,
        ),
        identity
    );
    assert_eq!(text, expected);
}

#[test]
fn the_example_of_a_post_is_reproduced() {
    let sent = [("Content-Type", "application/json"), ("Content-Length", "24")];
    let input = HttpInput {
        method: "POST".to_owned(),
        query: pairs(&[("dryRun", "true"), ("code", "secret")]),
        headers: headers(&sent),
        params: pairs(&[("billerId", "acme")]),
        body: Some(br#"{"name":"Acme","tier":2}"#.to_vec()),
        ..get("http://localhost:7071/api/billers/acme?dryRun=true")
    };
    let envelope = json_of(
        &http_function("function-onboard-biller"),
        &TriggerInput::Http(Box::new(input)),
    );
    let request = &envelope["Data"]["req"];
    assert_eq!(request["Method"], "POST");
    assert_eq!(request["Query"], json!({ "dryRun": "true", "code": "secret" }));
    assert_eq!(request["Params"], json!({ "billerId": "acme" }));
    assert_eq!(request["Body"], r#"{"name":"Acme","tier":2}"#);
    let expected = json!({
        "name": "\"Acme\"", "tier": "\"2\"", "dryRun": "\"true\"", "billerId": "\"acme\"",
        "Query": { "dryRun": "true", "code": "secret" },
        "Headers": { "Content-Type": "application/json", "Content-Length": "24" },
        "sys": { "MethodName": "function-onboard-biller", "UtcNow": "2024-05-14T15:14:15.128919Z", "RandGuid": GUID }
    });
    assert_eq!(envelope["Metadata"], expected);
}

#[test]
fn bytes_and_multipart_bodies_are_base64() {
    for content_type in ["application/octet-stream", "multipart/form-data; boundary=x"] {
        let input = HttpInput {
            headers: headers(&[("Content-Type", content_type)]),
            body: Some(vec![1, 2]),
            ..get("http://localhost/api/x")
        };
        let envelope = json_of(&http_function("x"), &TriggerInput::Http(Box::new(input)));
        assert_eq!(envelope["Data"]["req"]["Body"], "AQI=", "{content_type}");
    }
}

#[test]
fn a_caller_with_a_key_has_an_authenticated_identity() {
    let input = HttpInput {
        identity: Identity::Key {
            level: "Function",
            name: "default",
        },
        ..get("http://localhost/api/x")
    };
    let envelope = json_of(&http_function("x"), &TriggerInput::Http(Box::new(input)));
    let identity = &envelope["Data"]["req"]["Identities"][0];
    assert_eq!(identity["IsAuthenticated"], true);
    assert_eq!(identity["Claims"][0]["Value"], "Function");
    assert_eq!(identity["Claims"][1]["Value"], "default");
}

#[test]
fn the_recorded_queue_message_is_reproduced() {
    let envelope = json_of(&queue_function("queue", "queue"), &queued("hello!!"));
    let expected = json!({
        "Data": { "queue": "\"hello!!\"" },
        "Metadata": {
            "DequeueCount": "1",
            "ExpirationTime": "2025-02-25T03:06:19+00:00",
            "Id": "\"52d53c5f-e212-487e-998b-abbe3b9d51e4\"",
            "InsertionTime": "2025-02-18T03:06:19+00:00",
            "NextVisibleTime": "2025-02-18T03:16:20+00:00",
            "PopReceipt": "\"MThGZWIyMDI1MDM6MDY6MjA3NjM1\"",
            "sys": { "MethodName": "queue", "RandGuid": GUID, "UtcNow": "2024-05-14T15:14:15.128919Z" }
        }
    });
    assert_eq!(envelope, expected);
}

#[test]
fn a_json_message_takes_three_parses() {
    let envelope = json_of(&queue_function("work", "message"), &queued(r#"{"userId":"u1","n":2}"#));
    assert_eq!(envelope["Data"]["message"], r#""{\"userId\":\"u1\",\"n\":2}""#);
    assert_eq!(envelope["Metadata"]["userId"], r#""u1""#);
    assert_eq!(envelope["Metadata"]["n"], r#""2""#);
}

#[test]
fn members_of_a_message_go_over_the_metadata_in_any_case() {
    let content = r#"{"id":"forged","DEQUEUECOUNT":9,"o":{"a":1},"l":[1],"z":null,"b":true,"myTrigger":"x"}"#;
    let envelope = json_of(&queue_function("work", "message"), &queued(content));
    let metadata = &envelope["Metadata"];
    assert_eq!(metadata["Id"], r#""forged""#);
    assert_eq!(metadata["DequeueCount"], r#""9""#);
    assert_eq!(metadata["o"], json!({ "a": 1 }));
    assert_eq!(metadata["b"], r#""True""#);
    for absent in ["id", "DEQUEUECOUNT", "l", "z", "myTrigger"] {
        assert_eq!(metadata.get(absent), None, "{absent}");
    }
}

#[test]
fn members_that_look_like_dates_are_written_anew_and_nested_ones_keep_their_order() {
    let content =
        r#"{"at":"2025-02-18T03:06:19.120Z","day":"2025-02-18","o":{"z":"2025-02-18T03:06:19.120Z","a":2.0},"n":2.0}"#;
    let text = text_of(&queue_function("work", "message"), &queued(content));
    for part in [
        r#""at":"\"02/18/2025 03:06:19\"""#,
        r#""day":"\"2025-02-18\"""#,
        r#""o":{"z":"2025-02-18T03:06:19.12Z","a":2.0}"#,
        r#""n":"\"2\"""#,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let data = json_of(&queue_function("work", "message"), &queued(content));
    assert_eq!(
        data["Data"]["message"],
        Value::from(content).to_string(),
        "the message itself stays"
    );
}

#[test]
fn a_timer_is_a_nested_object_and_only_slow_schedules_have_a_status() {
    let timer = function(
        "tick",
        &json!([{ "type": "timerTrigger", "name": "timer", "schedule": "0 * * * * *" }]),
    );
    let fast = json_of(&timer, &TriggerInput::Timer(TimerInput { status: None }));
    let expected = json!({ "Schedule": { "AdjustForDST": true }, "ScheduleStatus": null, "IsPastDue": false });
    assert_eq!(fast["Data"]["timer"], expected);
    let status = ScheduleStatus {
        last: datetime!(2026-09-14 15:00 UTC),
        next: datetime!(2026-09-14 15:01 UTC),
    };
    let slow = json_of(&timer, &TriggerInput::Timer(TimerInput { status: Some(status) }));
    let expected = json!({
        "Last": "2026-09-14T15:00:00+00:00", "Next": "2026-09-14T15:01:00+00:00",
        "LastUpdated": "2026-09-14T15:00:00+00:00"
    });
    assert_eq!(slow["Data"]["timer"]["ScheduleStatus"], expected);
}

#[test]
fn whole_seconds_have_no_fraction_and_ticks_no_trailing_zeros() {
    assert_eq!(
        scalar::tick_time(datetime!(2025-02-18 03:06:20.756_269_1 UTC)),
        "2025-02-18T03:06:20.7562691Z"
    );
    assert_eq!(
        scalar::tick_time(datetime!(2025-02-18 03:06:20 UTC)),
        "2025-02-18T03:06:20Z"
    );
}
