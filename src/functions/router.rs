//! The routes that the host calls: `POST /<function name>`, and `GET /` as its probe
//! (docs/reference/functions-host.md#readiness).

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Instrument, error, info_span};

use super::answer::{Answer, failed_invocation};
use super::bounded_body::{self, Unread};
use super::invocation::{Envelope, Invocation};
use super::services::{HttpLimits, ServicesSource};
use super::{health, migrate_users, onboard_biller, recover_onboardings};

/// Longest envelope. It must hold the headers and, escaped, the largest allowed body (1 MiB) twice, because the host
/// repeats the body's members in `Metadata`.
const ENVELOPE_BYTES: usize = 16 * 1024 * 1024;

#[derive(Clone)]
struct App {
    services: Arc<dyn ServicesSource>,
    limits: HttpLimits,
    tasks: TaskTracker,
}

/// Everything the custom handler serves on its port. Work on runs is in `tasks`: it goes on when the host hangs up, which it does
/// only when it ends.
pub fn router(services: Arc<dyn ServicesSource>, limits: HttpLimits, tasks: TaskTracker) -> Router {
    Router::new()
        .route("/", get(|| async { "ready" }))
        .route("/function-onboard-biller", post(onboard))
        .route("/function-health", post(health))
        .route("/function-readiness", post(readiness))
        .route("/function-migrate-users", post(migrate))
        .route("/function-recover-onboardings", post(recover))
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(App {
            services,
            limits,
            tasks,
        })
}

async fn onboard(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let invocation = Invocation::of(&headers);
    let span = span("function-onboard-biller", &invocation);
    let deadline = Instant::now() + app.limits.deadline;
    async move {
        let body = match bounded_body::read(body, ENVELOPE_BYTES, deadline).await {
            Ok(body) => body,
            Err(Unread::TooLarge) => {
                return onboard_biller::refuse_unread(app.limits).into_response();
            }
            Err(Unread::Broken | Unread::Late) => return failed_invocation(),
        };
        let Some(trigger) = Envelope::parse(&body).and_then(Envelope::http_trigger) else {
            error!("the invocation has no HTTP trigger");
            return failed_invocation();
        };
        onboard_biller::invoke(&*app.services, app.limits, deadline, &trigger, &invocation)
            .await
            .into_response()
    }
    .instrument(span)
    .await
}

async fn health(State(app): State<App>, body: Body) -> Response {
    match read(body, Instant::now() + app.limits.deadline).await {
        Ok(()) => health::alive().into_response(),
        Err(failed) => failed,
    }
}

async fn readiness(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let span = span("function-readiness", &Invocation::of(&headers));
    let deadline = Instant::now() + app.limits.deadline;
    async move {
        match read(body, deadline).await {
            Ok(()) => health::ready(&*app.services, deadline).await.into_response(),
            Err(failed) => failed,
        }
    }
    .instrument(span)
    .await
}

/// Of an invocation whose envelope is not used. It is read so that the host can reuse the connection.
async fn read(body: Body, deadline: Instant) -> Result<(), Response> {
    match bounded_body::read(body, ENVELOPE_BYTES, deadline).await {
        Err(Unread::Broken | Unread::Late) => Err(failed_invocation()),
        Ok(_) | Err(Unread::TooLarge) => Ok(()),
    }
}

async fn migrate(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let span = span("function-migrate-users", &Invocation::of(&headers));
    let deadline = Instant::now() + app.limits.deadline;
    let tasks = app.tasks.clone();
    let invocation = async move {
        let text = bounded_body::read(body, ENVELOPE_BYTES, deadline)
            .await
            .ok()
            .and_then(|body| Envelope::parse(&body))
            .and_then(Envelope::queue_text);
        let Some(text) = text else {
            error!("the invocation has no queue trigger");
            return failed_invocation();
        };
        respond(migrate_users::invoke(&*app.services, deadline, &text).await)
    };
    let outcome = tasks.spawn(invocation.instrument(span)).await;
    outcome.unwrap_or_else(|panic| panicked(Box::new(panic)))
}

async fn recover(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let span = span("function-recover-onboardings", &Invocation::of(&headers));
    let deadline = Instant::now() + app.limits.deadline;
    async move {
        if let Err(failed) = read(body, deadline).await {
            return failed;
        }
        let Ok(outcome) = timeout_at(deadline, recover_onboardings::invoke(&*app.services)).await else {
            error!("the due runs were not claimed in time; the next timer tries again");
            return failed_invocation();
        };
        respond(outcome)
    }
    .instrument(span)
    .await
}

fn respond(outcome: Result<Answer, migrate_users::Failed>) -> Response {
    outcome.map_or_else(|_| failed_invocation(), IntoResponse::into_response)
}

fn span(function: &'static str, invocation: &Invocation) -> tracing::Span {
    info_span!(
        "invocation",
        function,
        invocation_id = invocation.id,
        trace_id = invocation.trace_id()
    )
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    // The panic hook has logged the place. The payload is not logged, because it may hold personal data.
    error!("an invocation panicked");
    failed_invocation()
}
