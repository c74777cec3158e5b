//! `GET /api/system/{tid}/configuration`: the workspace dump (rows 46, 47).

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::Operation;
use crate::server::reply::Reply;
use crate::state::{Idp, State};

pub(crate) const OPERATIONS: &[Operation] = &[Operation::system(
    "export_configuration",
    Method::GET,
    "/api/system/{tid}/configuration",
    "read_configuration",
    export,
)];

/// `TenantDump` with what the simulator has of it. The salt of a server stands for the secrets of a
/// real dump.
fn export(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let body = if let Some(id) = call.query("workspace_id").filter(|id| !id.is_empty()) {
        let server = server(&state, id).ok_or_else(|| ApiError::not_found("Workspace"))?;
        dump(&state, call, &[server], state.idps.of_workspace(id))
    } else {
        let ids = state.workspaces.keys().chain(state.organizations.all().keys());
        let servers: Vec<_> = ids.filter_map(|id| server(&state, id)).collect();
        dump(&state, call, &servers, state.idps.all())
    };
    Ok(Reply::json(200, &body))
}

fn dump<'a>(state: &State, call: &Call, servers: &[Value], idps: impl Iterator<Item = &'a Idp>) -> Value {
    let idps: Vec<_> = idps.map(|idp| idp.response(&state.tenant, &call.switches)).collect();
    json!({
        "tenant": { "id": state.tenant, "name": state.tenant },
        "servers": servers,
        "idps": idps,
    })
}

/// A workspace, which may be an organization.
pub(crate) fn server(state: &State, id: &str) -> Option<Value> {
    if let Some(organization) = state.organizations.get(id) {
        return Some(json!({
            "id": id,
            "tenant_id": state.tenant,
            "name": organization.name,
            "type": "organization",
            "parent_id": organization.parent_id,
            "organization": { "domains": organization.domains },
            "subject_identifier_algorithm_salt": organization.salt,
        }));
    }
    let name = state.workspaces.get(id)?;
    let kind = match id {
        "admin" | "system" => id,
        _ => "regular",
    };
    Some(json!({ "id": id, "tenant_id": state.tenant, "name": name, "type": kind }))
}
