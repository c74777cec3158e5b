//! A pool to be created.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::{Marker, Mechanism, OrganizationId, PoolId, SchemaId};

/// A pool to be created (IDS `Pool`). The tenant id is the client's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPool {
    /// The derived id, so that a repeated POST cannot make a second pool.
    pub id: PoolId,
    /// Its display name. Older versions accept letters, digits and blanks only (section 2.2).
    pub name: String,
    /// A text for people; left out when empty.
    pub description: String,
    /// The organization it belongs to.
    pub workspace_id: OrganizationId,
    /// Schema that the users' payload has to match.
    pub payload_schema_id: SchemaId,
    /// Schema that the users' metadata has to match; the server's default when `None`.
    pub metadata_schema_id: Option<SchemaId>,
    /// Whether "Bob" and "bob" are one user name.
    pub identifier_case_insensitive: bool,
    /// First factors.
    pub authentication_mechanisms: Vec<Mechanism>,
    /// The first factor that is offered first.
    pub preferred_authentication_mechanism: Mechanism,
    /// Second factors. Empty is a decision, not a default: users then sign in without a second factor.
    pub second_factor_mechanisms: Vec<Mechanism>,
    /// The second factor that is offered first.
    pub second_factor_preferred: Option<Mechanism>,
    /// Who creates it.
    pub marker: Marker,
}

/// `Pool`
#[derive(Serialize)]
pub(super) struct CreatePoolRequest<'a> {
    id: &'a PoolId,
    tenant_id: &'a str,
    workspace_id: &'a OrganizationId,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    payload_schema_id: &'a SchemaId,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_schema_id: Option<&'a SchemaId>,
    identifier_case_insensitive: bool,
    authentication_mechanisms: &'a [Mechanism],
    preferred_authentication_mechanism: Mechanism,
    #[serde(skip_serializing_if = "<[Mechanism]>::is_empty")]
    second_factor_authentication_mechanisms: &'a [Mechanism],
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor_preferred_authentication_mechanism: Option<Mechanism>,
    metadata: Map<String, Value>,
}

impl NewPool {
    pub(super) fn request<'a>(&'a self, tenant_id: &'a str) -> CreatePoolRequest<'a> {
        CreatePoolRequest {
            id: &self.id,
            tenant_id,
            workspace_id: &self.workspace_id,
            name: &self.name,
            description: &self.description,
            payload_schema_id: &self.payload_schema_id,
            metadata_schema_id: self.metadata_schema_id.as_ref(),
            identifier_case_insensitive: self.identifier_case_insensitive,
            authentication_mechanisms: &self.authentication_mechanisms,
            preferred_authentication_mechanism: self.preferred_authentication_mechanism,
            second_factor_authentication_mechanisms: &self.second_factor_mechanisms,
            second_factor_preferred_authentication_mechanism: self.second_factor_preferred,
            metadata: self.marker.to_metadata(),
        }
    }
}
