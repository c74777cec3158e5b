//! `GET /api/system/{tid}/servers` and `/clients/{wid}` (row 116).

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::App;
use crate::dump::server;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::Operation;
use crate::server::reply::Reply;
use crate::state::page::Page;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::system(
        "list_workspaces",
        Method::GET,
        "/api/system/{tid}/servers",
        "manage_servers",
        list,
    ),
    Operation::system(
        "list_applications",
        Method::GET,
        "/api/system/{tid}/clients/{wid}",
        "view_clients",
        applications,
    ),
];

fn list(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let page = Page::<String>::of(call, "after_server_id", "before_server_id")?;
    let phrase = call.query("search_phrase").filter(|phrase| !phrase.is_empty());
    let lower = phrase.map(str::to_lowercase);
    let state = app.state();
    let ids = state.workspaces.keys().chain(state.organizations.all().keys());
    let all: BTreeMap<String, Value> = ids.filter_map(|id| Some((id.clone(), server(&state, id)?))).collect();
    let is_wanted = |id: &String, server: &Value| {
        let name = server["name"].as_str().unwrap_or_default().to_lowercase();
        lower
            .as_deref()
            .is_none_or(|lower| phrase == Some(id.as_str()) || name.contains(lower))
    };
    let servers: Vec<&Value> = page
        .cut(&all, is_wanted)
        .into_iter()
        .map(|(_, server)| server)
        .collect();
    Ok(Reply::json(200, &json!({ "servers": servers })))
}

fn applications(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let id = call.param("wid");
    if !state.workspace_exists(id) {
        return Err(ApiError::not_found("Workspace"));
    }
    let of_workspace = state.applications.get(id).into_iter().flatten();
    // The secret stands for those of a real answer.
    let clients: Vec<Value> = of_workspace
        .map(|client| {
            json!({
                "client_id": client,
                "client_name": client,
                "client_secret": format!("{client}-secret"),
                "tenant_id": state.tenant,
                "authorization_server_id": id,
                "system": false,
            })
        })
        .collect();
    Ok(Reply::json(200, &json!({ "clients": clients })))
}
