//! Audit events (docs/reference/secureauth-api.md#audit-events; dev/secureauth-simulator/README.md#row-83).

use std::collections::VecDeque;

use axum::http::Method;
use serde_json::{Value, json};
use strum::IntoStaticStr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::Operation;
use crate::server::reply::Reply;
use crate::state::State;

/// Most events that are kept. The oldest are dropped.
const CAPACITY: usize = 100_000;

/// The workspace of the client. Its list has the events of all workspaces.
const SYSTEM_WORKSPACE: &str = "system";

pub(crate) const OPERATIONS: &[Operation] = &[Operation::system(
    "list_audit_events",
    Method::GET,
    "/api/system/{tid}/servers/{wid}/audit-events",
    "view_audit_events",
    list,
)];

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Subject {
    Organization,
    Pool,
    User,
    Import,
    Schema,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Action {
    Created,
    Updated,
    Deleted,
    Succeeded,
    Failed,
}

#[derive(Debug)]
struct Event {
    sequence: u64,
    at: OffsetDateTime,
    subject: Subject,
    action: Action,
    server_id: String,
    /// Pool and, for a single user, its id.
    affected: Option<(String, Option<String>)>,
    client_id: String,
    correlation_id: String,
    trace_id: String,
}

/// The tenant's events, oldest first.
#[derive(Debug, Default)]
pub(crate) struct AuditLog {
    last_sequence: u64,
    events: VecDeque<Event>,
}

impl State {
    /// Adds an event. `affected` is the pool and, for a single user, its id.
    pub(crate) fn record(
        &mut self,
        call: &Call,
        subject: Subject,
        action: Action,
        server_id: &str,
        affected: Option<(String, Option<String>)>,
    ) {
        let log = &mut self.audit;
        log.last_sequence += 1;
        if log.events.len() >= CAPACITY {
            log.events.pop_front();
        }
        log.events.push_back(Event {
            sequence: log.last_sequence,
            at: call.now,
            subject,
            action,
            server_id: server_id.to_owned(),
            affected,
            client_id: call.client_id.clone(),
            correlation_id: call.header("x-correlation-id").unwrap_or_default().to_owned(),
            trace_id: call.trace_id.clone(),
        });
    }
}

impl Event {
    /// Sorts as the events do.
    fn id(&self) -> String {
        format!("{:016x}", self.sequence)
    }

    fn pool_id(&self) -> Option<&str> {
        self.affected.as_ref().map(|(pool, _)| pool.as_str())
    }

    fn user_id(&self) -> Option<&str> {
        self.affected.as_ref().and_then(|(_, user)| user.as_deref())
    }

    fn matches(&self, call: &Call, server_id: &str) -> bool {
        let named = |parameter: &str, name: &str| {
            let mut wanted = call
                .query
                .iter()
                .filter(|(key, _)| key == parameter)
                .flat_map(|(_, v)| v.split(','));
            call.query(parameter).is_none() || wanted.any(|wanted| wanted == name)
        };
        let is =
            |parameter: &str, value: Option<&str>| call.query(parameter).is_none_or(|wanted| value == Some(wanted));
        let bound = |parameter: &str| {
            call.query(parameter)
                .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok())
        };
        (server_id == SYSTEM_WORKSPACE || server_id == self.server_id)
            && named("event_subject", self.subject.into())
            && named("event_action", self.action.into())
            && is("organization_id", Some(&self.server_id))
            && is("affected_user_pool_id", self.pool_id())
            && is("user_pool_id", self.pool_id())
            && is("affected_user_id", self.user_id())
            && is("client_id", Some(&self.client_id))
            && bound("timestamp_from").is_none_or(|from| self.at >= from)
            && bound("timestamp_to").is_none_or(|to| self.at <= to)
            && call
                .query("after_event_id")
                .is_none_or(|after| self.id().as_str() > after)
            && call
                .query("before_event_id")
                .is_none_or(|before| self.id().as_str() < before)
    }

    fn response(&self, tenant: &str) -> Value {
        json!({
            "event_id": self.id(),
            "tenant_id": tenant,
            "server_id": self.server_id,
            "event_subject": <&str>::from(self.subject),
            "action": <&str>::from(self.action),
            "timestamp": self.at.format(&Rfc3339).ok(),
            "metadata": {
                "client_id": self.client_id,
                "organization_id": self.server_id,
                "request_correlation_id": self.correlation_id,
                "trace_id": self.trace_id,
                "affected_user_pool_id": self.pool_id().unwrap_or_default(),
                "affected_user_id": self.user_id().unwrap_or_default(),
            },
        })
    }
}

fn list(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let limit = match call.query("limit").map(str::parse) {
        None => 20,
        Some(Ok(limit @ 1..=100)) => limit,
        Some(_) => return Err(ApiError::bad_request("limit takes 1 to 100")),
    };
    let state = app.state();
    let server_id = call.param("wid");
    if !state.workspace_exists(server_id) {
        return Err(ApiError::not_found("Workspace"));
    }
    let rows: Vec<_> = state
        .audit
        .events
        .iter()
        .filter(|event| event.matches(call, server_id))
        .take(limit)
        .map(|event| event.response(&state.tenant))
        .collect();
    Ok(Reply::json(200, &json!({ "audit_events": rows })))
}
