//! Tenant Management API: whole tenants of an on-premise installation (ROOT `/api/system/tenants`;
//! docs/reference/secureauth-api.md#tenant-management).
//!
//! It needs credentials of the installation's *system tenant*, which only on-premise installations have. That is why it is a client of
//! its own, which [`SecureAuth`](super::SecureAuth) and [`Api`](super::Api) do not lead to. It cannot delete.

use std::{fmt, time::Duration};

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::{
    ApiError, Backoff, CallContext, ClientAuthMethod, ConfigError, Deadlines, IdempotencyKey, MAX_IN_FLIGHT, Operation,
    concerns::{Asked, Concerns, Mismatch},
    config::{check_base_url, check_calls, is_loopback, origin},
    paths::below,
    token::{Credentials, Tokens},
    transport::{Call, Policy, Transport},
};

mod tenant;

pub use super::id::TenantId;
pub use tenant::{NewTenant, Tenant};

/// Configuration of [`TenantManagement`], which checks it.
#[derive(Clone)]
pub struct TenantManagementConfig {
    /// The installation; plain `http` is accepted for loopback hosts only.
    pub base_url: Url,
    /// Id of a `setup` client in the system tenant.
    pub client_id: String,
    /// Client secret; no log line and no `Debug` shows it.
    pub client_secret: SecretString,
    /// How it authenticates at `/system/system/oauth2/token`.
    pub auth_method: ClientAuthMethod,
    /// Attempts per call with the first; at least 1.
    pub attempts: u32,
    /// Pauses between the attempts of one call.
    pub backoff: Backoff,
    /// Longest times of one attempt.
    pub deadlines: Deadlines,
    /// The client renews a token this long before it expires.
    pub expiry_margin: Duration,
    /// Seed of the random pauses.
    pub jitter_seed: u64,
}

impl fmt::Debug for TenantManagementConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantManagementConfig")
            .field("base_url", &origin(&self.base_url))
            .field("client_id", &self.client_id)
            .field("auth_method", &self.auth_method)
            .finish_non_exhaustive()
    }
}

/// Client for the tenants of an on-premise installation.
#[derive(Debug)]
pub struct TenantManagement {
    transport: Transport,
    base_url: Url,
    context: CallContext,
}

/// `Tenants`
#[derive(Deserialize)]
struct Tenants {
    tenants: Option<Vec<Tenant>>,
}

/// `TenantCreated`. Its other members contain secrets of clients and are not parsed.
#[derive(Deserialize)]
struct TenantCreated {
    tenant: Tenant,
}

impl Concerns for Tenants {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.tenants.concerns(asked)
    }
}

impl Concerns for TenantCreated {
    fn concerns(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        self.tenant.concerns(asked)
    }
}

/// Here the tenant is the resource, so its id is compared and not the client's tenant.
fn asked(id: &TenantId) -> Asked<'_> {
    Asked {
        id: Some(id.as_str()),
        ..Asked::default()
    }
}

impl TenantManagement {
    /// Checks the configuration and sets the client up; sends nothing.
    pub fn new(config: TenantManagementConfig, context: CallContext) -> Result<Self, ConfigError> {
        check_base_url(&config.base_url)?;
        check_calls(config.attempts, &config.backoff, &config.deadlines)?;
        if config.client_id.is_empty() {
            return Err(ConfigError::ClientId);
        }
        if config.client_secret.expose_secret().is_empty() {
            return Err(ConfigError::ClientSecret);
        }
        let credentials = Credentials {
            endpoint: below(&config.base_url, ["system", "system", "oauth2", "token"]),
            client_id: config.client_id,
            client_secret: config.client_secret,
            auth_method: config.auth_method,
            scopes: Vec::new(),
            required_scopes: &[],
        };
        let policy = Policy {
            attempts: config.attempts,
            backoff: config.backoff,
            deadlines: config.deadlines,
            max_in_flight: MAX_IN_FLIGHT,
            jitter_seed: config.jitter_seed,
            product: None,
        };
        let tokens = Tokens::new(credentials, config.expiry_margin);
        let transport = Transport::new(tokens, &policy, is_loopback(&config.base_url))?;
        Ok(Self {
            transport,
            base_url: config.base_url,
            context,
        })
    }

    /// `GET /api/system/tenants`: all tenants; this list has no pages.
    pub async fn list(&self) -> Result<Vec<Tenant>, ApiError> {
        let answer = self.send(Call::get(Operation::ListTenants, self.tenants())).await?;
        let tenants: Tenants = answer.json(&Asked::default())?.value;
        Ok(tenants.tenants.unwrap_or_default())
    }

    /// `GET /api/system/tenants/{tid}`; `None` for 404.
    pub async fn get(&self, id: &TenantId) -> Result<Option<Tenant>, ApiError> {
        let answer = self.send(Call::get(Operation::GetTenant, self.tenant(id))).await?;
        Ok(answer.json_if_present(&asked(id))?.map(|versioned| versioned.value))
    }

    /// `POST /api/system/tenants` (`Tenant`).
    pub async fn create(&self, new: &NewTenant, key: &IdempotencyKey) -> Result<Tenant, ApiError> {
        let call = Call::new(Operation::CreateTenant, Method::POST, self.tenants())
            .json(new)?
            .key(key);
        let created: TenantCreated = self.send(call).await?.json(&asked(&new.id))?.value;
        Ok(created.tenant)
    }

    /// `PUT /api/system/tenants/{tid}` (`Tenant`): the whole resource with every member that was read. There are
    /// no tags, so the last writer wins.
    pub async fn update(&self, tenant: &Tenant) -> Result<Tenant, ApiError> {
        let call = Call::new(Operation::UpdateTenant, Method::PUT, self.tenant(tenant.id())).json(&tenant.request())?;
        Ok(self.send(call).await?.json(&asked(tenant.id()))?.value)
    }

    async fn send(&self, call: Call) -> Result<super::transport::Answer, ApiError> {
        self.transport.send(call, &self.context).await
    }

    fn tenants(&self) -> Url {
        below(&self.base_url, ["api", "system", "tenants"])
    }

    fn tenant(&self, id: &TenantId) -> Url {
        below(&self.base_url, ["api", "system", "tenants", id.as_str()])
    }
}
