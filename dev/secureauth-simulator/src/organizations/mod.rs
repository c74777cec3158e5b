//! Organizations (docs/reference/secureauth-api.md#organizations; dev/secureauth-simulator/README.md#row-20 to row 34).

mod create;
mod delete;
mod directory;
mod model;
mod read;
mod store;
mod template;
mod update;

use axum::http::Method;

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::Operation;
use crate::server::reply::Reply;

pub(crate) use create::create;
pub(crate) use directory::Awaited as AwaitedDirectory;
pub(crate) use model::MECHANISMS;
pub(crate) use store::Organizations;

const COLLECTION: &str = "/api/system/{tid}/organizations";
const ONE: &str = "/api/system/{tid}/organizations/{wid}";

const SCOPE: &str = "manage_configuration";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::system("list_organizations", Method::GET, COLLECTION, SCOPE, read::list),
    Operation::system("create_organization", Method::POST, COLLECTION, SCOPE, create),
    Operation::system("get_organization", Method::GET, ONE, SCOPE, read::get),
    Operation::system("update_organization", Method::PUT, ONE, SCOPE, update::update),
    Operation::system("patch_organization", Method::PATCH, ONE, SCOPE, no_patch),
    Operation::system("delete_organization", Method::DELETE, ONE, SCOPE, delete::delete),
];

/// Row 30: there is no PATCH on organizations.
fn no_patch(_: &App, call: &Call) -> Result<Reply, ApiError> {
    Err(ApiError::refusal(
        *call.switches.patch_organization,
        "Method not allowed",
    ))
}
