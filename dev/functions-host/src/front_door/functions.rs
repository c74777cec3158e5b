//! Serves HTTP functions: route, key, body, invocation, answer.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use tokio::sync::oneshot;

use super::FrontDoor;
use super::authorization::authorize;
use super::input::{caller_trace, http_input, query};
use crate::config::{Function, HttpTrigger, Trigger};
use crate::envelope::TriggerInput;
use crate::invocation::{Failure, Request};
use crate::response::HttpAnswer;
use crate::routing::RouteValues;

/// Stands for the real host's page.
const HOMEPAGE: &str = "<!DOCTYPE html><title>Your Functions app is up and running</title>";

pub(crate) async fn serve(State(door): State<Arc<FrontDoor>>, request: HttpRequest) -> Response {
    let Some((function, http, params)) = door.route(request.method(), request.uri().path()) else {
        return door.without_function(request.uri().path());
    };
    let (parts, body) = request.into_parts();
    let query = query(&parts.uri);
    let code = query.iter().find(|(name, _)| name.eq_ignore_ascii_case("code"));
    let code = code.map(|(_, value)| value.as_str());
    let Some(identity) = authorize(door.keys.as_ref(), http.auth_level, &parts.headers, code) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    // A body that is too long, or breaks off, is an exception inside the real host, which makes a bare 500 of it (S12).
    let Ok(body) = to_bytes(body, door.body_limit).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let input = http_input(&parts, body.into(), params, identity);
    let request = Request::new(Arc::clone(function), TriggerInput::Http(Box::new(input)))
        .with_trace(caller_trace(&parts.headers));
    answer(door.invoke_detached(request).await)
}

impl FrontDoor {
    /// The HTTP function for a method and path, and the values of its route.
    fn route(&self, method: &Method, path: &str) -> Option<(&Arc<Function>, &HttpTrigger, RouteValues)> {
        let path = below_prefix(&self.route_prefix, path)?;
        self.functions.iter().find_map(|function| match &function.trigger {
            Trigger::Http(http) if http.methods.is_empty() || http.methods.contains(method) => {
                Some((function, http, http.route.matches(path)?))
            }
            _ => None,
        })
    }

    /// The answer when no function matches: at `/` the home page, or nothing if a setting says so (S34).
    fn without_function(&self, path: &str) -> Response {
        match path {
            "/" if self.homepage => Html(HOMEPAGE).into_response(),
            "/" => StatusCode::NO_CONTENT.into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// Invokes in a task of its own, so that a caller that hangs up does not end the invocation (S28).
    async fn invoke_detached(&self, request: Request) -> Result<Option<HttpAnswer>, Failure> {
        let (sender, receiver) = oneshot::channel();
        let invoker = Arc::clone(&self.invoker);
        self.tasks.spawn(async move {
            // Sending fails when the caller has hung up; then nobody waits for the result.
            let _ = sender.send(invoker.invoke(request).await);
        });
        receiver.await.unwrap_or(Err(Failure::HostStopped))
    }
}

fn below_prefix<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if prefix.is_empty() {
        return Some(path);
    }
    let (head, rest) = path.split_at_checked(prefix.len())?;
    (head.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

/// The answer to the caller. A failed invocation is a 500 without a body (S20).
fn answer(result: Result<Option<HttpAnswer>, Failure>) -> Response {
    match result {
        Ok(Some(answer)) => (answer.status, answer.headers, answer.body.unwrap_or_default()).into_response(),
        Ok(None) => StatusCode::OK.into_response(),
        Err(Failure::HostStopped | Failure::InitializationTimeout) => {
            (StatusCode::SERVICE_UNAVAILABLE, "Function host is not running.").into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
