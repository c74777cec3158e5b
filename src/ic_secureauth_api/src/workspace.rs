//! Does a pool have its identity provider? (SYS `GET /configuration?workspace_id=`, scope `read_configuration`; section 2.2)

use serde::Deserialize;

use super::{Api, ApiError, Operation, OrganizationId, PoolId};

/// Without an identity provider a pool's users exist but cannot sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdpCheck {
    /// The workspace has one for the pool.
    Present,
    /// The workspace has none for the pool.
    Missing,
    /// Not done: the client lacks the scope `read_configuration`, or was refused with 403.
    NotPermitted,
}

/// `TenantDump`: only this much of it is read, because the rest holds secrets.
#[derive(Deserialize)]
struct WorkspaceDump {
    idps: Option<Vec<Idp>>,
}

/// `IDP`
#[derive(Deserialize)]
struct Idp {
    identity_pool_id: Option<String>,
}

impl<Access> Api<Access> {
    /// Looks for the pool's identity provider among those of the organization's workspace.
    pub async fn workspace_idps(&self, organization: &OrganizationId, pool: &PoolId) -> Result<IdpCheck, ApiError> {
        let scopes = self.granted_scopes().await?;
        if !scopes.iter().any(|scope| scope == "read_configuration") {
            return Ok(IdpCheck::NotPermitted);
        }
        let mut url = self.paths().system(["configuration"]);
        url.query_pairs_mut().append_pair("workspace_id", organization.as_str());
        let dump: WorkspaceDump = match self.get(Operation::GetWorkspaceDump, url).await {
            Ok(answer) => answer.json()?.value,
            Err(error) if error.is_refused_with(403) => return Ok(IdpCheck::NotPermitted),
            Err(error) => return Err(error),
        };
        let idps = dump.idps.unwrap_or_default();
        let present = idps
            .iter()
            .any(|idp| idp.identity_pool_id.as_deref() == Some(pool.as_str()));
        Ok(if present { IdpCheck::Present } else { IdpCheck::Missing })
    }
}
