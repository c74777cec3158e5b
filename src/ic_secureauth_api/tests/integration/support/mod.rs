//! Scripted servers, clients for them, and golden files.

mod captured;
mod golden;
pub mod raw;
pub mod samples;
mod server;

use std::{sync::Arc, time::Duration};

use ic_secureauth_api::{
    Api, Backoff, CallContext, CallGuard, ClientAuthMethod, Config, Deadlines, IdpCheck, OrganizationId, PoolId,
    SecureAuth, tenant_management::TenantManagementConfig,
};
use secrecy::SecretString;

pub use captured::Captured;
pub use golden::{compare, compare_in, golden, request as recorded};
pub use server::{ALL_REQUIRED, Server, absent, json, reply, token as grant, with_tokens};

pub const TENANT: &str = "dev-invoicecloud";
pub const RUN: &str = "01980f3e-0000-7000-8000-000000000001";

/// A configuration whose pauses last milliseconds.
pub fn config(base_url: &str) -> Config {
    Config {
        base_url: base_url.parse().unwrap(),
        tenant_id: TENANT.into(),
        client_id: "client".into(),
        client_secret: SecretString::from("secret"),
        auth_method: ClientAuthMethod::Basic,
        scopes: ["manage_configuration", "identity", "read_configuration"]
            .map(String::from)
            .to_vec(),
        import_path: None,
        attempts: 3,
        backoff: Backoff {
            first: Duration::from_millis(1),
            factor: 2.0,
            max: Duration::from_millis(5),
            retry_after_cap: Duration::from_millis(500),
            forbidden: Duration::from_millis(1),
        },
        deadlines: Deadlines::default(),
        max_in_flight: 8,
        expiry_margin: Duration::from_mins(1),
        jitter_seed: 7,
        product: Some("tester/1.0".into()),
    }
}

/// The same for the Tenant Management API.
pub fn tenant_management(base_url: &str) -> TenantManagementConfig {
    let config = config(base_url);
    TenantManagementConfig {
        base_url: config.base_url,
        client_id: "setup".into(),
        client_secret: SecretString::from("setup-secret"),
        auth_method: ClientAuthMethod::Post,
        attempts: config.attempts,
        backoff: config.backoff,
        deadlines: config.deadlines,
        expiry_margin: config.expiry_margin,
        jitter_seed: config.jitter_seed,
    }
}

/// The operations for one run.
pub fn api(config: Config) -> Api {
    SecureAuth::new(config).unwrap().call(context(None))
}

pub fn context(guard: Option<Arc<dyn CallGuard>>) -> CallContext {
    CallContext {
        correlation_id: RUN.into(),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        guard,
    }
}

pub fn organization_id(text: &str) -> OrganizationId {
    OrganizationId::parse(text).unwrap()
}

pub fn pool_id(text: &str) -> PoolId {
    PoolId::parse(text).unwrap()
}

/// Checks the identity provider of the sample pool.
pub async fn idp_check(server: &Server) -> IdpCheck {
    let (organization, pool) = (organization_id("1876"), samples::pool_of_samples());
    server.api().identity_provider(&organization, &pool).await.unwrap()
}
