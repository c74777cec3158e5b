//! A pool as it was read.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{
    Marker, PoolId, SchemaId,
    concerns::{Asked, Concerns, Mismatch, same},
    id::unset_is_none,
};

/// A pool as it was read (IDS `PoolResponse`). Members this client has no use for are left out: a pool is never written back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Pool {
    /// Its id, which need not be the one it was to be created with.
    pub id: PoolId,
    /// The tenant it belongs to.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// The organization it belongs to; none for a pool of the tenant.
    #[serde(default)]
    pub workspace_id: Option<String>,
    /// Its display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Free attributes, the marker among them.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// Schema that the users' payload has to match.
    #[serde(default, deserialize_with = "unset_is_none")]
    pub payload_schema_id: Option<SchemaId>,
    /// Schema that the users' metadata has to match.
    #[serde(default, deserialize_with = "unset_is_none")]
    pub metadata_schema_id: Option<SchemaId>,
    /// Whether "Bob" and "bob" are one user name.
    #[serde(default)]
    pub identifier_case_insensitive: bool,
    /// First factors.
    #[serde(default)]
    pub authentication_mechanisms: Option<Vec<String>>,
    /// The first factor that is offered first.
    #[serde(default)]
    pub preferred_authentication_mechanism: Option<String>,
    /// Second factors; none means that no second factor is asked for.
    #[serde(default)]
    pub second_factor_authentication_mechanisms: Option<Vec<String>>,
    /// The second factor that is offered first.
    #[serde(default)]
    pub second_factor_preferred_authentication_mechanism: Option<String>,
    /// Users in the pool; how soon a write shows here is not stated.
    #[serde(default)]
    pub number_of_users: Option<u64>,
    /// Deleted softly.
    #[serde(default)]
    pub deleted: bool,
}

impl Concerns for Pool {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        same("tenant_id", self.tenant_id.as_deref(), asked.tenant)?;
        same("workspace_id", self.workspace_id.as_deref(), asked.workspace)?;
        if self.can_be_the_created_one(asked) {
            return Ok(());
        }
        same("id", Some(self.id.as_str()), asked.id)
    }
}

impl Pool {
    /// Whether the answer to a creation shows what was created, whatever its id: the server may choose another one. It then stands
    /// in the right workspace and carries the marker, unless the server shows no metadata at all.
    fn can_be_the_created_one(&self, asked: &Asked<'_>) -> bool {
        asked.marker.is_some_and(|marker| match &self.metadata {
            Some(_) => marker.is_of_same_run(self.marker().as_ref()),
            None => self.workspace_id.as_deref() == asked.workspace,
        })
    }

    /// Who created it, when we did.
    pub fn marker(&self) -> Option<Marker> {
        self.metadata.as_ref().and_then(Marker::from_metadata)
    }
}
