//! The contents of the simulated tenant.

mod idps;
pub(crate) mod page;
pub(crate) mod record_id;

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::audit::AuditLog;
use crate::organizations::{AwaitedDirectory, Organizations};
use crate::outbox::Outbox;
use crate::pools::Pools;
use crate::random::Random;
use crate::schemas::Schemas;
use crate::tenants::Tenants;
use crate::users::LateWrites;

pub(crate) use idps::{Idp, Idps};

/// Workspaces every tenant has besides organizations.
const DEFAULT_WORKSPACES: [&str; 3] = ["admin", "default", "system"];

/// The tenant.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tenant: String,
    /// Regular workspaces: id and name. Organizations are workspaces too and share the ids.
    pub(crate) workspaces: BTreeMap<String, String>,
    /// Ids of the applications of a workspace.
    pub(crate) applications: BTreeMap<String, Vec<String>>,
    pub(crate) organizations: Organizations,
    pub(crate) pools: Pools,
    /// Writes of users that are answered and not applied yet (row 124).
    pub(crate) late: LateWrites,
    pub(crate) schemas: Schemas,
    pub(crate) idps: Idps,
    /// Groups of imports, unchanged (row 76).
    pub(crate) groups: BTreeMap<String, serde_json::Value>,
    /// Directories of new organizations that are not there yet (row 115).
    pub(crate) directories: Vec<AwaitedDirectory>,
    pub(crate) outbox: Outbox,
    pub(crate) tenants: Tenants,
    pub(crate) audit: AuditLog,
    pub(crate) random: Random,
    last_revision: u64,
}

impl State {
    pub(crate) fn new(tenant: &str, parent_organization: &str, mut random: Random, now: OffsetDateTime) -> Self {
        let mut organizations = Organizations::default();
        organizations.add_parent(parent_organization, random.secret());
        let workspaces = DEFAULT_WORKSPACES.map(|id| (id.to_owned(), id.to_owned()));
        Self {
            tenant: tenant.to_owned(),
            workspaces: workspaces.into_iter().collect(),
            applications: BTreeMap::from([(parent_organization.to_owned(), vec!["payment-portal".to_owned()])]),
            organizations,
            pools: Pools::default(),
            late: LateWrites::default(),
            schemas: Schemas::with_defaults(now),
            idps: Idps::default(),
            groups: BTreeMap::new(),
            directories: Vec::new(),
            outbox: Outbox::default(),
            tenants: Tenants::new(tenant),
            audit: AuditLog::default(),
            random,
            last_revision: 0,
        }
    }

    /// The next revision; no two writes share one.
    pub(crate) fn next_revision(&mut self) -> u64 {
        self.last_revision += 1;
        self.last_revision
    }

    /// True for an organization or a regular workspace: they share one name space (row 22).
    pub(crate) fn workspace_exists(&self, id: &str) -> bool {
        self.workspaces.contains_key(id) || self.organizations.get(id).is_some()
    }
}
