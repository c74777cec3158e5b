//! The operations by name, as they appear in logs and errors.

use std::time::Duration;

use strum::{Display, IntoStaticStr};

use super::Deadlines;

/// One operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names are those of the client's methods, documented there"
)]
pub enum Operation {
    Token,
    GetOrganization,
    ListOrganizations,
    CreateOrganization,
    UpdateOrganization,
    DeleteOrganization,
    GetPool,
    ListPools,
    CreatePool,
    DeletePool,
    GetUser,
    ListUsers,
    FindUser,
    UpdateUser,
    DeleteUser,
    Import,
    GetSchema,
    GetWorkspaceDump,
    ListPoolIdps,
    ListAuditEvents,
    ListTenants,
    GetTenant,
    CreateTenant,
    UpdateTenant,
}

/// A kind of resource that a write needs to stand before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The organization that is changed, that a pool belongs to, or the parent of a new organization.
    Organization,
    /// The pool that users are imported into.
    Pool,
    /// The user that is changed, or its pool.
    User,
}

impl Operation {
    /// Whether the operation changes something in SecureAuth, so that a lost answer leaves its outcome unknown.
    pub const fn mutates(self) -> bool {
        matches!(
            self,
            Self::CreateOrganization
                | Self::UpdateOrganization
                | Self::DeleteOrganization
                | Self::CreatePool
                | Self::DeletePool
                | Self::UpdateUser
                | Self::DeleteUser
                | Self::Import
                | Self::CreateTenant
                | Self::UpdateTenant
        )
    }

    /// The resource that a write needs to stand before; `None` for what reads, or needs nothing.
    pub const fn needs(self) -> Option<Resource> {
        match self {
            Self::CreateOrganization | Self::UpdateOrganization | Self::CreatePool => Some(Resource::Organization),
            Self::Import => Some(Resource::Pool),
            Self::UpdateUser => Some(Resource::User),
            _ => None,
        }
    }

    /// The scope that a token needs for it (docs/reference/secureauth-api.md#access-scopes); `None` for tokens themselves, and for
    /// the tokens of an installation's system tenant, whose scopes are not told.
    pub const fn scope(self) -> Option<&'static str> {
        match self {
            Self::Token | Self::ListTenants | Self::GetTenant | Self::CreateTenant | Self::UpdateTenant => None,
            Self::GetOrganization
            | Self::ListOrganizations
            | Self::CreateOrganization
            | Self::UpdateOrganization
            | Self::DeleteOrganization
            | Self::Import => Some("manage_configuration"),
            Self::GetPool
            | Self::ListPools
            | Self::CreatePool
            | Self::DeletePool
            | Self::GetUser
            | Self::ListUsers
            | Self::FindUser
            | Self::UpdateUser
            | Self::DeleteUser
            | Self::GetSchema => Some("identity"),
            Self::GetWorkspaceDump => Some("read_configuration"),
            Self::ListPoolIdps => Some("manage_idps"),
            Self::ListAuditEvents => Some("view_audit_events"),
        }
    }

    /// Whether 404 answers the question that was asked, instead of refusing the request.
    pub(super) const fn absence_is_an_answer(self) -> bool {
        matches!(
            self,
            Self::GetOrganization
                | Self::DeleteOrganization
                | Self::GetPool
                | Self::DeletePool
                | Self::GetUser
                | Self::FindUser
                | Self::DeleteUser
                | Self::GetSchema
                | Self::ListPoolIdps
                | Self::GetTenant
        )
    }

    /// The longest time one attempt may take.
    pub(super) const fn deadline(self, deadlines: &Deadlines) -> Duration {
        match self {
            Self::Token => deadlines.token,
            Self::Import => deadlines.import,
            _ => deadlines.crud,
        }
    }
}
