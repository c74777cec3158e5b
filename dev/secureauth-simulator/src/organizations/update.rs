//! `PUT /organizations/{wid}` (rows 14 and 29).

use super::create::check_parent;
use super::model::{MEMBERS, NEWER_MEMBER, OrganizationRequest};
use super::read::with_newer;
use crate::app::App;
use crate::audit::{Action, Subject};
use crate::errors::ApiError;
use crate::lag::LagTimes;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::switches::choices::{NewerMember, PutOmitted, PutOtherId};

pub(super) fn update(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let [members @ .., _template_id] = MEMBERS;
    let mut request: OrganizationRequest = call.json_of(&members)?;
    request.check(call)?;
    check_newer(call, &request)?;
    let id = call.param("wid");
    let mut state = app.state();
    let mut organization = state
        .organizations
        .get(id)
        .cloned()
        .ok_or_else(|| ApiError::not_found("Organization"))?;
    call.check_if_match(organization.revision)?;
    if *call.switches.put_other_id == PutOtherId::Refused && request.id.as_deref().is_some_and(|sent| sent != id) {
        return Err(ApiError::bad_request("The id cannot be changed"));
    }
    if *call.switches.put_omitted_members == PutOmitted::Kept {
        request = completed(request, organization.as_request());
    }
    check_parent(&state, call, &request)?;
    organization.replace(&request);
    if *call.switches.newer_member == NewerMember::Kept {
        organization.newer = request.newer.unwrap_or_default();
    }
    organization.revision = state.next_revision();
    let revision = organization.revision;
    let children = state.organizations.children(id);
    let body = with_newer(
        call,
        &organization,
        organization.response(&state.tenant, Some(children)),
    );
    state.organizations.put(call.now, LagTimes::of(call), organization);
    state.record(call, Subject::Organization, Action::Updated, id, None);
    Ok(Reply::json(200, &body).etag(revision))
}

/// The request, completed with members of the stored organization.
fn completed(request: OrganizationRequest, stored: OrganizationRequest) -> OrganizationRequest {
    OrganizationRequest {
        id: request.id.or(stored.id),
        name: request.name.or(stored.name),
        description: request.description.or(stored.description),
        parent_id: request.parent_id.or(stored.parent_id),
        color: request.color.or(stored.color),
        metadata: request.metadata.or(stored.metadata),
        domains: request.domains.or(stored.domains),
        authentication_mechanisms: request.authentication_mechanisms.or(stored.authentication_mechanisms),
        deactivated: request.deactivated.or(stored.deactivated),
        template: request.template.or(stored.template),
        template_id: None,
        newer: request.newer.or(stored.newer),
    }
}

/// Row 29: refuses the member that no specification has, by its name.
fn check_newer(call: &Call, request: &OrganizationRequest) -> Result<(), ApiError> {
    let unknown = || format!("unknown field \"{NEWER_MEMBER}\"");
    match *call.switches.newer_member {
        NewerMember::BadRequest if request.newer.is_some() => Err(ApiError::bad_request(unknown())),
        NewerMember::Unprocessable if request.newer.is_some() => Err(ApiError::unprocessable(unknown())),
        _ => Ok(()),
    }
}
