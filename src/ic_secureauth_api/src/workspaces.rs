//! Workspaces and their applications, as far as a check of the parent needs them (SYS `/servers`, `/clients`;
//! docs/reference/secureauth-api.md#organizations-parent-and-template). Both answers hold secrets, so only the members below are
//! parsed.

use serde::Deserialize;

use super::{
    Api, ApiError, MAX_PAGE, Operation, OrganizationId, Page,
    concerns::{Asked, Concerns, Mismatch, same},
};

/// A workspace: an organization is one, too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Workspace {
    /// Organizations and all other workspaces share one space of ids.
    pub id: OrganizationId,
    /// `admin`, `developer`, `system`, `regular` or `organization`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    tenant_id: Option<String>,
}

/// `{"servers":[ServerResponse]}`
#[derive(Deserialize)]
struct Workspaces {
    servers: Option<Vec<Workspace>>,
}

/// `{"clients":[Client]}`
#[derive(Deserialize)]
struct Applications {
    clients: Option<Vec<Application>>,
}

#[derive(Deserialize)]
struct Application {
    tenant_id: Option<String>,
    /// The workspace it is registered in.
    authorization_server_id: Option<String>,
    /// It belongs to SecureAuth itself.
    system: Option<bool>,
}

impl Concerns for Workspaces {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        let mut shown = self.servers.iter().flatten();
        shown.try_for_each(|workspace| same("tenant_id", workspace.tenant_id.as_deref(), asked.tenant))
    }
}

impl Concerns for Applications {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.clients.iter().flatten().try_for_each(|application| {
            same("tenant_id", application.tenant_id.as_deref(), asked.tenant)?;
            let workspace = application.authorization_server_id.as_deref();
            same("authorization_server_id", workspace, asked.workspace)
        })
    }
}

impl<Access> Api<Access> {
    /// `GET /servers`: the workspace with this id; `None` when there is none. Needs the scope `manage_servers`.
    pub async fn workspace(&self, id: &OrganizationId) -> Result<Option<Workspace>, ApiError> {
        let mut after: Option<OrganizationId> = None;
        // Ends: every page begins after the last id of the one before.
        loop {
            let mut url = self.paths().system(["servers"]);
            // The search also finds names that contain the id, so the ids are compared below.
            url.query_pairs_mut().append_pair("search_phrase", id.as_str());
            if let Some(after) = &after {
                url.query_pairs_mut().append_pair("after_server_id", after.as_str());
            }
            url.query_pairs_mut().append_pair("limit", &MAX_PAGE.to_string());
            let answer = self.get(Operation::ListWorkspaces, url).await?;
            let Workspaces { servers } = answer.json(&self.asked())?.value;
            let page = Page::new(servers.unwrap_or_default(), MAX_PAGE, after.as_ref(), |last| {
                last.id.clone()
            });
            let page = page.ok_or_else(|| answer.unusable())?;
            if let Some(found) = page.items.into_iter().find(|workspace| workspace.id == *id) {
                return Ok(Some(found));
            }
            after = page.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }

    /// `GET /clients/{wid}`: how many applications are registered in the workspace, without those of SecureAuth itself; `None`
    /// when there is no such workspace. Needs the scope `view_clients`.
    pub async fn application_count(&self, workspace: &OrganizationId) -> Result<Option<usize>, ApiError> {
        let url = self.paths().system(["clients", workspace.as_str()]);
        let answer = self.get(Operation::ListApplications, url).await?;
        let found: Option<Applications> = answer
            .json_if_present(&Asked {
                workspace: Some(workspace.as_str()),
                ..self.asked()
            })?
            .map(|found| found.value);
        let own = |application: &&Application| application.system != Some(true);
        Ok(found.map(|found| found.clients.iter().flatten().filter(own).count()))
    }
}
