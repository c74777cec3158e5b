//! The operations: all of them, or those that only read.

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{
    ApiError, CallContext, Operation,
    client::Shared,
    concerns::Asked,
    paths::Paths,
    transport::{Answer, Call},
};

/// May read and write.
#[derive(Debug)]
pub enum ReadWrite {}

/// May read only.
#[derive(Debug)]
pub enum ReadOnly {}

/// The operations, for one piece of work.
///
/// Operations that only read exist for every `Access`, the others only for [`ReadWrite`].
pub struct Api<Access = ReadWrite> {
    shared: Arc<Shared>,
    context: CallContext,
    access: PhantomData<fn() -> Access>,
}

/// The operations that only read, for a dry run.
///
/// ```compile_fail,E0599
/// # use ic_secureauth_api::{OrganizationId, ReadOnlyApi};
/// async fn a_dry_run_cannot_delete(api: ReadOnlyApi, id: OrganizationId) {
///     let _ = api.delete_organization(&id).await;
/// }
/// ```
///
/// ```
/// # use ic_secureauth_api::{OrganizationId, ReadOnlyApi};
/// async fn a_dry_run_can_look(api: ReadOnlyApi, id: OrganizationId) {
///     let _ = api.organization(&id).await;
/// }
/// ```
pub type ReadOnlyApi = Api<ReadOnly>;

impl Api<ReadWrite> {
    pub(super) fn new(shared: Arc<Shared>, context: CallContext) -> Self {
        Self {
            shared,
            context,
            access: PhantomData,
        }
    }

    /// The same client, context and guard without the operations that write.
    pub fn read_only(&self) -> ReadOnlyApi {
        Api {
            shared: Arc::clone(&self.shared),
            context: self.context.clone(),
            access: PhantomData,
        }
    }
}

impl<Access> Api<Access> {
    /// The scopes of the client's token. Requests a token if there is none, so it also shows whether the credentials are accepted.
    pub async fn granted_scopes(&self) -> Result<Vec<String>, ApiError> {
        self.shared.transport.granted_scopes(&self.context).await
    }

    /// Whether the token endpoint grants a scope alone, which is one request. [`granted_scopes`](Self::granted_scopes) gives no list
    /// where the client has no token that it can use.
    pub async fn grants_scope(&self, scope: &str) -> Result<bool, ApiError> {
        self.shared.transport.grants_scope(scope).await
    }

    /// Whether the client's token has the scope of an operation, for operations whose scope is optional. Requests a token if there is
    /// none. True for an operation that needs no scope.
    pub async fn is_granted(&self, operation: Operation) -> Result<bool, ApiError> {
        let Some(scope) = operation.scope() else {
            return Ok(true);
        };
        Ok(self.granted_scopes().await?.iter().any(|granted| granted == scope))
    }

    pub(super) fn paths(&self) -> &Paths {
        &self.shared.paths
    }

    pub(super) fn tenant_id(&self) -> &str {
        &self.shared.tenant_id
    }

    /// The tenant, which every answer has to belong to.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            tenant: Some(self.tenant_id()),
            ..Asked::default()
        }
    }

    pub(super) async fn send(&self, call: Call) -> Result<Answer, ApiError> {
        self.shared.transport.send(call, &self.context).await
    }

    pub(super) async fn get(&self, operation: Operation, url: url::Url) -> Result<Answer, ApiError> {
        self.send(Call::get(operation, url)).await
    }
}

impl<Access> Clone for Api<Access> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            context: self.context.clone(),
            access: PhantomData,
        }
    }
}

impl<Access> fmt::Debug for Api<Access> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
