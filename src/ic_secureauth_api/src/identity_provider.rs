//! Checks whether a pool has its identity provider (docs/reference/secureauth-api.md#pools-identity-providers).
//!
//! With the scope `manage_idps` the client reads the list of the pool's providers (SYS `GET /pools/{ipID}/idps`). Without it, but with
//! `read_configuration`, it reads the dump of the workspace (SYS `GET /configuration?workspace_id=`). The dump holds secrets, so only
//! the members below are parsed.

use serde::Deserialize;
use strum::Display;

use super::{
    Api, ApiError, Operation, OrganizationId, PoolId,
    concerns::{Asked, Concerns, Mismatch, same},
};

/// The `method` of a provider that lets the users of a pool sign in.
const IDENTITY_POOL: &str = "identity_pool";

/// What the check found. Without an identity provider a pool's users exist but cannot sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[strum(serialize_all = "snake_case")]
pub enum IdpCheck {
    /// The organization has one for the pool; users can sign in with it.
    Present,
    /// The organization has none for the pool.
    Absent,
    /// The organization has one, but it is switched off.
    Disabled,
    /// The organization has one for the pool, but its `method` is not `identity_pool`.
    OfAnotherKind,
    /// The token has neither `manage_idps` nor `read_configuration`, so nothing was checked.
    NotChecked,
}

/// `{"idps":[IDPBase]}`
#[derive(Deserialize)]
struct Idps {
    idps: Option<Vec<Idp>>,
}

/// `TenantDump` of one workspace.
#[derive(Deserialize)]
struct WorkspaceDump {
    tenant: Option<Named>,
    servers: Option<Vec<Named>>,
    idps: Option<Vec<Idp>>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
}

/// `IDPBase`
#[derive(Deserialize)]
struct Idp {
    tenant_id: Option<String>,
    identity_pool_id: Option<String>,
    /// The workspace it belongs to.
    authorization_server_id: Option<String>,
    method: Option<String>,
    disabled: Option<bool>,
}

/// The list of one pool: every workspace that uses the pool has a provider of its own in it.
impl Concerns for Idps {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.idps.iter().flatten().try_for_each(|idp| {
            same("tenant_id", idp.tenant_id.as_deref(), asked.tenant)?;
            same("identity_pool_id", idp.identity_pool_id.as_deref(), asked.pool)
        })
    }
}

/// The dump has to name the workspace. It may name others too, because a workspace may inherit from its parent.
impl Concerns for WorkspaceDump {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        let tenant = self.tenant.as_ref().and_then(|tenant| tenant.id.as_deref());
        same("tenant.id", tenant, asked.tenant)?;
        let idps = || self.idps.iter().flatten();
        idps().try_for_each(|idp| same("tenant_id", idp.tenant_id.as_deref(), asked.tenant))?;
        let servers: Vec<&str> = self
            .servers
            .iter()
            .flatten()
            .filter_map(|it| it.id.as_deref())
            .collect();
        let owners: Vec<&str> = idps().filter_map(|it| it.authorization_server_id.as_deref()).collect();
        let (member, shown) = if servers.is_empty() {
            ("authorization_server_id", owners)
        } else {
            ("servers", servers)
        };
        let is_there = asked.workspace.is_none_or(|workspace| shown.contains(&workspace));
        if shown.is_empty() || is_there {
            Ok(())
        } else {
            Err(Mismatch(member))
        }
    }
}

impl<Access> Api<Access> {
    /// Looks for the identity provider that the pool has in the organization.
    pub async fn identity_provider(&self, organization: &OrganizationId, pool: &PoolId) -> Result<IdpCheck, ApiError> {
        let mut of_pool = None;
        if self.is_granted(Operation::ListPoolIdps).await? {
            of_pool = permitted(self.idps_of_pool(pool).await)?;
        }
        if let Some(Some(idps)) = &of_pool {
            return Ok(idps.check(organization, pool));
        }
        if self.is_granted(Operation::GetWorkspaceDump).await?
            && let Some(idps) = permitted(self.idps_of_workspace(organization).await)?
        {
            return Ok(idps.check(organization, pool));
        }
        // The list of the pool was 404: the pool is gone, or this replica does not know it yet.
        Ok(if of_pool.is_some() {
            IdpCheck::Absent
        } else {
            IdpCheck::NotChecked
        })
    }

    /// `None` for 404.
    async fn idps_of_pool(&self, pool: &PoolId) -> Result<Option<Idps>, ApiError> {
        let url = self.paths().system(["pools", pool.as_str(), "idps"]);
        let asked = Asked {
            pool: Some(pool.as_str()),
            ..self.asked()
        };
        let found = self.get(Operation::ListPoolIdps, url).await?.json_if_present(&asked)?;
        Ok(found.map(|found| found.value))
    }

    async fn idps_of_workspace(&self, organization: &OrganizationId) -> Result<Idps, ApiError> {
        let mut url = self.paths().system(["configuration"]);
        url.query_pairs_mut().append_pair("workspace_id", organization.as_str());
        let asked = Asked {
            workspace: Some(organization.as_str()),
            ..self.asked()
        };
        let dump: WorkspaceDump = self.get(Operation::GetWorkspaceDump, url).await?.json(&asked)?.value;
        Ok(Idps { idps: dump.idps })
    }
}

/// `None` when the token lacks the scope: it was renewed after its scopes were read.
fn permitted<T>(found: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match found {
        Err(error) if error.missing_scope().is_some() => Ok(None),
        found => found.map(Some),
    }
}

impl Idps {
    /// One usable provider is enough; otherwise the result says why none is usable.
    fn check(&self, organization: &OrganizationId, pool: &PoolId) -> IdpCheck {
        let is = |shown: &Option<String>, id: &str| {
            shown
                .as_deref()
                .filter(|shown| !shown.is_empty())
                .is_none_or(|it| it == id)
        };
        let of_pool = |idp: &&Idp| {
            idp.identity_pool_id.as_deref() == Some(pool.as_str())
                && is(&idp.authorization_server_id, organization.as_str())
        };
        let (mut disabled, mut another_kind) = (false, false);
        for idp in self.idps.iter().flatten().filter(of_pool) {
            if !is(&idp.method, IDENTITY_POOL) {
                another_kind = true;
            } else if idp.disabled == Some(true) {
                disabled = true;
            } else {
                return IdpCheck::Present;
            }
        }
        match (disabled, another_kind) {
            (true, _) => IdpCheck::Disabled,
            (false, true) => IdpCheck::OfAnotherKind,
            (false, false) => IdpCheck::Absent,
        }
    }
}
