//! One access token for all tasks (docs/reference/secureauth-api.md#access).

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::ErrorKind;

mod access_token;
mod request;

pub(super) use access_token::AccessToken;
pub(super) use request::Credentials;

/// Keeps the current token and renews it, one renewal at a time.
#[derive(Debug)]
pub(super) struct Tokens {
    credentials: Credentials,
    margin: Duration,
    current: Mutex<Option<Arc<AccessToken>>>,
    /// Number of finished renewals. An atomic, because it is read while a renewal holds the lock.
    rounds: AtomicU64,
    renewal: tokio::sync::Mutex<LastRenewal>,
}

#[derive(Debug, Default)]
struct LastRenewal {
    failure: Option<ErrorKind>,
}

impl Tokens {
    pub(super) fn new(credentials: Credentials, margin: Duration) -> Self {
        Self {
            credentials,
            margin,
            current: Mutex::default(),
            rounds: AtomicU64::new(0),
            renewal: tokio::sync::Mutex::default(),
        }
    }

    /// A token that is valid for at least the margin. Tasks that wait for a renewal share its result, also its failure, so that a
    /// token endpoint in trouble gets one request instead of one per task.
    pub(super) async fn get(&self, http: &reqwest::Client, deadline: Duration) -> Result<Arc<AccessToken>, ErrorKind> {
        if let Some(token) = self.usable() {
            return Ok(token);
        }
        let seen = self.rounds.load(Ordering::Acquire);
        let mut last = self.renewal.lock().await;
        if let Some(token) = self.usable() {
            return Ok(token);
        }
        if self.rounds.load(Ordering::Acquire) != seen
            && let Some(failure) = &last.failure
        {
            return Err(failure.clone());
        }
        let outcome = self
            .credentials
            .request(http, deadline, self.margin)
            .await
            .map(Arc::new);
        last.failure = outcome.as_ref().err().cloned();
        self.rounds.fetch_add(1, Ordering::Release);
        if let Ok(token) = &outcome {
            *self.lock() = Some(Arc::clone(token));
        }
        outcome
    }

    /// Whether the server grants a scope alone. The token is not kept.
    pub(super) async fn grants(
        &self,
        http: &reqwest::Client,
        deadline: Duration,
        scope: &str,
    ) -> Result<bool, ErrorKind> {
        self.credentials.grants(http, deadline, scope).await
    }

    /// Forgets a token that an API refused, so that the next task renews it. Does nothing when it was renewed already.
    pub(super) fn discard(&self, rejected: &Arc<AccessToken>) {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|token| Arc::ptr_eq(token, rejected)) {
            *current = None;
        }
    }

    /// The token in memory, if it is still valid for the margin.
    pub(super) fn usable(&self) -> Option<Arc<AccessToken>> {
        self.lock().clone().filter(|token| token.is_usable_at(Instant::now()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<AccessToken>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
