//! The contents of the simulated tenant, without secrets. Tests compare it with what the handler reports.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::pools::Pool;
use crate::state::State;
use crate::state::page::Page;
use crate::state::record_id::RecordId;
use crate::users::User;
use crate::users::expand;

/// The contents of the tenant. Users are counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// The tenant id.
    pub tenant: String,
    /// Ids of the regular workspaces.
    pub workspaces: Vec<String>,
    /// Organizations by id.
    pub organizations: Vec<OrganizationEntry>,
    /// Pools without an organization: of the tenant, of a regular workspace, or of a deleted organization.
    pub other_pools: Vec<PoolEntry>,
    /// Identity-pool identity providers of all workspaces.
    pub idps: Vec<IdpEntry>,
    /// Ids of the schemas.
    pub schemas: Vec<String>,
    /// Number of groups from imports.
    pub groups: usize,
}

/// An organization with its pools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrganizationEntry {
    /// Also the id of its workspace.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Id of the parent.
    pub parent_id: String,
    /// True when sign-in is off.
    pub deactivated: bool,
    /// `metadata.payload`, with the marker of a run.
    pub metadata: Value,
    /// Its pools by id.
    pub pools: Vec<PoolEntry>,
}

/// A pool with its users counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolEntry {
    /// `ipID` in paths.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Id of the workspace; empty when it has none.
    pub workspace_id: String,
    /// `metadata`, with the marker of a run.
    pub metadata: Value,
    /// Whether the workspace has an identity provider for it.
    pub idp: bool,
    /// Deleted but not purged yet.
    pub deleted: bool,
    /// Users now, without lag.
    pub number_of_users: u64,
    /// The same users by status.
    pub users: UserCounts,
}

/// Users by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCounts {
    /// May sign in.
    pub active: u64,
    /// May not sign in.
    pub inactive: u64,
    /// Marked deleted.
    pub deleted: u64,
    /// Not activated yet.
    pub new: u64,
}

/// An identity-pool identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpEntry {
    /// `iid` in paths.
    pub id: String,
    /// The organization or workspace whose sign-in page offers it.
    pub workspace_id: String,
    /// The identity pool whose users sign in through it.
    pub pool_id: String,
    /// True when the pool does not exist any more.
    pub dangling: bool,
}

/// A user as `GET /admin/inventory/pools/{id}/users` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolUser {
    /// `userID` in paths.
    pub id: String,
    /// For example `active`.
    pub status: String,
    /// Profile.
    pub payload: Value,
    /// Values without types.
    pub identifiers: Vec<String>,
    /// Verifiable addresses of all types.
    pub addresses: Vec<PoolUserAddress>,
    /// Number of credentials.
    pub credentials: usize,
    /// Number of open sessions.
    pub sessions: usize,
}

/// An address of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolUserAddress {
    /// E-mail address or phone number.
    pub address: String,
    /// Whether it is verified.
    pub verified: bool,
}

/// The contents of the tenant now, without lag.
pub(crate) fn take(app: &App) -> Inventory {
    let state = app.state();
    let organizations = state
        .organizations
        .all()
        .values()
        .map(|organization| OrganizationEntry {
            id: organization.id.clone(),
            name: organization.name.clone(),
            parent_id: organization.parent_id.clone(),
            deactivated: organization.deactivated,
            metadata: organization.metadata.payload.clone().map_or(Value::Null, Value::Object),
            pools: state
                .pools
                .ids_of_workspace(&organization.id)
                .filter_map(|id| Some(pool_entry(&state, state.pools.get(id)?)))
                .collect(),
        });
    let others = state
        .pools
        .all()
        .values()
        .filter(|pool| state.organizations.get(pool.text("workspace_id")).is_none());
    let idps = state.idps.all().map(|idp| IdpEntry {
        id: idp.id.clone(),
        workspace_id: idp.workspace_id.clone(),
        pool_id: idp.pool_id.clone(),
        dangling: state.pools.live(&idp.pool_id).is_none(),
    });
    Inventory {
        tenant: state.tenant.clone(),
        workspaces: state.workspaces.keys().cloned().collect(),
        organizations: organizations.collect(),
        other_pools: others.map(|pool| pool_entry(&state, pool)).collect(),
        idps: idps.collect(),
        schemas: state.schemas.all().map(|schema| schema.id.to_string()).collect(),
        groups: state.groups.len(),
    }
}

fn pool_entry(state: &State, pool: &Pool) -> PoolEntry {
    let count = pool.users.counts().exact();
    let workspace_id = pool.text("workspace_id");
    PoolEntry {
        id: pool.id().to_owned(),
        name: pool.text("name").to_owned(),
        workspace_id: workspace_id.to_owned(),
        metadata: pool.metadata(),
        idp: state
            .idps
            .of_workspace(workspace_id)
            .any(|idp| idp.pool_id == pool.id()),
        deleted: pool.is_deleted(),
        number_of_users: count.total(),
        users: UserCounts {
            active: count.active,
            inactive: count.inactive,
            deleted: count.deleted,
            new: count.new,
        },
    }
}

/// A page of a pool's users by id; `None` when there is no such pool.
pub(crate) fn pool_users(app: &App, pool_id: &str, after: Option<&str>, limit: usize) -> Option<Vec<PoolUser>> {
    let state = app.state();
    let pool = state.pools.get(pool_id)?;
    let page = Page::after(after.map(RecordId::from), limit);
    let rows = page.cut(pool.users.all(), |_, _| true);
    Some(rows.into_iter().map(|(_, user)| pool_user(pool, user)).collect())
}

/// Number of a user's open sessions, also of one who was deleted.
pub(crate) fn sessions(app: &App, pool_id: &str, user_id: &str) -> usize {
    let state = app.state();
    let pool = state.pools.get(pool_id);
    pool.map_or(0, |pool| pool.users.sessions(&user_id.into()))
}

fn pool_user(pool: &Pool, user: &User) -> PoolUser {
    PoolUser {
        id: user.id.to_string(),
        status: <&str>::from(user.status).to_owned(),
        payload: expand(user.payload.as_ref()),
        identifiers: user.identifiers.iter().map(|it| it.value.to_string()).collect(),
        addresses: user
            .addresses
            .iter()
            .map(|it| PoolUserAddress {
                address: it.value.to_string(),
                verified: it.verified,
            })
            .collect(),
        credentials: user.credentials.len(),
        sessions: pool.users.sessions(&user.id),
    }
}
