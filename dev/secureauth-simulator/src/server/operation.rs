//! The operations of the simulated APIs.

use axum::http::Method;

use super::call::Call;
use super::reply::Reply;
use crate::app::App;
use crate::errors::ApiError;

/// Group of operations with one rate limit (row 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Module {
    /// Token endpoint and discovery.
    OAuth2,
    /// `/api/system/…`.
    System,
    /// `/api/identity/…`.
    Identity,
}

/// Who may call an operation (row 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// No token.
    Public,
    /// A token of the tenant with this scope.
    Scope(&'static str),
    /// A token of the installation's system tenant.
    Setup,
}

/// Executes an operation.
pub(crate) type Handler = fn(&App, &Call) -> Result<Reply, ApiError>;

/// One operation: route, access and handler.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Name in the call log and in faults.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// Route in axum's notation.
    pub(crate) path: &'static str,
    pub(crate) module: Module,
    pub(crate) access: Access,
    pub(crate) handler: Handler,
}

impl Operation {
    /// An operation of the System API for a token with this scope.
    pub(crate) const fn system(
        name: &'static str,
        method: Method,
        path: &'static str,
        scope: &'static str,
        handler: Handler,
    ) -> Self {
        Self {
            name,
            method,
            path,
            module: Module::System,
            access: Access::Scope(scope),
            handler,
        }
    }

    /// An operation of the Identity API for a token with the scope `identity`.
    pub(crate) const fn identity(name: &'static str, method: Method, path: &'static str, handler: Handler) -> Self {
        Self {
            name,
            method,
            path,
            module: Module::Identity,
            access: Access::Scope("identity"),
            handler,
        }
    }
}

/// All operations.
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    [
        crate::auth::OPERATIONS,
        crate::organizations::OPERATIONS,
        crate::dump::OPERATIONS,
        crate::audit::OPERATIONS,
        crate::pools::OPERATIONS,
        crate::users::OPERATIONS,
        crate::import::OPERATIONS,
        crate::schemas::OPERATIONS,
        crate::tenants::OPERATIONS,
        crate::workspaces::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}
