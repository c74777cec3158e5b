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
    ListAuditEvents,
    ListTenants,
    GetTenant,
    CreateTenant,
    UpdateTenant,
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
