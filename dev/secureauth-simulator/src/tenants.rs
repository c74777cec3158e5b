//! The Tenant Management API of on-premise installations
//! (docs/reference/secureauth-api.md#tenant-management), with its `setup` token.

use std::collections::BTreeMap;

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::{Access, Handler, Module, Operation};
use crate::server::reply::Reply;
use crate::state::State;

const COLLECTION: &str = "/api/system/tenants";
const ONE: &str = "/api/system/tenants/{tenant}";
const MEMBERS: [&str; 7] = ["id", "name", "url", "metadata", "settings", "styling", "jwks"];

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("list_tenants", Method::GET, COLLECTION, list),
    operation("create_tenant", Method::POST, COLLECTION, create),
    operation("get_tenant", Method::GET, ONE, get),
    operation("update_tenant", Method::PUT, ONE, update),
    operation("delete_tenant", Method::DELETE, ONE, delete),
];

const fn operation(name: &'static str, method: Method, path: &'static str, handler: Handler) -> Operation {
    Operation {
        name,
        method,
        path,
        module: Module::System,
        access: Access::Setup,
        handler,
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct TenantRequest {
    id: Option<String>,
    name: Option<String>,
    url: Option<String>,
    metadata: Option<Map<String, Value>>,
    settings: Option<Map<String, Value>>,
    styling: Option<Map<String, Value>>,
}

/// Tenants of the installation. Only the records are simulated, not what they contain.
#[derive(Debug)]
pub(crate) struct Tenants(BTreeMap<String, Value>);

impl Tenants {
    /// The simulator's own tenant.
    pub(crate) fn new(tenant: &str) -> Self {
        let request = TenantRequest {
            name: Some(tenant.to_owned()),
            ..TenantRequest::default()
        };
        Self(BTreeMap::from([(tenant.to_owned(), response(tenant, request))]))
    }
}

impl Tenants {
    pub(crate) fn ids(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }
}

fn response(id: &str, request: TenantRequest) -> Value {
    json!({
        "id": id,
        "name": request.name,
        "url": request.url.unwrap_or_else(|| format!("https://{id}.us.connect.secureauth.com/{id}")),
        "metadata": request.metadata,
        "settings": request.settings.unwrap_or_default(),
        "styling": request.styling.unwrap_or_default(),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
fn list(app: &App, _: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let rows: Vec<_> = state.tenants.0.values().collect();
    Ok(Reply::json(200, &json!({ "tenants": rows })))
}

fn get(app: &App, call: &Call) -> Result<Reply, ApiError> {
    Ok(Reply::json(200, find(&app.state(), call)?))
}

fn create(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request = read(call)?;
    let mut state = app.state();
    let id = match request.id.clone().filter(|id| !id.is_empty()) {
        Some(id) if state.tenants.0.contains_key(&id) => {
            return Err(ApiError::conflict("The tenant id is in use"));
        }
        Some(id) => id,
        None => state.random.hex_id(),
    };
    let tenant = response(&id, request);
    state.tenants.0.insert(id, tenant.clone());
    // `TenantCreated` (ROOT). The simulator creates nothing else with a tenant.
    let created = json!({ "tenant": tenant, "servers": [], "clients": [], "idps": [] });
    Ok(Reply::json(201, &created))
}

fn update(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let request = read(call)?;
    let mut state = app.state();
    find(&state, call)?;
    let tenant = response(call.param("tenant"), request);
    state.tenants.0.insert(call.param("tenant").to_owned(), tenant.clone());
    Ok(Reply::json(200, &tenant))
}

fn delete(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let mut state = app.state();
    find(&state, call)?;
    state.tenants.0.remove(call.param("tenant"));
    Ok(Reply::empty(204))
}

fn read(call: &Call) -> Result<TenantRequest, ApiError> {
    let request: TenantRequest = call.json_of(&MEMBERS)?;
    if request.name.as_deref().unwrap_or_default().is_empty() {
        return Err(ApiError::unprocessable("name is required"));
    }
    Ok(request)
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Value, ApiError> {
    state
        .tenants
        .0
        .get(call.param("tenant"))
        .ok_or_else(|| ApiError::not_found("Tenant"))
}
