//! The client of one tenant.

use std::{sync::Arc, time::Duration};

use super::{
    Api, CallContext, Config, ConfigError,
    config::is_loopback,
    paths::Paths,
    token::{Credentials, Tokens},
    transport::{Policy, Transport},
};

/// Scopes that every token needs: the first for organizations and imports, the second for pools and users
/// (docs/reference/secureauth-api.md#access-scopes).
pub const REQUIRED_SCOPES: &[&str] = &["manage_configuration", "identity"];

/// A client for one tenant. Clones are cheap and share the connections, the token, the limiter and the pause.
#[derive(Debug, Clone)]
pub struct SecureAuth(Arc<Shared>);

/// Shared by all clones and all their calls.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) transport: Transport,
    pub(super) paths: Paths,
    pub(super) tenant_id: String,
}

impl SecureAuth {
    /// Checks the configuration and sets the client up; sends nothing.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let paths = Paths::new(&config);
        let credentials = Credentials {
            endpoint: paths.token(),
            client_id: config.client_id,
            client_secret: config.client_secret,
            auth_method: config.auth_method,
            scopes: config.scopes,
            required_scopes: REQUIRED_SCOPES,
        };
        let policy = Policy {
            attempts: config.attempts,
            backoff: config.backoff,
            deadlines: config.deadlines,
            max_in_flight: config.max_in_flight,
            jitter_seed: config.jitter_seed,
            product: config.product.clone(),
        };
        let tokens = Tokens::new(credentials, config.expiry_margin);
        let transport = Transport::new(tokens, &policy, is_loopback(&config.base_url))?;
        Ok(Self(Arc::new(Shared {
            transport,
            paths,
            tenant_id: config.tenant_id,
        })))
    }

    /// All operations, for one piece of work.
    pub fn call(&self, context: CallContext) -> Api {
        Api::new(Arc::clone(&self.0), context)
    }

    /// The longest time that one request can take. A worker that takes over from one that died waits this long before it relies on what
    /// it reads.
    pub fn longest_deadline(&self) -> Duration {
        self.0.transport.longest_deadline()
    }
}
