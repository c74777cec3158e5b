//! What connections are opened with. Passwords rotate and tokens expire, so it is asked for with every connection.

use std::fmt::Debug;

use async_trait::async_trait;
use tiberius::Config;
use tiberius::error::{Error, IoErrorKind};

/// Error numbers of a log-in that may succeed with the connection string of today: the log-in failed, is not trusted, is disabled, or
/// may not open the database (docs/reference/sql-server.md#errors).
const REFUSED: [u32; 4] = [18456, 18452, 18470, 4060];

/// Server, database and log-in.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// The driver's configuration.
    pub config: Config,
    /// Another number for another connection string.
    pub edition: u64,
}

/// Knows what connections are opened with.
#[async_trait]
pub trait Access: Debug + Send + Sync {
    /// For a new connection.
    ///
    /// # Errors
    /// Why there is none, for the log.
    async fn log_in(&self) -> Result<LogIn, String>;

    /// The server refused this edition: another one, if there is one by now.
    async fn instead_of(&self, edition: u64) -> Option<LogIn>;
}

/// Always the same.
#[derive(Debug)]
pub(super) struct Fixed(pub(super) Config);

#[async_trait]
impl Access for Fixed {
    async fn log_in(&self) -> Result<LogIn, String> {
        let config = self.0.clone();
        Ok(LogIn { config, edition: 0 })
    }

    async fn instead_of(&self, _: u64) -> Option<LogIn> {
        None
    }
}

/// Connects, and once more with another log-in where the server refuses the first one.
pub(super) async fn connect<T, F>(access: &dyn Access, dial: impl Fn(Config) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let unknown = |message| Error::Io {
        kind: IoErrorKind::Other,
        message,
    };
    let first = access.log_in().await.map_err(unknown)?;
    match dial(first.config).await {
        Err(error) if error.code().is_some_and(|code| REFUSED.contains(&code)) => {
            match access.instead_of(first.edition).await {
                Some(other) => dial(other.config).await,
                None => Err(error),
            }
        }
        connected => connected,
    }
}
