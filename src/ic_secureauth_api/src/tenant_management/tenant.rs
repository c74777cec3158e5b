//! Models of a tenant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    super::{
        concerns::{Asked, Concerns, Mismatch, same},
        members::{Members, UnexpectedMember},
    },
    TenantId,
};

/// A tenant as it was read (ROOT `Tenant`), with all members, so that an update sends back those that this client does not know.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Members")]
pub struct Tenant {
    id: TenantId,
    name: Option<String>,
    url: Option<String>,
    members: Members,
}

/// The body that creates a tenant (ROOT `Tenant`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewTenant {
    /// Cannot be changed later.
    pub id: TenantId,
    /// Display name.
    pub name: String,
    /// URL of the tenant, if it is not the installation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Tenant {
    /// A segment of the tenant's paths.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// Display name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// URL of the tenant, if it has one of its own.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Changes the display name and keeps all other members.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.members.set("name", &name);
        self.name = Some(name);
        self
    }

    /// The body of a PUT.
    pub(super) fn request(&self) -> BTreeMap<&str, &RawValue> {
        self.members.without(&[])
    }
}

impl Concerns for Tenant {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        same("id", Some(self.id.as_str()), asked.id)
    }
}

impl TryFrom<Members> for Tenant {
    type Error = UnexpectedMember;

    fn try_from(members: Members) -> Result<Self, UnexpectedMember> {
        Ok(Self {
            id: members.get("id")?.ok_or(UnexpectedMember("id"))?,
            name: members.get("name")?,
            url: members.get("url")?,
            members,
        })
    }
}
