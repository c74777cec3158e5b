//! Identity providers of pools. Users of a pool sign in to a workspace through one (rows 46, 47 and 110).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::switches::Switches;
use crate::switches::choices::IdpMethod;

/// An identity provider of a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Idp {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) workspace_id: String,
    pub(crate) pool_id: String,
}

impl Idp {
    /// `IDPBase`: neither settings nor credentials.
    pub(crate) fn response(&self, tenant: &str, switches: &Switches) -> Value {
        json!({
            "id": self.id,
            "tenant_id": tenant,
            "name": self.name,
            "method": match *switches.idp_method {
                IdpMethod::IdentityPool => "identity_pool",
                IdpMethod::Oidc => "oidc",
            },
            "workspace_id": self.workspace_id,
            "authorization_server_id": self.workspace_id,
            "identity_pool_id": self.pool_id,
            "disabled": switches.idp_disabled.is_on(),
            "hidden": false,
        })
    }
}

/// All of them, by id and by workspace.
#[derive(Debug, Default)]
pub(crate) struct Idps {
    by_id: BTreeMap<String, Idp>,
    by_workspace: BTreeMap<String, BTreeSet<String>>,
}

impl Idps {
    pub(crate) fn add(&mut self, idp: Idp) {
        self.by_workspace
            .entry(idp.workspace_id.clone())
            .or_default()
            .insert(idp.id.clone());
        self.by_id.insert(idp.id.clone(), idp);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Idp> {
        self.by_id.values()
    }

    /// The identity providers of a workspace, including those whose pool is gone.
    pub(crate) fn of_workspace(&self, workspace_id: &str) -> impl Iterator<Item = &Idp> {
        let ids = self.by_workspace.get(workspace_id);
        ids.into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }

    /// Removes those of a pool.
    pub(crate) fn remove_pool(&mut self, workspace_id: &str, pool_id: &str) {
        let gone: Vec<String> = self
            .of_workspace(workspace_id)
            .filter(|idp| idp.pool_id == pool_id)
            .map(|idp| idp.id.clone())
            .collect();
        for id in gone {
            self.by_id.remove(&id);
            if let Some(ids) = self.by_workspace.get_mut(workspace_id) {
                ids.remove(&id);
            }
        }
    }

    /// Removes those of a workspace.
    pub(crate) fn remove_workspace(&mut self, workspace_id: &str) {
        for id in self.by_workspace.remove(workspace_id).unwrap_or_default() {
            self.by_id.remove(&id);
        }
    }
}
