//! `PUT /users/{userID}`: replaces the members that are given and keeps the others
//! (docs/reference/secureauth-api.md#users-change).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::conflicts::rule_error;
use super::model::{JsonText, User, compact, expand};
use super::rules::check_schemas;
use super::view::{Place, UserWithData};
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::lag::LagTimes;
use crate::pools::{check_management, find_live};
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::state::record_id::RecordId;

const MEMBERS: [&str; 8] = [
    "status",
    "payload",
    "metadata",
    "business_metadata",
    "payload_schema_id",
    "metadata_schema_id",
    "business_metadata_schema_id",
    "preferences",
];

/// `UpdateUser`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UpdateUser {
    status: Option<String>,
    payload: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
    business_metadata: Option<Map<String, Value>>,
    payload_schema_id: Option<String>,
    metadata_schema_id: Option<String>,
    business_metadata_schema_id: Option<String>,
    preferences: Option<Map<String, Value>>,
}

pub(super) fn update(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: UpdateUser = call.json_of(&MEMBERS)?;
    let mut state = app.state();
    let id = RecordId::from(call.param("userID"));
    let pool = find_live(&state, call)?;
    let user = pool
        .users
        .get(&id)
        .cloned()
        .ok_or_else(|| ApiError::not_found("User"))?;
    call.check_if_match(user.revision)?;
    let pool_id = pool.id().to_owned();
    check_management(&state, call, &pool_id)?;
    let mut user = changed(&state, call, user, &request)?;
    user.revision = state.next_revision();
    let place = Place {
        tenant: &state.tenant,
        pool_id: &pool_id,
    };
    let reply = Reply::json(200, &UserWithData::new(place, &user)).etag(user.revision);
    state.pools.put_user(call.now, LagTimes::of(call), &pool_id, user);
    let server_id = state.pools.workspace_of(&pool_id).to_owned();
    let affected = Some((pool_id, Some(id.to_string())));
    state.record(call, Subject::User, Action::Updated, &server_id, affected);
    Ok(reply)
}

fn changed(state: &State, call: &Call, mut user: User, request: &UpdateUser) -> Result<User, ApiError> {
    if let Some(status) = &request.status {
        user.status = status
            .parse()
            .map_err(|_| ApiError::refusal(call.switches.unknown_enum, "Unknown status"))?;
        user.status_updated_at = call.now;
    }
    let replace = |kept: &mut Option<JsonText>, given: Option<&Map<String, Value>>| {
        if let Some(given) = given {
            *kept = Some(compact(given));
        }
    };
    replace(&mut user.payload, request.payload.as_ref());
    replace(&mut user.metadata, request.metadata.as_ref());
    replace(&mut user.business_metadata, request.business_metadata.as_ref());
    replace(&mut user.preferences, request.preferences.as_ref());
    user.updated_at = call.now;
    let value = |kept: &Option<JsonText>| match expand(kept.as_ref()) {
        Value::Object(members) => Some(members),
        _ => None,
    };
    let [payload, metadata, business] = [
        value(&user.payload),
        value(&user.metadata),
        value(&user.business_metadata),
    ];
    let schemas = check_schemas(
        &state.schemas,
        find_live(state, call)?,
        [
            Some(request.payload_schema_id.as_deref().unwrap_or(&user.payload_schema_id)),
            Some(
                request
                    .metadata_schema_id
                    .as_deref()
                    .unwrap_or(&user.metadata_schema_id),
            ),
            Some(
                request
                    .business_metadata_schema_id
                    .as_deref()
                    .unwrap_or(&user.business_metadata_schema_id),
            ),
        ],
        [payload.as_ref(), metadata.as_ref(), business.as_ref()],
    )
    .map_err(|rule| rule_error(call, rule))?;
    user.payload_schema_id = schemas.payload;
    user.metadata_schema_id = schemas.metadata;
    user.business_metadata_schema_id = schemas.business_metadata;
    Ok(user)
}
