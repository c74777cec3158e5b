//! `POST /system/pools` (rows 40 to 46).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::check_workspace_management;
use super::mechanisms::check_mechanisms;
use super::model::{PoolHead, default_settings, merge};
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::lag::LagTimes;
use crate::server::call::{Call, refuse_unknown};
use crate::server::reply::Reply;
use crate::state::{Idp, State};
use crate::switches::choices::{Honoured, NameCharacters, NameUnique, UnknownFields};

pub(crate) fn create(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let mut request: Map<String, Value> = call.json()?;
    let mut state = app.state();
    check_request(&state, call, &request)?;
    let sent_id = text(&request, "id");
    let id = match *call.switches.pool_client_id {
        Honoured::Honoured if !sent_id.is_empty() => sent_id.to_owned(),
        _ => state.random.hex_id(),
    };
    if state.pools.is_taken(&id) {
        return Err(ApiError::conflict("The pool id is in use"));
    }
    check_mechanisms(&state, call, &default_settings(), &request)?;
    check_name(&state, call, text(&request, "name"), text(&request, "workspace_id"))?;
    request.insert("id".to_owned(), id.clone().into());
    let (body, revision) = put(&mut state, call, default_settings(), request, Action::Created)?;
    if call.flag("with_idp") && *call.switches.create_with_idp == Honoured::Honoured {
        if call.switches.idp_creation_fails.is_on() {
            return Err(ApiError::new(500, "The identity provider could not be created"));
        }
        add_idp(&mut state, &id);
    }
    Ok(Reply::json(201, &body).etag(revision))
}

/// Rows 41 to 43, and row 16.
pub(super) fn check_request(state: &State, call: &Call, request: &Map<String, Value>) -> Result<(), ApiError> {
    let switches = &call.switches;
    if *switches.unknown_fields == UnknownFields::Refused {
        let settings = default_settings();
        let mut known: Vec<&str> = settings
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        known.push("deleted");
        refuse_unknown(request, &known)?;
    }
    let (tenant, workspace) = (text(request, "tenant_id"), text(request, "workspace_id"));
    if tenant.is_empty() || text(request, "name").is_empty() {
        let message = "tenant_id and name are required";
        return Err(ApiError::refusal(*switches.pool_required_missing, message));
    }
    if tenant != state.tenant {
        let message = "tenant_id is not the tenant of the path";
        return Err(ApiError::refusal(*switches.pool_foreign_tenant, message));
    }
    if !workspace.is_empty() && !state.workspace_exists(workspace) {
        let message = "The workspace does not exist";
        return Err(ApiError::refusal(*switches.pool_unknown_workspace, message));
    }
    for member in ["payload_schema_id", "metadata_schema_id", "business_metadata_schema_id"] {
        let schema = text(request, member);
        if !schema.is_empty() && state.schemas.get(schema).is_none() {
            let message = "The schema does not exist";
            return Err(ApiError::refusal(*switches.pool_unknown_schema, message));
        }
    }
    check_workspace_management(state, call, workspace)
}

/// Row 45.
pub(super) fn check_name(state: &State, call: &Call, name: &str, workspace: &str) -> Result<(), ApiError> {
    let plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == ' ');
    if *call.switches.pool_name_characters == NameCharacters::Alphanumeric && !plain {
        return Err(ApiError::unprocessable("The name takes letters, digits and spaces"));
    }
    let named = |id: &String| state.pools.get(id).is_some_and(|pool| pool.text("name") == name);
    let taken = match *call.switches.pool_name_unique {
        NameUnique::Off => false,
        NameUnique::Workspace => state.pools.ids_of_workspace(workspace).any(named),
        NameUnique::Tenant => state.pools.all().keys().any(named),
    };
    if taken {
        Err(ApiError::conflict("The pool name is in use"))
    } else {
        Ok(())
    }
}

