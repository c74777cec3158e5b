//! Steps of every request, in this order: call log, faults before the effect, tenant, rate limit,
//! token, body size, idempotency key, delay, effect, faults after the effect.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, Request};
use axum::response::Response;

use super::body::{Received, receive};
use super::call::Call;
use super::connection::Connection;
use super::operation::{Access, Operation};
use super::reply::Reply;
use crate::app::App;
use crate::calls::Arrival;
use crate::errors::ApiError;
use crate::faults::{FaultPlan, Hold};
use crate::idempotency::{Admission, Slot};

/// Serves one request.
pub(crate) async fn run(
    app: Arc<App>,
    operation: &'static Operation,
    connection: Connection,
    path: Vec<(String, String)>,
    request: Request,
) -> Response {
    let (sequence, trace_id) = arrive(&app, &request, Some(operation.name));
    let plan = app.faults().plan(operation.name, request.uri().path());
    if plan.reset_before {
        pause(plan.delay_before).await;
        return cut(&app, sequence, &connection);
    }
    let (parts, body) = request.into_parts();
    let switches = app.switches();
    let received = receive(body, *switches.body_limit_bytes).await;
    let query = Query::try_from_uri(&parts.uri)
        .map(|Query(query)| query)
        .unwrap_or_default();
    let mut call = Call {
        path,
        query,
        uri: parts.uri,
        headers: parts.headers,
        body: axum::body::Bytes::new(),
        switches,
        now: app.now(),
        client_id: String::new(),
        trace_id,
        lag: plan.lag,
        partial_import: plan.partial_import,
        jit: false,
    };
    let reply = execute(&app, operation, &mut call, received, &plan, sequence).await;
    if plan.reset_after {
        return cut(&app, sequence, &connection);
    }
    finish(&app, operation, sequence, &call, reply)
}

/// Waits in real time. A sleep of zero would take a millisecond, a tick of the timer.
async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

async fn hold(gate: Option<&Hold>) {
    if let Some(gate) = gate.cloned() {
        gate.wait().await;
    }
}

/// The steps between arrival and answer.
async fn execute(
    app: &App,
    operation: &'static Operation,
    call: &mut Call,
    received: Received,
    plan: &FaultPlan,
    sequence: u64,
) -> Reply {
    let refuse = |call: &Call, error: &ApiError| Reply::error(error, &call.switches, sequence);
    let slot = match admit(app, operation, call, received, sequence) {
        Ok(Admission::Execute(slot)) => slot,
        Ok(Admission::Replay(reply)) => return reply,
        Err(error) => return refuse(call, &error),
    };
    let _importing = match crate::forbidden::begin(app, operation, call) {
        Ok(importing) => importing,
        Err(error) => {
            release(app, slot);
            return refuse(call, &error);
        }
    };
    pause(plan.delay_before).await;
    hold(plan.hold_before.as_ref()).await;
    if let Some(status) = &plan.status_before {
        release(app, slot);
        return status.reply(&call.switches, sequence);
    }
    call.now = app.now();
    if plan.wrong_subject {
        crate::faults::redirect(&app.state(), operation.name, call);
    }
    let mut reply = (operation.handler)(app, call).unwrap_or_else(|error| refuse(call, &error));
    if let Some(slot) = slot {
        app.keys().complete(&slot, &reply);
    }
    hold(plan.hold_after.as_ref()).await;
    pause(plan.delay_after + reply.slow).await;
    if let Some(status) = &plan.status_after {
        reply = status.reply(&call.switches, sequence);
    }
    reply
}

/// The checks before every operation.
fn admit(
    app: &App,
    operation: &'static Operation,
    call: &mut Call,
    received: Received,
    sequence: u64,
) -> Result<Admission, ApiError> {
    crate::auth::check_tenant(app, operation.access, call)?;
    app.limits().take(operation.module, call.now, &call.switches)?;
    app.forbidden().burst(operation.module, call.now, &call.switches)?;
    if operation.access != Access::Public {
        call.client_id = crate::auth::authenticate(app, operation.access, call)?;
    }
    call.body = match received {
        Received::Whole(body) => body,
        Received::TooLarge => return Err(ApiError::new(413, "The body is too large")),
        Received::Broken => return Err(ApiError::bad_request("The body ended early")),
    };
    crate::forbidden::young_workspace(app, call)?;
    let admission = app.keys().admit(&operation.method, call);
    // After the key is taken, so that whoever sees the body knows that it is.
    if call.switches.keep_request_bodies.is_on() && operation.name != crate::auth::TOKEN {
        let body = String::from_utf8_lossy(&call.body).into_owned();
        app.calls().update(sequence, |record| record.body = Some(body));
    }
    admission
}

fn release(app: &App, slot: Option<Slot>) {
    if let Some(slot) = slot {
        app.keys().release(&slot);
    }
}

/// Logs the request. Returns its sequence number and its trace id.
fn arrive(app: &App, request: &Request, operation: Option<&'static str>) -> (u64, String) {
    let trace_id = app.random().hex_id();
    let sequence = app.calls().begin(&Arrival {
        at: app.now(),
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query(),
        operation,
        headers: request.headers(),
        trace_id: &trace_id,
    });
    (sequence, trace_id)
}

/// Cuts the connection. The response only makes the server write, which then fails.
fn cut(app: &App, sequence: u64, connection: &Connection) -> Response {
    connection.cut();
    let now = app.now();
    app.calls().update(sequence, |record| {
        record.reset = true;
        record.ended_at = Some(now);
    });
    Reply::empty(500).into_response()
}

fn finish(app: &App, operation: &Operation, sequence: u64, call: &Call, mut reply: Reply) -> Response {
    let replayed = reply.has_header("x-idempotent-replayed");
    let now = app.now();
    app.calls().update(sequence, |record| {
        record.status = Some(reply.status);
        record.ended_at = Some(now);
        record.replayed = replayed;
    });
    // Documented for answers with an etag, assumed for the others (row 10).
    if reply.has_header("etag") || call.switches.trace_id_everywhere.is_on() {
        reply = reply.header("x-trace-id", call.trace_id.clone());
    }
    tracing::debug!(operation = operation.name, status = reply.status, "answered");
    reply.into_response()
}

/// Logs and refuses a request for an unknown path or method.
pub(crate) fn refuse_unrouted(app: &App, request: &Request, error: &ApiError) -> Response {
    let (sequence, trace_id) = arrive(app, request, None);
    let now = app.now();
    app.calls().update(sequence, |record| {
        record.status = Some(error.status);
        record.ended_at = Some(now);
    });
    Reply::error(error, &app.switches(), sequence)
        .header("x-trace-id", trace_id)
        .into_response()
}
