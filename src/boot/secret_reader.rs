//! Reads the secrets for everybody in this process: when they are first needed, on a schedule, and when a log-in was refused. There is
//! one read at a time, and whoever asks while it is under way gets what it finds.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::clock::Clock;
use crate::settings::{DatabaseSettings, Secrets, Settings, VaultError};
use crate::telemetry::chain;

/// What was read is not read again before this time, whoever was refused.
pub(super) const LEAST: Duration = Duration::from_mins(1);

/// What one read gave.
#[derive(Debug)]
pub(super) enum Held {
    All(Secrets),
    /// All that most commands need; `None` only with SQLite.
    ConnectionString(Option<SecretString>),
}

impl Held {
    pub(super) fn all(&self) -> Option<&Secrets> {
        match self {
            Self::All(secrets) => Some(secrets),
            Self::ConnectionString(_) => None,
        }
    }

    /// The connection string is not compared: connections ask for it themselves.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let same = |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
        self.all().zip(other.all()).is_some_and(|(one, other)| {
            one.tenant_id != other.tenant_id
                || one.payload_schema_id != other.payload_schema_id
                || !same(&one.client_id, &other.client_id)
                || !same(&one.client_secret, &other.client_secret)
        })
    }

    pub(super) fn connection_string(&self) -> SecretString {
        let string = match self {
            Self::All(secrets) => &secrets.sqlserver_connection_string,
            Self::ConnectionString(string) => string,
        };
        string.clone().unwrap_or_default()
    }
}

/// Where secrets are read.
#[async_trait]
pub(super) trait Source: Debug + Send + Sync {
    async fn read(&self, now: OffsetDateTime) -> Result<Held, VaultError>;
}

#[async_trait]
impl Source for Settings {
    async fn read(&self, now: OffsetDateTime) -> Result<Held, VaultError> {
        self.resolve(now).await.map(Held::All)
    }
}

#[async_trait]
impl Source for DatabaseSettings {
    async fn read(&self, now: OffsetDateTime) -> Result<Held, VaultError> {
        self.resolve(now).await.map(Held::ConnectionString)
    }
}

/// See the module. Clones share what was read.
#[derive(Debug, Clone)]
pub(super) struct SecretReader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
    /// `None`: nothing is in a vault, so nothing changes.
    refresh: Option<Duration>,
    state: Mutex<State>,
}

/// A time before a range is as one after it: the clock went back, and may not prolong anything.
#[derive(Debug, Default)]
struct State {
    held: Option<Arc<Held>>,
    /// The last read failed.
    is_failing: bool,
    /// When the schedule reads nothing.
    fresh: Option<Range<OffsetDateTime>>,
    /// When the vault is not asked.
    rest: Option<Range<OffsetDateTime>>,
    /// Closed when the read has ended.
    reading: Option<watch::Receiver<()>>,
}

impl SecretReader {
    pub(super) fn new(source: Arc<dyn Source>, clock: Arc<dyn Clock>, refresh: Option<Duration>) -> Self {
        Self(Arc::new(Inner {
            source,
            clock,
            refresh,
            state: Mutex::default(),
        }))
    }

    /// What was read last. If the schedule says so, it is read again; nobody waits for that.
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        drop(self.reading(|state, now| state.fresh.as_ref().is_some_and(|fresh| !fresh.contains(&now))));
        self.0.state().held.clone()
    }

    /// What the vault has now. What was read last, if the vault is not to be asked yet or does not answer; `None` if nothing was.
    pub(super) async fn newest(&self) -> Option<Arc<Held>> {
        self.read_newest().await;
        self.0.state().held.clone()
    }

    /// As [`Self::newest`], after SecureAuth refused `refused`. `None` too if the last read failed and nothing else is held: the vault
    /// may have what SecureAuth takes.
    pub(super) async fn newest_instead_of(&self, refused: &Held) -> Option<Arc<Held>> {
        self.read_newest().await;
        let state = self.0.state();
        let held = state.held.as_ref()?;
        (held.differs(refused) || !state.is_failing).then(|| Arc::clone(held))
    }

    async fn read_newest(&self) {
        let may_change = self.0.refresh.is_some();
        if let Some(mut reading) = self.reading(|state, _| may_change || state.held.is_none()) {
            // An error says that the read has ended.
            reading.changed().await.ok();
        }
    }

    /// The read that is under way, or a new one if it is wanted and the vault does not rest. It has a task of its own: whoever waits
    /// for it may be gone before the vault answers.
    fn reading(&self, is_wanted: impl Fn(&State, OffsetDateTime) -> bool) -> Option<watch::Receiver<()>> {
        let now = self.0.clock.now();
        let mut state = self.0.state();
        let is_under_way = |reading: &watch::Receiver<()>| reading.has_changed().is_ok();
        if let Some(reading) = state.reading.as_ref().filter(|reading| is_under_way(reading)) {
            return Some(reading.clone());
        }
        let is_resting = state.rest.as_ref().is_some_and(|rest| rest.contains(&now));
        if is_resting || !is_wanted(&state, now) {
            return None;
        }
        let (ended, reading) = watch::channel(());
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let read = inner.source.read(now).await;
            inner.take(read);
            drop(ended);
        });
        state.reading = Some(reading.clone());
        Some(reading)
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What could not be read changes nothing. All times count from the answer, as the wait does that the vault may ask for.
    fn take(&self, read: Result<Held, VaultError>) {
        let now = self.clock.now();
        let mut state = self.state();
        // A schedule of less than a minute is possible in Development only.
        let least = self.refresh.map_or(LEAST, |refresh| refresh.min(LEAST));
        state.is_failing = read.is_err();
        let failure = match read {
            Ok(held) => {
                if state.held.as_deref().is_some_and(|before| before.differs(&held)) {
                    info!("the secrets have changed");
                }
                state.held = Some(Arc::new(held));
                state.fresh = self.refresh.map(|refresh| now..now + refresh);
                state.rest = Some(now..now + least);
                return;
            }
            Err(failure) => failure,
        };
        let asked_for = match failure {
            VaultError::Busy { after, .. } => after,
            _ => Duration::ZERO,
        };
        if state.held.is_some() {
            warn!(error = %chain(&failure), "cannot read the secrets again; those from before stay");
            state.rest = Some(now..now + asked_for.max(least));
        } else {
            error!(error = %chain(&failure), "cannot read the secrets");
            state.rest = Some(now..now + asked_for);
        }
    }
}

#[cfg(test)]
pub(super) mod fake;
#[cfg(test)]
mod tests;
