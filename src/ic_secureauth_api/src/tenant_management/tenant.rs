//! A tenant, read or to be created.

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

/// A tenant as it was read (ROOT `Tenant`), complete: members this client does not know go back with an update.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Members")]
pub struct Tenant {
    id: TenantId,
    name: Option<String>,
    url: Option<String>,
    members: Members,
}

/// A tenant to be created (ROOT `Tenant`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewTenant {
    /// Its permanent id.
    pub id: TenantId,
    /// Its display name.
    pub name: String,
    /// A URL of its own, when it is not the installation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Tenant {
    /// Its id.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// Its display name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its own URL, if it has one.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The same tenant with nothing but its display name changed.
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
