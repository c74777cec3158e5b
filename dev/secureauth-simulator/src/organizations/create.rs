//! `POST /organizations` (rows 20 to 26).

use super::model::{MEMBERS, Organization, OrganizationRequest};
use super::read::with_newer;
use super::template;
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::lag::LagTimes;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::switches::choices::Honoured;

pub(crate) fn create(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let mut request: OrganizationRequest = call.json_of(&MEMBERS)?;
    request.check(call)?;
    if *call.switches.create_deactivated == Honoured::Ignored {
        request.deactivated = None;
    }
    let mut state = app.state();
    check_references(&state, call, &request)?;
    let template_id = request.template_id.clone().filter(|id| !id.is_empty());
    if let Some(template_id) = &template_id {
        template::inherit(&state, template_id, &mut request)?;
    }
    let id = match request.id.as_deref() {
        Some(id) if !id.is_empty() => id.to_owned(),
        _ => state.random.hex_id(),
    };
    let (salt, revision) = (state.random.secret(), state.next_revision());
    let organization = Organization::new(id.clone(), &request, salt, revision);
    let body = with_newer(call, &organization, organization.response(&state.tenant, None));
    state.organizations.put(call.now, LagTimes::of(call), organization);
    state.record(call, Subject::Organization, Action::Created, &id, None);
    if let Some(template_id) = &template_id {
        template::create_pool(&mut state, call, template_id, &id)?;
    } else {
        state.await_directory(call, &id);
    }
    Ok(Reply::json(201, &body).etag(revision))
}

/// Rows 22, 23, 33: the id is free and the parent exists.
fn check_references(state: &State, call: &Call, request: &OrganizationRequest) -> Result<(), ApiError> {
    if let Some(id) = request.id.as_deref() {
        if state.workspace_exists(id) {
            return Err(ApiError::refusal(
                *call.switches.existing_organization_id,
                "The id is in use",
            ));
        }
        if state.organizations.is_reserved(id) {
            return Err(ApiError::conflict("The id is reserved"));
        }
    }
    check_parent(state, call, request)
}

/// Row 23. No parent at all is a top-level organization.
pub(super) fn check_parent(state: &State, call: &Call, request: &OrganizationRequest) -> Result<(), ApiError> {
    match request.parent_id.as_deref() {
        Some(parent) if !parent.is_empty() && !state.workspace_exists(parent) => Err(ApiError::refusal(
            *call.switches.unknown_parent,
            "The parent does not exist",
        )),
        _ => Ok(()),
    }
}
