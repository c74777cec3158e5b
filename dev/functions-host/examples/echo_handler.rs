//! A custom handler that does what a test tells it to.
//!
//! Variables: `ECHO_START_EXIT` (exits with this code at once), `ECHO_LISTEN_AFTER` (listens only when this file exists),
//! `ECHO_PROBE_STATUS` (status of the answer to `GET /`).
//!
//! Without an instruction the answer is the request itself: path, headers, envelope and process, as HTTP body of `res`
//! for an HTTP trigger, and as message of `seen` for others. An instruction is a JSON object in the body or message:
//! `{"do": {"print", "complain", "exit", "wait_for", "status", "content_type", "location", "body", "envelope"}}`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("starting with {:?}", std::env::args().skip(1).collect::<Vec<_>>());
    if let Some(code) = setting("ECHO_START_EXIT") {
        eprintln!("told to exit with {code}");
        std::process::exit(code.parse()?);
    }
    if let Some(file) = setting("ECHO_LISTEN_AFTER") {
        wait_for(Path::new(&file)).await;
    }
    let port: u16 = setting("FUNCTIONS_CUSTOMHANDLER_PORT").ok_or("no port")?.parse()?;
    let probe_status: u16 = setting("ECHO_PROBE_STATUS").map_or(Ok(200), |code| code.parse())?;
    let probe_status = StatusCode::from_u16(probe_status)?;
    let app = Router::new()
        .route("/", get(move || async move { probe_status }))
        .fallback(invoke);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        served = axum::serve(listener, app) => served?,
        _ = terminate.recv() => {
            println!("told to terminate");
            std::process::exit(143);
        }
    }
    Ok(())
}

fn setting(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

/// Longest wait for a file; longer than any test.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

async fn wait_for(file: &Path) {
    let end = Instant::now() + LONGEST_WAIT;
    while !file.exists() {
        assert!(Instant::now() < end, "waited in vain for the file {}", file.display());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn invoke(uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let envelope: Value = match serde_json::from_slice(&body) {
        Ok(envelope) => envelope,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    match instruction(&envelope) {
        Some(instruction) => follow(&instruction).await,
        None => echo(uri.path(), &headers, &envelope).into_response(),
    }
}

/// The `do` member of the HTTP body or of the queue message.
fn instruction(envelope: &Value) -> Option<Value> {
    let data = envelope.get("Data")?;
    let text = match (data.pointer("/req/Body"), data.get("message")) {
        (Some(Value::String(body)), _) => body.clone(),
        (_, Some(Value::String(message))) => serde_json::from_str(message).ok()?,
        _ => return None,
    };
    serde_json::from_str::<Value>(&text).ok()?.get("do").cloned()
}

async fn follow(instruction: &Value) -> Response {
    let text = |name: &str| instruction.get(name).and_then(Value::as_str);
    if let Some(line) = text("print") {
        println!("{line}");
    }
    if let Some(line) = text("complain") {
        eprintln!("{line}");
    }
    if let Some(code) = instruction.get("exit").and_then(Value::as_i64) {
        std::process::exit(i32::try_from(code).unwrap_or(1));
    }
    if let Some(file) = text("wait_for") {
        wait_for(&PathBuf::from(file)).await;
    }
    if let Some(envelope) = instruction.get("envelope") {
        return Json(envelope).into_response();
    }
    let status = instruction.get("status").and_then(Value::as_u64).unwrap_or(200);
    let status = u16::try_from(status)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok());
    let mut response = text("body").unwrap_or_default().to_owned().into_response();
    *response.status_mut() = status.unwrap_or(StatusCode::OK);
    response.headers_mut().remove(header::CONTENT_TYPE);
    if let Some(content_type) = text("content_type").and_then(|value| value.parse().ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    if let Some(location) = text("location").and_then(|value| value.parse().ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn echo(path: &str, headers: &HeaderMap, envelope: &Value) -> Json<Value> {
    let headers: Value = headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned().into(),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let process = json!({
        "id": std::process::id(),
        "arguments": std::env::args().skip(1).collect::<Vec<_>>(),
        "directory": std::env::current_dir().unwrap_or_default(),
        "port": setting("FUNCTIONS_CUSTOMHANDLER_PORT"),
        "legacy_port": setting("FUNCTIONS_HTTPWORKER_PORT"),
        "worker_id": setting("FUNCTIONS_CUSTOMHANDLER_WORKER_ID"),
        "legacy_worker_id": setting("FUNCTIONS_HTTPWORKER_ID"),
        "app_root": setting("FUNCTIONS_APP_ROOT_PATH"),
        "environment": setting("AZURE_FUNCTIONS_ENVIRONMENT"),
        "own_setting": setting("ECHO_OWN_SETTING"),
    });
    let seen = json!({ "path": path, "headers": headers, "envelope": envelope, "process": process }).to_string();
    let outputs = if envelope.pointer("/Data/req").is_some() {
        json!({ "res": { "statusCode": 200, "headers": { "content-type": "application/json" }, "body": seen } })
    } else {
        json!({ "seen": [seen] })
    };
    Json(json!({ "Outputs": outputs, "Logs": [format!("seen {path}")], "ReturnValue": null }))
}
