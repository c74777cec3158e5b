//! `GET /organizations` and `GET /organizations/{wid}` (rows 15, 27, 28).

use serde_json::{Value, json};

use super::model::{NEWER_MEMBER, Organization, OrganizationRequest};
use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::reply::Reply;
use crate::state::State;
use crate::state::page::Page;
use crate::switches::choices::{ChildCount, NewerMember, WorkspaceRead};

pub(super) fn get(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let state = app.state();
    let id = call.param("wid");
    if let Some(organization) = state.organizations.read(call.now, id, call.wants_fresh()) {
        let children = Some(state.organizations.children(id));
        let body = counted(call, organization.response(&state.tenant, children));
        let body = with_newer(call, organization, body);
        return Ok(Reply::json(200, &body).etag(organization.revision));
    }
    workspace(&state, call, id).ok_or_else(|| ApiError::not_found("Organization"))
}

/// Row 27: a regular workspace is no organization, unless the switch says so.
fn workspace(state: &State, call: &Call, id: &str) -> Option<Reply> {
    let name = state.workspaces.get(id)?;
    let request = OrganizationRequest {
        name: Some(name.clone()),
        ..OrganizationRequest::default()
    };
    let shown = Organization::new(id.to_owned(), &request, String::new(), 0);
    let body = shown.response(&state.tenant, None);
    (*call.switches.workspace_as_organization == WorkspaceRead::Answered).then(|| Reply::json(200, &body).etag(0))
}

/// Row 29: shows a member that no specification has, if the switch says so.
pub(super) fn with_newer(call: &Call, organization: &Organization, mut body: Value) -> Value {
    if *call.switches.newer_member != NewerMember::Absent
        && let Some(members) = body.as_object_mut()
    {
        members.insert(NEWER_MEMBER.to_owned(), organization.newer.clone());
    }
    body
}

/// Row 28: shows the number of children, leaves it out, or writes it as a text.
fn counted(call: &Call, mut body: Value) -> Value {
    const MEMBER: &str = "number_of_child_organizations";
    let Some(members) = body.as_object_mut() else {
        return body;
    };
    match *call.switches.child_count {
        ChildCount::Shown => {}
        ChildCount::Absent => {
            members.remove(MEMBER);
        }
        ChildCount::Text => {
            let count = members.get(MEMBER).map(ToString::to_string);
            members.insert(MEMBER.to_owned(), count.into());
        }
    }
    body
}

pub(super) fn list(app: &App, call: &Call) -> Result<Reply, ApiError> {
    let page = Page::<String>::of(call, "after_organization_id", "before_organization_id")?;
    let phrase = call.query("search_phrase").filter(|phrase| !phrase.is_empty());
    let lower = phrase.map(str::to_lowercase);
    let template = call.query("template").map(|value| value == "true");
    let wanted = |organization: &Organization| {
        template.is_none_or(|template| organization.template == template)
            && lower.as_deref().is_none_or(|lower| {
                phrase == Some(organization.id.as_str()) || organization.name.to_lowercase().contains(lower)
            })
    };
    let state = app.state();
    let rows = page.cut(state.organizations.all(), |_, organization| wanted(organization));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(id, organization)| {
            let children = call.flag("with_child_count").then(|| state.organizations.children(id));
            let body = counted(call, organization.response(&state.tenant, children));
            with_newer(call, organization, body)
        })
        .collect();
    Ok(Reply::json(200, &json!({ "organizations": rows })).etag(state.organizations.revision()))
}
