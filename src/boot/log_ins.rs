//! The connection string of SQL Server as it is now. It is read again on a schedule, and when the server refuses the log-in: a
//! rotated password is found without a restart.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::settings::{ConnectionString, DatabaseSettings, Identity, TokenSource, VaultError};
use crate::store::sql_server::{Access, LogIn};
use crate::telemetry::chain;

/// The connection string is not read again before this time, whoever refuses it.
const LEAST: Duration = Duration::from_mins(1);

/// Reads the connection string.
#[async_trait]
pub(super) trait Source: Debug + Send + Sync {
    async fn read(&self, now: OffsetDateTime) -> Result<Option<SecretString>, VaultError>;
}

#[async_trait]
impl Source for DatabaseSettings {
    async fn read(&self, now: OffsetDateTime) -> Result<Option<SecretString>, VaultError> {
        self.resolve(now).await
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct LogIns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Arc<dyn Source>,
    is_development: bool,
    identity: Identity,
    clock: Arc<dyn Clock>,
    /// `None`: the string is not in a vault.
    refresh: Option<Duration>,
    /// Held by the one who reads for all who wait.
    reading: tokio::sync::Mutex<()>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    text: SecretString,
    string: ConnectionString,
    /// For a log-in with tokens.
    tokens: Option<TokenSource>,
    edition: u64,
    read_at: OffsetDateTime,
    /// The string is not read again before this time.
    next_read: OffsetDateTime,
}

impl LogIns {
    /// Begins with `text`, which was read just now.
    ///
    /// # Errors
    /// What is expected instead of this string.
    pub(super) fn new(
        source: Arc<dyn Source>,
        text: SecretString,
        is_development: bool,
        identity: Identity,
        refresh: Option<Duration>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let (string, tokens) = usable(&text, is_development, &identity)?;
        let now = clock.now();
        let current = Current {
            text,
            string,
            tokens,
            edition: 0,
            read_at: now,
            next_read: now + LEAST,
        };
        Ok(Self(Arc::new(Inner {
            source,
            is_development,
            identity,
            clock,
            refresh,
            reading: tokio::sync::Mutex::default(),
            current: Mutex::new(current),
        })))
    }

    /// Reads the string again in a task of its own: whoever waits for it may be gone before the vault answers.
    fn read_again(&self) -> JoinHandle<()> {
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let now = inner.clock.now();
            let text = inner.source.read(now).await;
            inner.take(text, now);
        })
    }
}

impl Inner {
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn log_in(&self) -> Result<LogIn, String> {
        let (string, tokens, edition) = {
            let current = self.current();
            (current.string.clone(), current.tokens.clone(), current.edition)
        };
        let config = match tokens {
            None => string.config(),
            Some(tokens) => match tokens.token().await {
                Ok(token) => string.config_with_token(&token),
                Err(failure) => return Err(format!("Microsoft Entra gave no token: {}", chain(&failure))),
            },
        };
        Ok(LogIn { config, edition })
    }

    /// True at most once a minute.
    fn may_read(&self) -> bool {
        let now = self.clock.now();
        let mut current = self.current();
        let may = now >= current.next_read;
        if may {
            current.next_read = now + LEAST;
        }
        may
    }

    /// What could not be read, or cannot be used, changes nothing.
    fn take(&self, text: Result<Option<SecretString>, VaultError>, now: OffsetDateTime) {
        let mut current = self.current();
        let text = match text {
            Ok(text) => text.unwrap_or_default(),
            Err(failure) => {
                if let VaultError::Busy { after, .. } = failure {
                    current.next_read = now + after.max(LEAST);
                }
                warn!(error = %chain(&failure), "cannot read the connection string again; the one from before stays");
                return;
            }
        };
        current.read_at = now;
        if text.expose_secret() == current.text.expose_secret() {
            return;
        }
        match usable(&text, self.is_development, &self.identity) {
            Ok((string, tokens)) => {
                info!("the connection string has changed");
                current.text = text;
                current.string = string;
                current.tokens = tokens;
                current.edition += 1;
            }
            Err(expected) => {
                warn!(%expected, "the connection string has changed and cannot be used; the one from before stays");
            }
        }
    }
}

/// The string, and where its tokens come from.
fn usable(
    text: &SecretString,
    is_development: bool,
    identity: &Identity,
) -> Result<(ConnectionString, Option<TokenSource>), String> {
    let string = ConnectionString::parse(text.expose_secret(), is_development)?;
    let tokens = string
        .entra()
        .map(|entra| TokenSource::new(entra, identity))
        .transpose();
    let tokens = tokens.map_err(|failure| format!("a log-in for which tokens can be had: {}", chain(&failure)))?;
    Ok((string, tokens))
}

#[async_trait]
impl Access for LogIns {
    async fn log_in(&self) -> Result<LogIn, String> {
        let since = self.0.clock.now() - self.0.current().read_at;
        if self.0.refresh.is_some_and(|refresh| since >= refresh) && self.0.may_read() {
            // This connection still gets the string from before; it does not wait for the vault.
            drop(self.read_again());
        }
        self.0.log_in().await
    }

    async fn instead_of(&self, edition: u64) -> Option<LogIn> {
        let _alone = self.0.reading.lock().await;
        let is_newest = self.0.current().edition == edition;
        if is_newest && self.0.may_read() {
            self.read_again().await.ok()?;
        }
        if self.0.current().edition == edition {
            return None;
        }
        let other = self.0.log_in().await;
        other
            .inspect_err(|failure| warn!(error = %failure, "cannot log in"))
            .ok()
    }
}

#[cfg(test)]
mod tests;
