//! A pool as the API returns it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{
    Marker, PoolId, SchemaId,
    concerns::{Asked, Concerns, Mismatch, same},
    id::unset_is_none,
};

/// A pool as it was read (IDS `PoolResponse`), without the members that this client does not use: it never updates a pool.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Pool {
    /// The server may have chosen another id than the one that was sent.
    pub id: PoolId,
    /// Id of the tenant.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// Id of the organization; none for a pool of the tenant.
    #[serde(default)]
    pub workspace_id: Option<String>,
    /// Display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Free attributes, with the marker.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// Schema that the users' payload has to match.
    #[serde(default, deserialize_with = "unset_is_none")]
    pub payload_schema_id: Option<SchemaId>,
    /// Schema that the users' metadata has to match.
    #[serde(default, deserialize_with = "unset_is_none")]
    pub metadata_schema_id: Option<SchemaId>,
    /// True: "Bob" and "bob" are the same user name.
    #[serde(default)]
    pub identifier_case_insensitive: bool,
    /// Allowed first factors.
    #[serde(default)]
    pub authentication_mechanisms: Option<Vec<String>>,
    /// The first factor that is offered first.
    #[serde(default)]
    pub preferred_authentication_mechanism: Option<String>,
    /// Allowed second factors; none: users sign in without one.
    #[serde(default)]
    pub second_factor_authentication_mechanisms: Option<Vec<String>>,
    /// The second factor that is offered first.
    #[serde(default)]
    pub second_factor_preferred_authentication_mechanism: Option<String>,
    /// Whoever has set up no second factor may skip that step. False when the server leaves the member out.
    #[serde(default)]
    pub allow_skip_2fa: bool,
    /// Number of users. It may lag behind writes.
    #[serde(default)]
    pub number_of_users: Option<u64>,
    /// The pool was deleted, but the server still returns it.
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
    /// Whether the answer to a creation can be the created pool although it has another id, which the server may choose. It then has
    /// our marker; if the answer shows no metadata, the right workspace is enough.
    fn can_be_the_created_one(&self, asked: &Asked<'_>) -> bool {
        asked.marker.is_some_and(|marker| match &self.metadata {
            Some(_) => marker.is_of_same_run(self.marker().as_ref()),
            None => self.workspace_id.as_deref() == asked.workspace,
        })
    }

    /// The run that created it; `None` when no run of ours did.
    pub fn marker(&self) -> Option<Marker> {
        self.metadata.as_ref().and_then(Marker::from_metadata)
    }
}