/// Stores `settings` overwritten with `request`. Returns the response and its revision.
pub(super) fn put(
    state: &mut State,
    call: &Call,
    mut settings: Value,
    mut request: Map<String, Value>,
    action: Action,
) -> Result<(Value, u64), ApiError> {
    request.insert("tenant_id".to_owned(), state.tenant.clone().into());
    merge(&mut settings, request)
        .map_err(|member| ApiError::refusal(*call.switches.invalid_value, format!("Invalid {member}")))?;
    let Value::Object(settings) = settings else {
        return Err(ApiError::new(500, "The settings are not an object"));
    };
    let revision = state.next_revision();
    let head = PoolHead { settings, revision };
    let (id, workspace) = (head.text("id").to_owned(), head.text("workspace_id").to_owned());
    state.pools.put(call.now, LagTimes::of(call), head);
    state.record(call, Subject::Pool, action, &workspace, Some((id.clone(), None)));
    let pool = state.pools.get(&id).ok_or_else(|| ApiError::not_found("Pool"))?;
    Ok((pool.response(&pool.head, call.now), revision))
}

/// Row 76: a pool of an import. Returns its id and the settings it replaced.
pub(crate) fn put_imported(
    state: &mut State,
    call: &Call,
    mut request: Map<String, Value>,
) -> Result<(String, Option<PoolHead>), ApiError> {
    check_request(state, call, &request)?;
    if text(&request, "id").is_empty() {
        request.insert("id".to_owned(), state.random.hex_id().into());
    }
    let id = text(&request, "id").to_owned();
    let before = state.pools.live(&id).map(|pool| pool.head.clone());
    let (settings, action) = match &before {
        Some(head) => (Value::Object(head.settings.clone()), Action::Updated),
        None => (default_settings(), Action::Created),
    };
    put(state, call, settings, request, action)?;
    Ok((id, before))
}

/// Row 34: a pool for a new organization like the template's pool, with its identity provider.
pub(crate) fn copy_pool(
    state: &mut State,
    call: &Call,
    source: Option<&str>,
    workspace_id: &str,
) -> Result<(), ApiError> {
    let settings = source
        .and_then(|id| state.pools.get(id))
        .map_or_else(default_settings, |pool| Value::Object(pool.head.settings.clone()));
    let id = state.random.hex_id();
    let mut request = Map::new();
    request.insert("id".to_owned(), id.clone().into());
    request.insert("workspace_id".to_owned(), workspace_id.into());
    if source.is_none() {
        request.insert("name".to_owned(), "Users".into());
    }
    put(state, call, settings, request, Action::Created)?;
    add_idp(state, &id);
    Ok(())
}

/// Row 115: the directory of a new organization. No call asked for it, so nobody marked it and the audit log has no event.
pub(crate) fn put_directory(state: &mut State, now: OffsetDateTime, workspace_id: &str, with_idp: bool) {
    let (id, revision) = (state.random.hex_id(), state.next_revision());
    let Value::Object(mut settings) = default_settings() else {
        return;
    };
    settings.extend([
        ("id".to_owned(), id.clone().into()),
        ("tenant_id".to_owned(), state.tenant.clone().into()),
        ("workspace_id".to_owned(), workspace_id.into()),
        ("name".to_owned(), "Directory".into()),
        ("authentication_mechanisms".to_owned(), json!(["password"])),
    ]);
    state
        .pools
        .put(now, LagTimes::default(), PoolHead { settings, revision });
    if with_idp {
        add_idp(state, &id);
    }
}

/// Row 46: the identity provider of a pool in its workspace; a tenant's pool has none.
fn add_idp(state: &mut State, pool_id: &str) {
    let Some(pool) = state.pools.get(pool_id) else {
        return;
    };
    let (workspace_id, name) = (pool.text("workspace_id").to_owned(), pool.text("name").to_owned());
    if workspace_id.is_empty() {
        return;
    }
    let id = state.random.hex_id();
    state.idps.add(Idp {
        id,
        name,
        workspace_id,
        pool_id: pool_id.to_owned(),
    });
}

pub(super) fn text<'a>(request: &'a Map<String, Value>, member: &str) -> &'a str {
    request.get(member).and_then(Value::as_str).unwrap_or_default()
}
