//! The body that creates a pool.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::{Marker, Mechanism, OrganizationId, PoolId, SchemaId};

/// The body that creates a pool (IDS `Pool`). The client adds the tenant id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPool {
    /// A derived id, so that a repeated POST cannot create a second pool.
    pub id: PoolId,
    /// Display name. Some versions accept only letters, digits and blanks (docs/reference/secureauth-api.md#a32).
    pub name: String,
    /// A text for people; left out when empty.
    pub description: String,
    /// Id of the organization.
    pub workspace_id: OrganizationId,
    /// Schema that the users' payload has to match.
    pub payload_schema_id: SchemaId,
    /// Schema that the users' metadata has to match; the server's default when `None`.
    pub metadata_schema_id: Option<SchemaId>,
    /// True: "Bob" and "bob" are the same user name.
    pub identifier_case_insensitive: bool,
    /// Allowed first factors.
    pub authentication_mechanisms: Vec<Mechanism>,
    /// The first factor that is offered first.
    pub preferred_authentication_mechanism: Mechanism,
    /// Allowed second factors. Empty: users sign in without one.
    pub second_factor_mechanisms: Vec<Mechanism>,
    /// The second factor that is offered first.
    pub second_factor_preferred: Option<Mechanism>,
    /// Whoever has set up no second factor may skip that step, and so can set one up.
    pub allow_skip_2fa: bool,
    /// Names the run that creates it.
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
    allow_skip_2fa: bool,
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
            allow_skip_2fa: self.allow_skip_2fa,
            metadata: self.marker.to_metadata(),
        }
    }
}
