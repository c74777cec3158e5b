//! Start options of a simulator.

use std::net::{Ipv4Addr, SocketAddr};

use crate::clock::ClockSource;
use crate::switches::Switches;

/// Scopes of the APIs (docs/reference/secureauth-api.md#access-scopes).
pub const ALL_SCOPES: &[&str] = &[
    "manage_configuration",
    "identity",
    "read_configuration",
    "view_audit_events",
    "revoke_tokens",
    "manage_idps",
    "manage_servers",
    "view_clients",
];

/// A client registered in the System workspace.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; never printed.
    pub secret: String,
    /// Scopes that it may request.
    pub scopes: Vec<String>,
}

impl Client {
    /// A client with every scope.
    pub fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            scopes: ALL_SCOPES.iter().map(ToString::to_string).collect(),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Start options. The tests of the handler use `Options::default()`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The tenant id, in every path.
    pub tenant: String,
    /// Clients of the tenant's System workspace.
    pub clients: Vec<Client>,
    /// The client of the installation's system tenant (`setup`), for the Tenant Management API.
    pub setup_client: Client,
    /// The organization that exists at start, the parent of the billers' organizations.
    pub parent_organization: String,
    /// Seed of every generated id, token and secret.
    pub seed: u64,
    /// Where the time comes from.
    pub clock: ClockSource,
    /// Values of the switches at start.
    pub switches: Switches,
    /// Threads that serve requests.
    pub worker_threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tenant: "dev-invoicecloud".to_owned(),
            clients: vec![Client::new("onboarding", "simulator-secret")],
            setup_client: Client::new("setup", "simulator-setup-secret"),
            parent_organization: "invoice-cloud".to_owned(),
            seed: 0,
            clock: ClockSource::System,
            switches: Switches::default(),
            worker_threads: 2,
        }
    }
}
