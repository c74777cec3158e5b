//! The configuration of the client.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use url::Url;

use super::Backoff;

mod check;

pub use check::ConfigError;
pub(super) use check::{check_base_url, check_calls, is_loopback};

/// Most requests in flight for one tenant: the vendor's figure for imports
/// (docs/reference/secureauth-api.md#errors-429-and-retry-after).
pub const MAX_IN_FLIGHT: usize = 8;

/// Configuration of [`SecureAuth`](super::SecureAuth), which checks it.
#[derive(Clone)]
pub struct Config {
    /// `https://{tenant}.{region}.connect.secureauth.com`. Plain `http` is accepted for loopback hosts only.
    pub base_url: Url,
    /// Tenant id: a segment of every path and a member of many bodies.
    pub tenant_id: String,
    /// Client id of the Service client in the tenant's System workspace.
    pub client_id: String,
    /// Client secret; no log line and no `Debug` shows it.
    pub client_secret: SecretString,
    /// How the client authenticates at the token endpoint. A client is registered for one way.
    pub auth_method: ClientAuthMethod,
    /// Scopes to request. `manage_configuration` and `identity` are required; the client does without the others when the server
    /// refuses them (docs/reference/secureauth-api.md#access-scopes).
    pub scopes: Vec<String>,
    /// Path of the import, if it is not `/api/identity/{tenantID}/configuration` (docs/reference/secureauth-api.md#access). `{tenantID}`
    /// stands for the tenant id.
    pub import_path: Option<String>,
    /// Attempts per call with the first; at least 1 (docs/requirements.md#r1).
    pub attempts: u32,
    /// Pauses between the attempts of one call.
    pub backoff: Backoff,
    /// Longest times of one attempt.
    pub deadlines: Deadlines,
    /// Requests in flight over all clones of the client, 1 to [`MAX_IN_FLIGHT`].
    pub max_in_flight: usize,
    /// The client renews a token this long before it expires.
    pub expiry_margin: Duration,
    /// Seed of the random pauses, so that a test can replay them.
    pub jitter_seed: u64,
    /// The program that calls, such as `billing/1.2`; stands before the client's own name in `User-Agent`.
    pub product: Option<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("base_url", &origin(&self.base_url))
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("auth_method", &self.auth_method)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// The part of a base URL that may be shown: one that was not checked yet can contain a password.
pub(super) fn origin(base_url: &Url) -> String {
    base_url.origin().ascii_serialization()
}

/// How a client authenticates at the token endpoint (OA `token_endpoint_auth_methods`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthMethod {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

/// Longest times of one attempt by kind of call (docs/reference/secureauth-api.md#errors-429-and-retry-after). All but
/// `connect` include the time to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Name resolution, TCP and TLS.
    pub connect: Duration,
    /// All operations but import and token.
    pub crud: Duration,
    /// One import of at most 100 users.
    pub import: Duration,
    /// One token request.
    pub token: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            crud: Duration::from_secs(30),
            import: Duration::from_mins(1),
            token: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_deadlines_are_those_of_the_documentation() {
        let Deadlines {
            connect,
            crud,
            import,
            token,
        } = Deadlines::default();
        assert_eq!([connect, crud, import, token].map(|it| it.as_secs()), [10, 30, 60, 30]);
    }
}
