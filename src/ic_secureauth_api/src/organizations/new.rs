//! The body that creates an organization.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::{Marker, Mechanism, OrganizationId};

/// The body that creates an organization (SYS `CreateOrganizationRequest`), never with domains or a template
/// (docs/reference/secureauth-api.md#organizations-parent-and-template).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrganization {
    /// Cannot be changed later.
    pub id: OrganizationId,
    /// Display name.
    pub name: String,
    /// The workspace or organization above it.
    pub parent_id: OrganizationId,
    /// True: nobody can sign in until an update sets it to false.
    pub deactivated: bool,
    /// What its pools may use as first or second factor. A pool's factor that is not among them does not work
    /// (docs/reference/secureauth-api.md#sign-in).
    pub authentication_mechanisms: Vec<Mechanism>,
    /// Names the run that creates it.
    pub marker: Marker,
}

#[derive(Serialize)]
pub(super) struct CreateOrganizationRequest<'a> {
    id: &'a OrganizationId,
    name: &'a str,
    parent_id: &'a OrganizationId,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deactivated: bool,
    #[serde(skip_serializing_if = "<[Mechanism]>::is_empty")]
    authentication_mechanisms: &'a [Mechanism],
    metadata: ServerMetadata,
}

#[derive(Serialize)]
struct ServerMetadata {
    payload: Map<String, Value>,
}

impl NewOrganization {
    pub(super) fn request(&self) -> CreateOrganizationRequest<'_> {
        CreateOrganizationRequest {
            id: &self.id,
            name: &self.name,
            parent_id: &self.parent_id,
            deactivated: self.deactivated,
            authentication_mechanisms: &self.authentication_mechanisms,
            metadata: ServerMetadata {
                payload: self.marker.to_metadata(),
            },
        }
    }
}
