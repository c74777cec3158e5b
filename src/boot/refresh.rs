//! Reads the secrets again on a schedule, so that a rotated one is found before SecureAuth refuses the old one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::settings::{Secrets, VaultError};
use crate::telemetry::chain;

/// After an attempt that failed, the next one waits for this long at least.
const LEAST: Duration = Duration::from_mins(1);

type Reading = JoinHandle<Result<Secrets, VaultError>>;

/// What the services were built with, and the attempt to read it again.
#[derive(Debug, Default)]
pub(super) struct Refresh(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    used: Option<Secrets>,
    /// The secrets are read again at this time.
    next: Option<OffsetDateTime>,
    /// In a task of its own: no request waits for the vault.
    reading: Option<Reading>,
}

impl Refresh {
    /// The services are built with these secrets, which were read just now.
    pub(super) fn used(&self, secrets: &Secrets, now: OffsetDateTime, every: Duration) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State {
            used: Some(secrets.clone()),
            next: Some(now + every),
            reading: None,
        };
    }

    /// True if the vault has other secrets by now. Looks at an attempt that has ended, or begins one that is due; never waits.
    pub(super) fn has_changed<F>(&self, now: OffsetDateTime, every: Duration, read: impl FnOnce() -> F) -> bool
    where
        F: Future<Output = Result<Secrets, VaultError>> + Send + 'static,
    {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = state.reading.as_mut().and_then(FutureExt::now_or_never);
        if let Some(ended) = ended {
            state.reading = None;
            match ended {
                Ok(Ok(secrets)) => {
                    state.next = Some(now + every);
                    return state.used.as_ref().is_some_and(|used| differ(used, &secrets));
                }
                Ok(Err(failure)) => {
                    let wait = match failure {
                        VaultError::Busy { after, .. } => after.max(LEAST),
                        _ => LEAST,
                    };
                    state.next = Some(now + wait);
                    warn!(error = %chain(&failure), "cannot read the secrets again; those from before stay");
                }
                Err(_) => state.next = Some(now + LEAST),
            }
        }
        if state.reading.is_none() && state.next.is_some_and(|next| now >= next) {
            state.reading = Some(tokio::spawn(read()));
        }
        false
    }
}

/// The connection string is not compared: connections ask for it themselves.
fn differ(used: &Secrets, read: &Secrets) -> bool {
    let same = |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
    let differ = used.tenant_id != read.tenant_id
        || used.payload_schema_id != read.payload_schema_id
        || !same(&used.client_id, &read.client_id)
        || !same(&used.client_secret, &read.client_secret);
    if differ {
        info!("the secrets have changed");
    }
    differ
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = time::macros::datetime!(2026-11-28 10:00 UTC);
    const HOUR: Duration = Duration::from_hours(1);

    fn secrets(client_secret: &str) -> Secrets {
        Secrets {
            tenant_id: "t".to_owned(),
            payload_schema_id: "p".to_owned(),
            client_id: "c".into(),
            client_secret: client_secret.into(),
            sqlserver_connection_string: None,
        }
    }

    /// What a request finds at this time, and what the next one finds when the attempt of the first has ended.
    async fn changed(refresh: &Refresh, now: OffsetDateTime, vault: Option<&str>) -> (bool, bool) {
        let read = || {
            let within = HOUR;
            let read = vault.map(secrets).ok_or(VaultError::TimedOut { within });
            async { read }
        };
        let first = refresh.has_changed(now, HOUR, read);
        tokio::task::yield_now().await;
        (first, refresh.has_changed(now, HOUR, read))
    }

    #[tokio::test]
    async fn a_rotated_secret_is_found_when_it_is_time_and_a_vault_that_is_away_changes_nothing() {
        let refresh = Refresh::default();
        assert_eq!(
            changed(&refresh, START, Some("new")).await,
            (false, false),
            "nothing is used yet"
        );
        refresh.used(&secrets("old"), START, HOUR);
        assert_eq!(changed(&refresh, START + HOUR / 2, Some("new")).await, (false, false));
        assert_eq!(changed(&refresh, START + HOUR, None).await, (false, false));
        assert_eq!(
            changed(&refresh, START + HOUR, Some("new")).await,
            (false, false),
            "a minute's rest"
        );
        assert_eq!(
            changed(&refresh, START + HOUR + LEAST, Some("old")).await,
            (false, false)
        );
        assert_eq!(
            changed(&refresh, START + HOUR * 2 + LEAST, Some("new")).await,
            (false, true)
        );
    }
}
