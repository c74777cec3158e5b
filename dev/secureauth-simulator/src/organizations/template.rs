//! Organizations created from a template (row 34).

use super::model::OrganizationRequest;
use crate::errors::ApiError;
use crate::pools::copy_pool;
use crate::server::call::Call;
use crate::state::State;

/// Takes mechanisms and metadata from the template where the request has none.
pub(super) fn inherit(state: &State, template_id: &str, request: &mut OrganizationRequest) -> Result<(), ApiError> {
    let template = state
        .organizations
        .get(template_id)
        .filter(|organization| organization.template)
        .ok_or_else(|| ApiError::not_found("Template"))?;
    if request.authentication_mechanisms.is_none() {
        request
            .authentication_mechanisms
            .clone_from(&template.authentication_mechanisms);
    }
    if request.metadata.is_none() {
        request.metadata = Some(template.metadata.clone());
    }
    Ok(())
}

/// Gives the new organization a pool like the template's first one, with its identity provider.
pub(super) fn create_pool(
    state: &mut State,
    call: &Call,
    template_id: &str,
    organization_id: &str,
) -> Result<(), ApiError> {
    let source = state.pools.ids_of_workspace(template_id).next().cloned();
    copy_pool(state, call, source.as_deref(), organization_id)
}
