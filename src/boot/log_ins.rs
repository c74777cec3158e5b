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
use crate::settings::{ConnectionString, DatabaseSettings, VaultError};
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
        refresh: Option<Duration>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let string = ConnectionString::parse(text.expose_secret(), is_development)?;
        let now = clock.now();
        let current = Current {
            text,
            string,
            edition: 0,
            read_at: now,
            next_read: now + LEAST,
        };
        Ok(Self(Arc::new(Inner {
            source,
            is_development,
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
        match ConnectionString::parse(text.expose_secret(), self.is_development) {
            Ok(string) => {
                info!("the connection string has changed");
                current.text = text;
                current.string = string;
                current.edition += 1;
            }
            Err(expected) => {
                warn!(%expected, "the connection string has changed and cannot be used; the one from before stays");
            }
        }
    }
}

impl Current {
    fn log_in(&self) -> LogIn {
        LogIn {
            config: self.string.config(),
            edition: self.edition,
        }
    }
}

#[async_trait]
impl Access for LogIns {
    async fn log_in(&self) -> Result<LogIn, String> {
        let since = self.0.clock.now() - self.0.current().read_at;
        if self.0.refresh.is_some_and(|refresh| since >= refresh) && self.0.may_read() {
            // This connection still gets the string from before; it does not wait for the vault.
            drop(self.read_again());
        }
        Ok(self.0.current().log_in())
    }

    async fn instead_of(&self, edition: u64) -> Option<LogIn> {
        let _alone = self.0.reading.lock().await;
        let is_newest = self.0.current().edition == edition;
        if is_newest && self.0.may_read() {
            self.read_again().await.ok()?;
        }
        let current = self.0.current();
        (current.edition != edition).then(|| current.log_in())
    }
}

#[cfg(test)]
mod tests;
