//! An organization to be created.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::{Marker, OrganizationId};

/// An organization to be created (SYS `CreateOrganizationRequest`). Neither domains nor a template are ever sent (section 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrganization {
    /// Its permanent id.
    pub id: OrganizationId,
    /// Its display name.
    pub name: String,
    /// The workspace or organization it belongs to.
    pub parent_id: OrganizationId,
    /// Created with sign-in switched off, to be switched on when everything is in.
    pub deactivated: bool,
    /// Who creates it.
    pub marker: Marker,
}

#[derive(Serialize)]
pub(super) struct CreateOrganizationRequest<'a> {
    id: &'a OrganizationId,
    name: &'a str,
    parent_id: &'a OrganizationId,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deactivated: bool,
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
            metadata: ServerMetadata {
                payload: self.marker.to_metadata(),
            },
        }
    }
}
