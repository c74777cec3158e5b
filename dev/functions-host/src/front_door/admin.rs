//! `/admin`: state of the host, list of functions, and firing one at once (S14).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::FrontDoor;
use super::authorization::authorize;
use super::input::query;
use crate::config::{AuthLevel, Function, Trigger};
use crate::envelope::{QueueInput, TriggerInput};
use crate::invocation::{HOST_VERSION, Request};

type Door = State<Arc<FrontDoor>>;

/// The routes below `/admin`. If keys are configured, all but the ping ask for the master key.
pub(crate) fn routes(door: &Arc<FrontDoor>) -> Router<Arc<FrontDoor>> {
    Router::new()
        .route("/host/status", get(host_status))
        .route("/functions", get(list))
        .route("/functions/{name}", post(fire))
        .route("/functions/{name}/status", get(function_status))
        .fallback(any(|| async { StatusCode::NOT_FOUND }))
        .layer(from_fn_with_state(Arc::clone(door), for_operators))
        .route("/host/ping", get(ping).post(ping))
}

async fn ping() -> StatusCode {
    StatusCode::OK
}

async fn for_operators(State(door): Door, request: HttpRequest, next: Next) -> Response {
    let query = query(request.uri());
    let code = query.iter().find(|(name, _)| name.eq_ignore_ascii_case("code"));
    let code = code.map(|(_, value)| value.as_str());
    match authorize(door.keys.as_ref(), AuthLevel::Admin, request.headers(), code) {
        Some(_) => next.run(request).await,
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn host_status(State(door): Door) -> Response {
    let uptime = (door.clock.now() - door.started_at).whole_milliseconds();
    Json(json!({
        "id": "functions-host",
        "state": "Running",
        "version": HOST_VERSION,
        "versionDetails": format!("{HOST_VERSION} (stand-in)"),
        "processUptime": i64::try_from(uptime).unwrap_or_default(),
        "errors": [],
    }))
    .into_response()
}

async fn list(State(door): Door) -> Response {
    let functions: Vec<Value> = door.functions.iter().map(|function| door.summary(function)).collect();
    Json(functions).into_response()
}

async fn function_status(State(door): Door, Path(name): Path<String>) -> Response {
    match door.function(&name) {
        Some(_) => Json(json!({ "errors": [] })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Fires a function at once and answers 202 without waiting for it. `input` becomes the text of a queue message.
async fn fire(State(door): Door, Path(name): Path<String>, body: Bytes) -> Response {
    let Some(function) = door.function(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(input) = input(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    door.fire(function, input);
    StatusCode::ACCEPTED.into_response()
}

impl FrontDoor {
    fn summary(&self, function: &Function) -> Value {
        let (trigger, route) = match &function.trigger {
            Trigger::Http(http) => ("httpTrigger", Some(http.route.as_str())),
            Trigger::Queue(_) => ("queueTrigger", None),
            Trigger::Timer(_) => ("timerTrigger", None),
        };
        json!({
            "name": function.name,
            "language": "Custom",
            "isDisabled": false,
            "trigger": trigger,
            "invokePath": route.map(|route| format!("/{}/{route}", self.route_prefix)),
        })
    }

    fn fire(&self, function: &Arc<Function>, text: String) {
        // Begins now and not with the task, so that a host that was told to fire is not idle.
        let running = self.invoker.activity.begin();
        match &function.trigger {
            Trigger::Timer(_) => {
                let timer = self.timers.iter().find(|timer| timer.name() == function.name).cloned();
                if let Some(timer) = timer {
                    self.tasks.spawn(async move {
                        timer.fire().await;
                        drop(running);
                    });
                }
            }
            Trigger::Queue(_) => {
                let input = TriggerInput::Queue(QueueInput {
                    content: text.into_bytes(),
                    message: None,
                });
                let request = Request::new(Arc::clone(function), input);
                let invoker = Arc::clone(&self.invoker);
                self.tasks.spawn(async move {
                    // Nobody waits for the result; the journal has it.
                    let _ = invoker.invoke(request).await;
                    drop(running);
                });
            }
            Trigger::Http(_) => self
                .invoker
                .refuse(function, "an HTTP function can only be called by its route"),
        }
    }
}

/// Reads `{"input":"…"}`. Without a body or `input` it is the empty text; `None` if the body is something else.
fn input(body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return Some(String::new());
    }
    match serde_json::from_slice::<Value>(body).ok()? {
        Value::Object(mut members) => match members.remove("input") {
            None | Some(Value::Null) => Some(String::new()),
            Some(Value::String(text)) => Some(text),
            Some(_) => None,
        },
        _ => None,
    }
}
