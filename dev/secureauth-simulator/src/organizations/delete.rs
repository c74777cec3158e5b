//! `DELETE /organizations/{wid}` (rows 31 to 33).

use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::lag::LagTimes;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::switches::choices::{DeleteInUse, DeletedId};

pub(super) fn delete(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let id = call.param("wid");
    let mut state = app.state();
    let organization = state
        .organizations
        .get(id)
        .ok_or_else(|| ApiError::not_found("Organization"))?;
    call.check_if_match(organization.revision)?;
    let in_use = state.organizations.children(id) > 0 || state.pools.ids_of_workspace(id).next().is_some();
    if in_use && *call.switches.delete_organization_in_use == DeleteInUse::Refused {
        return Err(ApiError::bad_request("The organization has children or pools"));
    }
    remove(&mut state, call, id);
    Ok(Reply::empty(204))
}

/// Removes an organization with its identity providers. Its pools are removed too, or stay without a workspace. The
/// organization is removed before its children, so that a circle of parents ends.
fn remove(state: &mut State, call: &Call, id: &str) {
    let revision = state.next_revision();
    let reserve = *call.switches.deleted_organization_id == DeletedId::Reserved;
    state
        .organizations
        .remove(call.now, LagTimes::of(call), id, revision, reserve);
    state.forget_directory(id);
    state.idps.remove_workspace(id);
    state.record(call, Subject::Organization, Action::Deleted, id, None);
    if *call.switches.delete_organization_in_use != DeleteInUse::Cascade {
        state.pools.orphan(id);
        return;
    }
    let pools: Vec<String> = state.pools.ids_of_workspace(id).cloned().collect();
    for pool in pools {
        state.pools.remove(call.now, LagTimes::of(call), &pool);
    }
    for child in state.organizations.children_ids(id) {
        remove(state, call, &child);
    }
}
