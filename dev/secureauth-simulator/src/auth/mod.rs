//! Tokens: issuing, checking, revoking (rows 1 to 8).

mod discovery;
mod token;

use std::collections::HashMap;
use std::time::Duration;

use axum::http::Method;
use time::OffsetDateTime;

use crate::app::App;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::server::operation::{Access, Module, Operation};

/// Name of the token operation. Its bodies contain secrets and are never kept.
pub(crate) const TOKEN: &str = "token";

/// Tenant id of an installation's system tenant.
const SYSTEM_TENANT: &str = "system";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: TOKEN,
        method: Method::POST,
        path: "/{tid}/system/oauth2/token",
        module: Module::OAuth2,
        access: Access::Public,
        handler: token::issue,
    },
    Operation {
        name: "discovery",
        method: Method::GET,
        path: "/{tid}/system/.well-known/openid-configuration",
        module: Module::OAuth2,
        access: Access::Public,
        handler: discovery::describe,
    },
];

/// Client, scopes and end of a token.
#[derive(Debug, Clone)]
struct Grant {
    client_id: String,
    scopes: Vec<String>,
    setup: bool,
    expires_at: OffsetDateTime,
}

/// The tokens issued.
#[derive(Debug, Default)]
pub(crate) struct Tokens(HashMap<String, Grant>);

impl Tokens {
    fn issue(&mut self, token: String, grant: Grant, now: OffsetDateTime) {
        self.0.retain(|_, grant| grant.expires_at > now);
        self.0.insert(token, grant);
    }

    /// Revokes every token, so that the next call with one is answered `invalid_access_token`.
    pub(crate) fn revoke_all(&mut self) {
        self.0.clear();
    }

    fn valid(&self, token: &str, now: OffsetDateTime) -> Option<&Grant> {
        self.0.get(token).filter(|grant| grant.expires_at > now)
    }
}

/// Row 8: checks that the tenant of the path is the simulator's. Token and discovery also exist for
/// the system tenant.
pub(crate) fn check_tenant(app: &App, access: Access, call: &Call) -> Result<(), ApiError> {
    match access {
        Access::Setup if call.switches.tenant_management.is_on() => Ok(()),
        Access::Setup => Err(ApiError::not_found("Path")),
        _ if call.param("tid") == app.tenant => Ok(()),
        Access::Public if is_system_tenant(call) => Ok(()),
        _ => Err(ApiError::refusal(*call.switches.foreign_tenant, "Tenant not found")),
    }
}

/// True for public operations on the path of the system tenant.
fn is_system_tenant(call: &Call) -> bool {
    call.param("tid") == SYSTEM_TENANT && call.switches.tenant_management.is_on()
}

/// Rows 5 to 7 and 121: checks the token and its scope. Returns the client id.
pub(crate) fn authenticate(app: &App, access: Access, call: &Call) -> Result<String, ApiError> {
    let token = call
        .header("authorization")
        .and_then(|header| {
            header
                .strip_prefix("Bearer ")
                .or_else(|| header.strip_prefix("bearer "))
        })
        .ok_or_else(|| ApiError::new(401, "A bearer token is required"))?;
    let tokens = app.tokens();
    let grant = tokens
        .valid(token, call.now)
        .ok_or_else(ApiError::invalid_access_token)?;
    let allowed = match access {
        Access::Public => true,
        Access::Setup => grant.setup,
        // A token of the system tenant is unknown to any other tenant.
        Access::Scope(_) if grant.setup => return Err(ApiError::invalid_access_token()),
        Access::Scope(scope) => grant.scopes.iter().any(|granted| granted == scope),
    };
    if allowed || !call.switches.scope_check.is_on() {
        return Ok(grant.client_id.clone());
    }
    Err(crate::forbidden::missing_scope(&call.switches))
}

/// Lifetime of tokens (row 5).
fn lifetime(call: &Call) -> Duration {
    Duration::from_secs(*call.switches.token_ttl_seconds)
}
