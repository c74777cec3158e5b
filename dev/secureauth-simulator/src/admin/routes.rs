//! The routes under `/admin`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Person, Seed, inventory, seed};
use crate::app::App;
use crate::faults::Fault;
use crate::server::operation::{Access, all};

/// Users per page of the inventory when the request names no limit.
const USERS_PER_PAGE: usize = 1_000;

/// Routes of the admin API.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(overview))
        .route("/switches", put(set_switches).get(list_switches))
        .route("/faults", post(add_fault).get(list_faults).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/inventory", get(take_inventory))
        .route("/inventory/pools/{id}/users", get(list_pool_users))
        .route("/calls", get(list_calls).delete(clear_calls))
        .route("/seed", post(plant_seed))
        .route("/clock", post(advance_clock))
        .route("/tokens/revoke", post(revoke_tokens))
        .route("/sign-in", post(sign_in))
        .route("/may-sign-in", post(may_sign_in))
        .route("/activate", post(activate))
        .route("/outbox", get(list_outbox))
        .route("/password-reset", post(ask_for_reset))
        .route("/code", post(enter_code))
}

type Body<T> = Result<Json<T>, JsonRejection>;

/// A refused admin request with a reason for people.
fn refusal(status: StatusCode, message: impl std::fmt::Display) -> Response {
    (status, Json(json!({ "error": message.to_string() }))).into_response()
}

async fn overview(State(app): State<Arc<App>>) -> Json<Value> {
    let operations: Vec<_> = all()
        .map(|operation| {
            let scope = match operation.access {
                Access::Public => None,
                Access::Scope(scope) => Some(scope),
                Access::Setup => Some("setup"),
            };
            json!({
                "name": operation.name,
                "method": operation.method.as_str(),
                "path": operation.path,
                "scope": scope,
            })
        })
        .collect();
    Json(json!({
        "tenant": app.tenant,
        "now": crate::users::view::timestamp(app.now()),
        "switches": app.switches().list(),
        "operations": operations,
        "faults": app.faults().list(),
    }))
}

async fn list_switches(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!(app.switches().list()))
}

async fn set_switches(State(app): State<Arc<App>>, body: Body<BTreeMap<String, Value>>) -> Response {
    let values = match body {
        Ok(Json(values)) => values,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, error),
    };
    let changed = app.change_switches(|switches| {
        values.iter().try_for_each(|(name, value)| match value {
            Value::String(text) => switches.set(name, text),
            other => switches.set(name, &other.to_string()),
        })
    });
    match changed {
        Ok(()) => Json(app.switches().list()).into_response(),
        Err(error) => refusal(StatusCode::BAD_REQUEST, error),
    }
}

async fn add_fault(State(app): State<Arc<App>>, body: Body<Map<String, Value>>) -> Response {
    let members = match body {
        Ok(Json(members)) => members,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, error),
    };
    match Fault::of_members(members).and_then(|fault| fault.check().map(|()| fault)) {
        Ok(fault) => {
            let id = app.faults().add(fault);
            (StatusCode::CREATED, Json(json!({ "id": id }))).into_response()
        }
        Err(reason) => refusal(StatusCode::BAD_REQUEST, reason),
    }
}

async fn list_faults(State(app): State<Arc<App>>) -> Response {
    Json(app.faults().list()).into_response()
}

async fn clear_faults(State(app): State<Arc<App>>) -> StatusCode {
    app.faults().clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(app): State<Arc<App>>, Path(id): Path<u64>) -> Response {
    if app.faults().remove(id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        refusal(StatusCode::NOT_FOUND, "there is no such fault")
    }
}

async fn take_inventory(State(app): State<Arc<App>>) -> Response {
    Json(inventory::take(&app)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserPage {
    after: Option<String>,
    limit: Option<usize>,
}

async fn list_pool_users(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    page: Result<Query<UserPage>, QueryRejection>,
) -> Response {
    let page = match page {
        Ok(Query(page)) => page,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, error.body_text()),
    };
    let limit = page.limit.unwrap_or(USERS_PER_PAGE);
    match inventory::pool_users(&app, &id, page.after.as_deref(), limit) {
        Some(users) => Json(json!({ "users": users })).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "there is no such pool"),
    }
}

async fn list_calls(State(app): State<Arc<App>>) -> Response {
    Json(json!({ "calls": app.calls().all() })).into_response()
}

async fn clear_calls(State(app): State<Arc<App>>) -> StatusCode {
    app.calls().clear();
    StatusCode::NO_CONTENT
}

async fn plant_seed(State(app): State<Arc<App>>, body: Body<Seed>) -> Response {
    match body.map(|Json(seed)| seed::plant(&app, seed)) {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => refusal(StatusCode::UNPROCESSABLE_ENTITY, error),
        Err(error) => refusal(StatusCode::BAD_REQUEST, error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockRequest {
    advance_ms: u64,
}

async fn advance_clock(State(app): State<Arc<App>>, body: Body<ClockRequest>) -> Response {
    match body {
        Ok(Json(ClockRequest { advance_ms })) => {
            app.clock.advance(Duration::from_millis(advance_ms));
            Json(json!({ "now": crate::users::view::timestamp(app.now()) })).into_response()
        }
        Err(error) => refusal(StatusCode::BAD_REQUEST, error),
    }
}

async fn revoke_tokens(State(app): State<Arc<App>>) -> StatusCode {
    app.tokens().revoke_all();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    workspace_id: String,
    identifier: String,
    password: Option<String>,
}

impl SignInRequest {
    fn person(&self) -> Person<'_> {
        Person {
            workspace_id: &self.workspace_id,
            identifier: &self.identifier,
            password: self.password.as_deref(),
        }
    }
}

async fn sign_in(State(app): State<Arc<App>>, body: Body<SignInRequest>) -> Response {
    answer(body, |request| super::sign_in(&app, request.person()))
}

async fn may_sign_in(State(app): State<Arc<App>>, body: Body<SignInRequest>) -> Response {
    answer(body, |request| super::may_sign_in(&app, request.person()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivationRequest {
    pool_id: String,
    user_id: String,
    address: Option<String>,
}

async fn activate(State(app): State<Arc<App>>, body: Body<ActivationRequest>) -> Response {
    answer(body, |request| {
        super::activate(&app, &request.pool_id, &request.user_id, request.address.as_deref())
    })
}

async fn list_outbox(State(app): State<Arc<App>>) -> Response {
    Json(json!({ "messages": super::outbox(&app) })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResetRequest {
    workspace_id: String,
    identifier: Option<String>,
    address: String,
}

async fn ask_for_reset(State(app): State<Arc<App>>, body: Body<ResetRequest>) -> Response {
    match body {
        Ok(Json(request)) => {
            super::ask_for_reset(
                &app,
                &request.workspace_id,
                request.identifier.as_deref(),
                &request.address,
            );
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => refusal(StatusCode::BAD_REQUEST, error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRequest {
    code: String,
    password: Option<String>,
}

async fn enter_code(State(app): State<Arc<App>>, body: Body<CodeRequest>) -> Response {
    answer(body, |request| {
        super::enter_code(&app, &request.code, request.password.as_deref())
    })
}

fn answer<T, A: Serialize>(body: Body<T>, answer: impl FnOnce(T) -> A) -> Response {
    match body {
        Ok(Json(request)) => Json(answer(request)).into_response(),
        Err(error) => refusal(StatusCode::BAD_REQUEST, error),
    }
}
