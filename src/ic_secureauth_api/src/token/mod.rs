//! One access token for all tasks (section 1).

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
    /// Finished renewals, read without waiting for a running one.
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

    /// A token that is good for at least the margin. Tasks that wait while another renews share what it gets, failure included:
    /// a token endpoint in trouble sees one request, not one per task.
    pub(super) async fn get(
        &self,
        http: &reqwest::Client,
        deadline: Duration,
        retry_after_cap: Duration,
    ) -> Result<Arc<AccessToken>, ErrorKind> {
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
            .request(http, deadline, retry_after_cap, self.margin)
            .await
            .map(Arc::new);
        last.failure = outcome.as_ref().err().cloned();
        self.rounds.fetch_add(1, Ordering::Release);
        if let Ok(token) = &outcome {
            *self.lock() = Some(Arc::clone(token));
        }
        outcome
    }

    /// An API rejected this token: whoever asks next renews it, unless somebody already has.
    pub(super) fn discard(&self, rejected: &Arc<AccessToken>) {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|token| Arc::ptr_eq(token, rejected)) {
            *current = None;
        }
    }

    fn usable(&self) -> Option<Arc<AccessToken>> {
        self.lock().clone().filter(|token| token.is_usable_at(Instant::now()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<AccessToken>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
