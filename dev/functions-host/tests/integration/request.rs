//! The request that the handler gets (S15–S19).

use serde_json::{Value, json};

use crate::support::{App, DEADLINE, QUEUE, call, client, seen};

#[tokio::test]
async fn a_request_goes_to_the_function_name_with_the_headers_of_the_host() {
    let app = App::new();
    let host = app.start().await;
    let seen = seen(call(&host).await).await;
    let headers = &seen["headers"];
    assert_eq!(seen["path"], "/call");
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(headers["user-agent"], "Azure-Functions-Host/4.1052.200.0");
    assert_eq!(headers["x-azure-functions-hostversion"], "4.1052.200.0");
    assert_eq!(headers.get("accept-encoding"), None);
    let invocation_id = host.invocations()[0].invocation_id.to_string();
    assert_eq!(headers["x-azure-functions-invocationid"], invocation_id.as_str());
    let process_port = seen["process"]["port"].as_str().unwrap();
    assert_eq!(headers["host"], format!("127.0.0.1:{process_port}").as_str());
}

#[tokio::test]
async fn bodies_come_in_chunks() {
    let app = App::new();
    let host = app.start().await;
    let headers = seen(call(&host).await).await["headers"].clone();
    assert_eq!(headers["transfer-encoding"], "chunked");
    assert_eq!(headers.get("content-length"), None);
}

#[tokio::test]
async fn the_request_is_described_as_the_caller_sent_it() {
    let app = App::new();
    let host = app.start().await;
    let url = host.base_url() + "/api/items/7?a=1&b=x%20y&A=2";
    let request = client()
        .post(&url)
        .header("X-Own", "1")
        .header("x-own", "2")
        .body(r#"{"n":2}"#);
    let envelope = seen(request.send().await.unwrap()).await["envelope"].clone();
    let data = &envelope["Data"]["req"];
    assert_eq!(data["Url"], url.as_str());
    assert_eq!(data["Method"], "POST");
    assert_eq!(data["Query"], json!({ "a": "1,2", "b": "x y" }));
    assert_eq!(data["Headers"]["x-own"], json!(["1", "2"]));
    assert_eq!(data["Headers"]["Content-Length"], json!(["7"]));
    assert_eq!(data["Body"], r#"{"n":2}"#);
    assert_eq!(envelope["Metadata"]["n"], "\"2\"");
    assert_eq!(envelope["Metadata"]["id"], "\"7\"");
    assert_eq!(envelope["Metadata"]["sys"]["MethodName"], "call");
}

#[tokio::test]
async fn a_body_sent_in_chunks_is_lost() {
    let app = App::new();
    let host = app.start().await;
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>("{\"n\":2}")]);
    let request = client()
        .post(host.base_url() + "/api/items/7")
        .body(reqwest::Body::wrap_stream(chunks));
    let envelope = seen(request.send().await.unwrap()).await["envelope"].clone();
    assert_eq!(envelope["Data"]["req"].get("Body"), None);
    assert_eq!(envelope["Metadata"].get("n"), None);
}

#[tokio::test]
async fn an_http_call_continues_the_trace_of_its_caller() {
    let app = App::new();
    let host = app.start().await;
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = client()
        .get(host.base_url() + "/api/items/7")
        .header("traceparent", caller)
        .header("tracestate", "a=1");
    let headers = seen(request.send().await.unwrap()).await["headers"].clone();
    let traceparent = headers["traceparent"].as_str().unwrap();
    assert!(
        traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{traceparent}"
    );
    assert!(traceparent.ends_with("-01") && traceparent != caller, "{traceparent}");
    assert_eq!(headers["tracestate"], "a=1");
}

#[tokio::test]
async fn a_queue_message_starts_a_trace_that_is_not_sampled() {
    let app = App::new();
    let host = app.start().await;
    host.queue(QUEUE).send("a").await.unwrap();
    host.wait_until_idle(DEADLINE).await.unwrap();
    let seen: Value = serde_json::from_str(&host.queue("seen").peek()[0].text).unwrap();
    let traceparent = seen["headers"]["traceparent"].as_str().unwrap();
    assert_eq!((traceparent.len(), &traceparent[52..]), (55, "-00"));
}
