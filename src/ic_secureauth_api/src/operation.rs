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
    PatchUser,
    DeleteUser,
    AddIdentifier,
    RemoveIdentifier,
    AddAddress,
    UpdateAddress,
    RemoveAddress,
    RevokeTokens,
    Import,
    GetSchema,
    GetWorkspaceDump,
    ListPoolIdps,
    ListAuditEvents,
    ListWorkspaces,
    ListApplications,
    ListTenants,
    GetTenant,
    CreateTenant,
    UpdateTenant,
}

/// Kind of a resource that has to exist before a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The organization that is updated, the organization of a new pool, or the parent of a new organization.
    Organization,
    /// The pool that users are imported into, or whose users are signed out.
    Pool,
    /// The user that is changed, its pool, or the address that is updated.
    User,
}

/// Part of the API that has a limit of calls of its own (docs/reference/secureauth-api.md#errors-429-and-retry-after).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Module {
    Tokens,
    Identity,
    System,
    TenantManagement,
}

impl Operation {
    /// The vendor does not publish its modules; the APIs are the best guess. The scope tells the API, except that the import is called
    /// below the Identity API.
    pub(super) fn module(self) -> Module {
        match (self, self.scope()) {
            (Self::Token, _) => Module::Tokens,
            (Self::Import, _) | (_, Some("identity")) => Module::Identity,
            (_, Some(_)) => Module::System,
            (_, None) => Module::TenantManagement,
        }
    }

    /// Whether the operation changes something in SecureAuth. When its answer is lost, its outcome is unknown.
    pub const fn mutates(self) -> bool {
        matches!(
            self,
            Self::CreateOrganization
                | Self::UpdateOrganization
                | Self::DeleteOrganization
                | Self::CreatePool
                | Self::DeletePool
                | Self::UpdateUser
                | Self::PatchUser
                | Self::DeleteUser
                | Self::AddIdentifier
                | Self::RemoveIdentifier
                | Self::AddAddress
                | Self::UpdateAddress
                | Self::RemoveAddress
                | Self::RevokeTokens
                | Self::Import
                | Self::CreateTenant
                | Self::UpdateTenant
        )
    }

    /// The resource that has to exist before the write; `None` for reads and for writes that need none.
    pub const fn needs(self) -> Option<Resource> {
        match self {
            Self::CreateOrganization | Self::UpdateOrganization | Self::CreatePool => Some(Resource::Organization),
            Self::Import | Self::RevokeTokens => Some(Resource::Pool),
            Self::UpdateUser | Self::PatchUser | Self::AddIdentifier | Self::AddAddress | Self::UpdateAddress => {
                Some(Resource::User)
            }
            _ => None,
        }
    }

    /// The scope that the operation needs (docs/reference/secureauth-api.md#access-scopes). `None` for the token endpoint, and for the
    /// Tenant Management API, whose tokens name no scopes.
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
            | Self::PatchUser
            | Self::DeleteUser
            | Self::AddIdentifier
            | Self::RemoveIdentifier
            | Self::AddAddress
            | Self::UpdateAddress
            | Self::RemoveAddress
            | Self::GetSchema => Some("identity"),
            Self::RevokeTokens => Some("revoke_tokens"),
            Self::GetWorkspaceDump => Some("read_configuration"),
            Self::ListPoolIdps => Some("manage_idps"),
            Self::ListAuditEvents => Some("view_audit_events"),
            Self::ListWorkspaces => Some("manage_servers"),
            Self::ListApplications => Some("view_clients"),
        }
    }

    /// Whether 404 is an answer ("it does not exist") and no error.
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
                | Self::RemoveIdentifier
                | Self::RemoveAddress
                | Self::GetSchema
                | Self::ListPoolIdps
                | Self::ListApplications
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
