//! What the functions work with, and why it may not be available.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::problem::{Code, Problem};
use crate::saga::Saga;

/// What the functions work with.
#[derive(Debug, Clone)]
pub struct Services {
    /// Accepts events and drives runs.
    pub saga: Arc<Saga>,
}

/// Why there are no services. The handler keeps running and tries again with the next invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The settings have findings, which were written to stderr.
    #[error("the settings are not usable")]
    Configuration,
    /// Key Vault did not answer, or lacks a secret.
    #[error("the key vault, or a secret in it, is not available")]
    Vault,
    /// The database did not answer.
    #[error("the database is not available")]
    Database,
    /// The database's schema version is not one that this program works with.
    #[error("the database schema does not fit this version")]
    Schema,
}

impl NotReady {
    fn code(self) -> Code {
        match self {
            Self::Configuration => Code::Configuration,
            Self::Vault => Code::VaultUnavailable,
            Self::Database => Code::DatabaseUnavailable,
            Self::Schema => Code::Schema,
        }
    }
}

impl From<NotReady> for Problem {
    fn from(not_ready: NotReady) -> Self {
        Self::unavailable(not_ready.code(), format!("{not_ready}; nothing was stored"))
    }
}

/// Builds the services on first use.
#[async_trait]
pub trait ServicesSource: Send + Sync {
    /// The services; the same ones for every call, until SecureAuth refuses their credentials.
    ///
    /// # Errors
    /// [`NotReady`]; a later call may succeed.
    async fn services(&self) -> Result<Arc<Services>, NotReady>;
}

/// Limits of the HTTP function; they hold even while the settings cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Longest request body, in bytes.
    pub max_body: usize,
    /// Longest time to an answer, because the host never cancels an invocation
    /// (docs/reference/functions-host.md#timeouts).
    pub deadline: Duration,
}

impl Default for HttpLimits {
    /// The defaults of `MAX_BODY_BYTES` and `HTTP_DEADLINE`.
    fn default() -> Self {
        Self {
            max_body: 65_536,
            deadline: Duration::from_secs(20),
        }
    }
}
