//! The operations by name, as they appear in logs and errors.

use std::{fmt, time::Duration};

use super::Deadlines;

/// One operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    ListAuditEvents,
    ListTenants,
    GetTenant,
    CreateTenant,
    UpdateTenant,
}

impl Operation {
    /// The name for logs and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::GetOrganization => "get_organization",
            Self::ListOrganizations => "list_organizations",
            Self::CreateOrganization => "create_organization",
            Self::UpdateOrganization => "update_organization",
            Self::DeleteOrganization => "delete_organization",
            Self::GetPool => "get_pool",
            Self::ListPools => "list_pools",
            Self::CreatePool => "create_pool",
            Self::DeletePool => "delete_pool",
            Self::GetUser => "get_user",
            Self::ListUsers => "list_users",
            Self::FindUser => "find_user",
            Self::UpdateUser => "update_user",
            Self::DeleteUser => "delete_user",
            Self::Import => "import",
            Self::GetSchema => "get_schema",
            Self::GetWorkspaceDump => "get_workspace_dump",
            Self::ListAuditEvents => "list_audit_events",
            Self::ListTenants => "list_tenants",
            Self::GetTenant => "get_tenant",
            Self::CreateTenant => "create_tenant",
            Self::UpdateTenant => "update_tenant",
        }
    }

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

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
