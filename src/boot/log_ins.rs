//! What connections to SQL Server are opened with: the connection string as it is now, and tokens of Microsoft Entra. A rotated password
//! is found without a restart, and so is a right that a service principal got after its token. The platform itself keeps a managed
//! identity's tokens, so that such a right may be found a day later.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tracing::{info, warn};

use super::secret_reader::{Held, LEAST, SecretReader};
use crate::clock::Clock;
use crate::settings::{ConnectionString, Identity, TokenSource};
use crate::store::sql_server::{Access, LogIn};
use crate::telemetry::chain;

/// See the module.
#[derive(Debug)]
pub(super) struct LogIns {
    secrets: SecretReader,
    is_development: bool,
    identity: Identity,
    clock: Arc<dyn Clock>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    /// What was read last; its connection string may be one that cannot be used.
    seen: Arc<Held>,
    text: SecretString,
    string: ConnectionString,
    /// For a log-in with tokens.
    tokens: Option<TokenSource>,
    edition: u64,
    /// When a refused token is not replaced; not longer where the clock goes back.
    rest: Option<Range<OffsetDateTime>>,
}

impl LogIns {
    /// Begins with what `secrets` holds.
    ///
    /// # Errors
    /// What is expected instead of this connection string.
    pub(super) fn new(
        secrets: SecretReader,
        held: Arc<Held>,
        is_development: bool,
        identity: Identity,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let text = held.connection_string();
        let (string, tokens) = usable(&text, is_development, &identity)?;
        let current = Current {
            seen: held,
            text,
            string,
            tokens,
            edition: 0,
            rest: None,
        };
        Ok(Self {
            secrets,
            is_development,
            identity,
            clock,
            current: Mutex::new(current),
        })
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn of_today(&self) -> Result<LogIn, String> {
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

    /// Takes over what the reader holds. A connection string that cannot be used changes nothing.
    fn catch_up(&self) {
        let mut current = self.current();
        // Asked for under the lock, so that nothing older comes after it.
        let Some(held) = self.secrets.held() else { return };
        if Arc::ptr_eq(&current.seen, &held) {
            return;
        }
        let text = held.connection_string();
        current.seen = held;
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

    /// Tokens are kept until they expire, a refused one too. Nothing is dropped that came after `edition`, or less than a minute after
    /// the last time.
    fn drop_token(&self, edition: u64) {
        let now = self.clock.now();
        let mut current = self.current();
        let is_resting = current.rest.as_ref().is_some_and(|rest| rest.contains(&now));
        if current.edition != edition || current.tokens.is_none() || is_resting {
            return;
        }
        if let Ok((_, tokens)) = usable(&current.text, self.is_development, &self.identity) {
            current.tokens = tokens;
            current.edition += 1;
            current.rest = Some(now..now + LEAST);
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
        self.catch_up();
        self.of_today().await
    }

    async fn instead_of(&self, edition: u64) -> Option<LogIn> {
        if self.current().edition == edition {
            self.secrets.newest().await;
            self.catch_up();
            self.drop_token(edition);
        }
        if self.current().edition == edition {
            return None;
        }
        let other = self.of_today().await;
        other
            .inspect_err(|failure| warn!(error = %failure, "cannot log in"))
            .ok()
    }
}

#[cfg(test)]
mod tests;
