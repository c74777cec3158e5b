//! Organizations (reference 2.1, rows 20 to 34).

mod create;
mod delete;
mod model;
mod read;
mod store;
mod template;
mod update;

use axum::http::Method;

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::{Access, Handler, Module, Operation};
use crate::server::reply::Reply;

pub(crate) use create::create;
pub(crate) use model::MECHANISMS;
pub(crate) use store::Organizations;

const COLLECTION: &str = "/api/system/{tid}/organizations";
const ONE: &str = "/api/system/{tid}/organizations/{wid}";

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("list_organizations", Method::GET, COLLECTION, read::list),
    operation("create_organization", Method::POST, COLLECTION, create),
    operation("get_organization", Method::GET, ONE, read::get),
    operation("update_organization", Method::PUT, ONE, update::update),
    operation("patch_organization", Method::PATCH, ONE, no_patch),
    operation("delete_organization", Method::DELETE, ONE, delete::delete),
];

const fn operation(name: &'static str, method: Method, path: &'static str, handler: Handler) -> Operation {
    let access = Access::Scope("manage_configuration");
    Operation {
        name,
        method,
        path,
        module: Module::System,
        access,
        handler,
    }
}

/// Row 30: there is no PATCH on organizations.
fn no_patch(_: &App, call: &Call) -> Result<Reply, ApiError> {
    Err(ApiError::refusal(
        call.switches.patch_organization,
        "Method not allowed",
    ))
}
