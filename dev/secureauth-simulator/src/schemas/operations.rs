//! `/system/schemas` (docs/reference/secureauth-api.md#schemas).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::store::Schema;
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;

const MEMBERS: [&str; 8] = [
    "id",
    "tenant_id",
    "name",
    "description",
    "schema",
    "system",
    "created_at",
    "updated_at",
];

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SchemaRequest {
    id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    schema: Option<Map<String, Value>>,
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
pub(super) fn list(app: &App, _: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let rows: Vec<_> = state
        .schemas
        .all()
        .map(|schema| schema.response(&state.tenant))
        .collect();
    Ok(Reply::json(200, &json!({ "schemas": rows })))
}

pub(super) fn get(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let id = find(&state, call)?.id.to_string();
    shown(&state, &id, 200)
}

fn shown(state: &State, id: &str, status: u16) -> Result<Reply, ApiError> {
    let schema = state.schemas.get(id).ok_or_else(|| ApiError::not_found("Schema"))?;
    Ok(Reply::json(status, &schema.response(&state.tenant)))
}

pub(crate) fn create(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: SchemaRequest = call.json_of(&MEMBERS)?;
    let mut state = app.state();
    if request.id.as_deref().is_some_and(|id| state.schemas.get(id).is_some()) {
        return Err(ApiError::conflict("The schema id is in use"));
    }
    let (id, _) = put(&mut state, call, request)?;
    shown(&state, &id, 201)
}

pub(super) fn update(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: SchemaRequest = call.json_of(&MEMBERS)?;
    let mut state = app.state();
    let id = find(&state, call)?.id.to_string();
    let (id, _) = put(
        &mut state,
        call,
        SchemaRequest {
            id: Some(id),
            ..request
        },
    )?;
    shown(&state, &id, 200)
}

pub(super) fn delete(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let mut state = app.state();
    let id = find(&state, call)?.id.to_string();
    if state.pools.all().values().any(|pool| pool.uses_schema(&id)) {
        return Err(ApiError::conflict("The schema is in use"));
    }
    state.schemas.remove(&id);
    state.record(call, Subject::Schema, Action::Deleted, "system", None);
    Ok(Reply::empty(204))
}

/// Adds or replaces a schema, also one of an import (row 76). Returns its id and the schema it
/// replaced.
pub(crate) fn put(
    state: &mut State,
    call: &Call,
    request: SchemaRequest,
) -> Result<(String, Option<Schema>), ApiError> {
    let (Some(name), Some(schema)) = (request.name, request.schema) else {
        return Err(ApiError::unprocessable("name and schema are required"));
    };
    let id = request
        .id
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| state.random.hex_id());
    let known = state.schemas.get(&id);
    let (action, created_at) = match known {
        Some(known) => (Action::Updated, known.created_at),
        None => (Action::Created, call.now),
    };
    let compiled = Schema::new(&id, &name, Value::Object(schema), call.now)
        .ok_or_else(|| ApiError::unprocessable("The schema is not a JSON schema"))?;
    let description = request.description.unwrap_or_default();
    let stored = Schema {
        description,
        created_at,
        ..compiled
    };
    let before = state.schemas.put(stored);
    state.record(call, Subject::Schema, action, "system", None);
    Ok((id, before))
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Schema, ApiError> {
    state
        .schemas
        .get(call.param("schID"))
        .ok_or_else(|| ApiError::not_found("Schema"))
}
