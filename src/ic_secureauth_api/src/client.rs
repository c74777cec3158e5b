//! The client that everything else is reached through.

use std::{sync::Arc, time::Duration};

use super::{
    Api, CallContext, Config, ConfigError,
    config::is_loopback,
    paths::Paths,
    token::{Credentials, Tokens},
    transport::{Policy, Transport},
};

/// Without these scopes nothing works: organizations and imports need the first, pools and users the second (section 1).
const REQUIRED_SCOPES: &[&str] = &["manage_configuration", "identity"];

/// A client for one tenant. Clones are cheap and share the connections, the token, the limiter and the pause.
#[derive(Debug, Clone)]
pub struct SecureAuth(Arc<Shared>);

/// What all clones and all their calls share.
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
        };
        let tokens = Tokens::new(credentials, config.expiry_margin);
        let transport = Transport::new(tokens, &policy, is_loopback(&config.base_url))?;
        Ok(Self(Arc::new(Shared {
            transport,
            paths,
            tenant_id: config.tenant_id,
        })))
    }

    /// All operations, on behalf of one piece of work.
    pub fn call(&self, context: CallContext) -> Api {
        Api::new(Arc::clone(&self.0), context)
    }

    /// The longest time one request of this client can be under way, from its start to its end. Whoever takes over from a client
    /// that died waits this long before it trusts what it reads.
    pub fn longest_deadline(&self) -> Duration {
        self.0.transport.longest_deadline()
    }
}
