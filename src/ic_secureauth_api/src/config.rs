//! What the client has to be told, checked once.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use url::Url;

use super::Backoff;

mod check;

pub use check::ConfigError;
pub(super) use check::{check_base_url, check_calls, is_loopback};

/// Requests in flight that one tenant is meant to get: the vendor's own figure for imports (section 3).
pub const MAX_IN_FLIGHT: usize = 8;

/// Everything [`SecureAuth`](super::SecureAuth) is made of.
#[derive(Clone)]
pub struct Config {
    /// `https://{tenant}.{region}.connect.secureauth.com`. Plain `http` is accepted for loopback hosts only.
    pub base_url: Url,
    /// Tenant id: a segment of every path and a member of many bodies.
    pub tenant_id: String,
    /// Client id of the Service client in the tenant's System workspace.
    pub client_id: String,
    /// Secret of that client.
    pub client_secret: SecretString,
    /// How the client authenticates at the token endpoint; it is registered for one of them.
    pub auth_method: ClientAuthMethod,
    /// Scopes to ask for. `manage_configuration` and `identity` must be granted (section 1).
    pub scopes: Vec<String>,
    /// Path of the import when it is not the spec's `/api/identity/{tenantID}/configuration` (section 2.3); `{tenantID}` stands
    /// for the tenant id.
    pub import_path: Option<String>,
    /// Attempts per call, the first included; at least 1 (R1).
    pub attempts: u32,
    /// Pauses between the attempts of one call.
    pub backoff: Backoff,
    /// Longest times of one attempt.
    pub deadlines: Deadlines,
    /// Requests in flight over all clones of the client, 1 to [`MAX_IN_FLIGHT`].
    pub max_in_flight: usize,
    /// A token is renewed this long before `expires_in` ends it.
    pub expiry_margin: Duration,
    /// Seed of the jitter.
    pub jitter_seed: u64,
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

/// A base URL as it may be shown: a URL that was not checked yet can hold a user's password.
pub(super) fn origin(base_url: &Url) -> String {
    base_url.origin().ascii_serialization()
}

/// How a client authenticates at the token endpoint (OA2 `token_endpoint_auth_methods`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthMethod {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

/// Longest times of one attempt by kind of call (section 3). Each but `connect` covers the whole attempt, connecting included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Name resolution, TCP and TLS.
    pub connect: Duration,
    /// Everything that is neither an import nor a token.
    pub crud: Duration,
    /// One import of at most 100 users.
    pub import: Duration,
    /// One token.
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
    fn the_default_deadlines_are_those_of_the_reference() {
        let Deadlines {
            connect,
            crud,
            import,
            token,
        } = Deadlines::default();
        assert_eq!([connect, crud, import, token].map(|it| it.as_secs()), [10, 30, 60, 30]);
    }
}
