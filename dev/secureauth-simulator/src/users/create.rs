//! `POST /users` (row 81).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::conflicts::{check_conflicts, rule_error};
use super::entries::{NewAddress, NewIdentifier, known, new_addresses, new_identifiers};
use super::model::{Credential, CredentialState, CredentialType, User, UserStatus, compact};
use super::rules::check_schemas;
use super::view::{Place, UserWithData};
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::pools::{check_management, find_live};
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::state::record_id::RecordId;

const MEMBERS: [&str; 13] = [
    "id",
    "status",
    "payload",
    "metadata",
    "business_metadata",
    "payload_schema_id",
    "metadata_schema_id",
    "business_metadata_schema_id",
    "preferences",
    "identifiers",
    "verifiable_addresses",
    "credentials",
    "user_type",
];

/// `NewUser`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewUser {
    id: Option<String>,
    status: Option<String>,
    payload: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
    business_metadata: Option<Map<String, Value>>,
    preferences: Option<Map<String, Value>>,
    payload_schema_id: Option<String>,
    metadata_schema_id: Option<String>,
    business_metadata_schema_id: Option<String>,
    identifiers: Vec<NewIdentifier>,
    verifiable_addresses: Vec<NewAddress>,
    credentials: Vec<NewCredential>,
}

#[derive(Debug, Deserialize)]
struct NewCredential {
    r#type: String,
    #[serde(default)]
    must_be_reset: bool,
    #[serde(default)]
    must_be_changed: bool,
}

pub(crate) fn create(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request: NewUser = call.json_of(&MEMBERS)?;
    let mut state = app.state();
    find_live(&state, call)?;
    let pool_id = call.param("ipID").to_owned();
    check_management(&state, call, &pool_id)?;
    let user = build(&mut state, call, &request)?;
    if state.newest(&pool_id, &user.id).is_some() {
        return Err(ApiError::conflict("The user id is in use"));
    }
    check_conflicts(&state, call, &pool_id, &user)?;
    let place = Place {
        tenant: &state.tenant,
        pool_id: &pool_id,
    };
    let reply = Reply::json(201, &UserWithData::new(place, &user)).etag(user.revision);
    let id = user.id.to_string();
    state.put_user(call, &pool_id, user, None);
    let server_id = state.pools.workspace_of(&pool_id).to_owned();
    state.record(
        call,
        Subject::User,
        Action::Created,
        &server_id,
        Some((pool_id, Some(id))),
    );
    Ok(reply)
}

/// Checks the values of the request and makes the user.
fn build(state: &mut State, call: &Call, request: &NewUser) -> Result<User, ApiError> {
    let Some(status) = request.status.as_deref().filter(|status| !status.is_empty()) else {
        return Err(ApiError::unprocessable("status is required"));
    };
    let status = known::<UserStatus>(call, status)?;
    let id = match request.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => RecordId::from(id),
        None => state.random.uuid().into(),
    };
    let identifiers = new_identifiers(state, call, &request.identifiers)?;
    let addresses = new_addresses(state, call, &request.verifiable_addresses, None)?;
    let credentials = credentials(state, call, &request.credentials)?;
    let schemas = check_schemas(
        &state.schemas,
        find_live(state, call)?,
        [
            request.payload_schema_id.as_deref(),
            request.metadata_schema_id.as_deref(),
            request.business_metadata_schema_id.as_deref(),
        ],
        [
            request.payload.as_ref(),
            request.metadata.as_ref(),
            request.business_metadata.as_ref(),
        ],
    )
    .map_err(|rule| rule_error(call, rule))?;
    Ok(User {
        id,
        status,
        jit: call.jit,
        payload: request.payload.as_ref().map(compact),
        metadata: request.metadata.as_ref().map(compact),
        business_metadata: request.business_metadata.as_ref().map(compact),
        preferences: request.preferences.as_ref().map(compact),
        payload_schema_id: schemas.payload,
        metadata_schema_id: schemas.metadata,
        business_metadata_schema_id: schemas.business_metadata,
        created_at: call.now,
        updated_at: call.now,
        status_updated_at: call.now,
        identifiers,
        addresses,
        credentials,
        revision: state.next_revision(),
    })
}

/// Credentials without the password, which the simulator does not need.
fn credentials(state: &mut State, call: &Call, given: &[NewCredential]) -> Result<Vec<Credential>, ApiError> {
    let mut made = Vec::with_capacity(given.len());
    for new in given {
        let state_of = match (new.must_be_reset, new.must_be_changed) {
            (true, _) => CredentialState::MustBeReset,
            (false, true) => CredentialState::MustBeChanged,
            (false, false) => CredentialState::Valid,
        };
        made.push(Credential {
            id: state.random.uuid().into(),
            kind: known::<CredentialType>(call, &new.r#type)?,
            state: state_of,
            payload: json!({ "hashed_password": state.random.secret() }).to_string().into(),
            expires_at: None,
            created_at: call.now,
            updated_at: call.now,
        });
    }
    Ok(made)
}
