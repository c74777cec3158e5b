//! Identity pools (docs/reference/secureauth-api.md#pools; dev/secureauth-simulator/README.md#row-40 to row 50).

mod create;
mod delete;
mod idps;
mod mechanisms;
mod model;
mod read;
mod store;
mod update;

use axum::http::Method;

use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::Operation;
use crate::state::State;
use crate::switches::choices::Management;

pub(crate) use create::{copy_pool, create, put_directory, put_imported};
pub(crate) use model::{Pool, PoolHead};
pub(crate) use store::Pools;

const COLLECTION: &str = "/api/identity/{tid}/system/pools";
const OF_WORKSPACE: &str = "/api/identity/{tid}/system/workspace/{wid}/pools";
const IDPS: &str = "/api/system/{tid}/pools/{ipID}/idps";
const ONE: &str = "/api/identity/{tid}/system/pools/{ipID}";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::identity("list_pools", Method::GET, COLLECTION, read::list),
    Operation::identity(
        "list_workspace_pools",
        Method::GET,
        OF_WORKSPACE,
        read::list_of_workspace,
    ),
    Operation::identity("create_pool", Method::POST, COLLECTION, create),
    Operation::identity("get_pool", Method::GET, ONE, read::get),
    Operation::identity("update_pool", Method::PUT, ONE, update::update),
    Operation::identity("delete_pool", Method::DELETE, ONE, delete::delete),
    Operation::system("list_pool_idps", Method::GET, IDPS, "manage_idps", idps::list),
];

/// The pool of the path, unless it is deleted.
pub(crate) fn find_live<'a>(state: &'a State, call: &Call) -> Result<&'a Pool, ApiError> {
    state
        .pools
        .live(call.param("ipID"))
        .ok_or_else(|| ApiError::not_found("Pool"))
}

/// Row 84: the switch that refuses changes to pools of a deactivated organization.
pub(crate) fn check_management(state: &State, call: &Call, pool_id: &str) -> Result<(), ApiError> {
    check_workspace_management(state, call, state.pools.workspace_of(pool_id))
}

/// Row 84 by workspace.
pub(crate) fn check_workspace_management(state: &State, call: &Call, workspace_id: &str) -> Result<(), ApiError> {
    let deactivated = || state.organizations.get(workspace_id).is_some_and(|it| it.deactivated);
    if *call.switches.deactivated_management == Management::Refused && deactivated() {
        return Err(ApiError::conflict("The organization is deactivated"));
    }
    Ok(())
}
