//! Gives a lease back. While the database does not answer, the attempts go on in the background, so that no other worker has
//! to wait until the lease expires.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{Instrument, warn};

use super::Saga;
use crate::domain::reason::Reason;
use crate::domain::run::{Run, RunState};
use crate::store::{Lease, Release, StoreError};
use crate::telemetry::chain;

impl Saga {
    /// Releases the lease. If the database does not answer, it is tried again in the background until the lease expires.
    ///
    /// # Errors
    /// The first attempt's.
    pub(super) async fn release(&self, lease: &Lease, release: Release) -> Result<(), StoreError> {
        let released = self.dependencies.store.release(lease, &release).await;
        if let Err(error) = &released
            && !matches!(error, StoreError::LeaseLost(_))
        {
            warn!(error = %chain(error), "could not release the lease; trying again in the background");
            self.release_in_background(*lease, release);
        }
        released
    }

    fn release_in_background(&self, lease: Lease, release: Release) {
        let store = Arc::clone(&self.dependencies.store);
        let expires = Instant::now() + self.dependencies.run.lease;
        let pause = self.dependencies.run.heartbeat / 3;
        let attempts = async move {
            while Instant::now() < expires {
                sleep(pause).await;
                if let Ok(()) | Err(StoreError::LeaseLost(_)) = store.release(&lease, &release).await {
                    return;
                }
            }
            warn!("could not release the lease; it expired");
        };
        tokio::spawn(attempts.in_current_span());
    }

    /// Gives up a run that this worker cannot go on with. Another one may, once calls without an answer have ended.
    pub(super) async fn give_back(&self, lease: &Lease, run: &Run, late: Option<Duration>) {
        let release = match late.filter(|late| !late.is_zero()) {
            None => Release::Continue {
                resend: Duration::ZERO,
                late,
            },
            Some(after) => Release::Wait {
                after,
                state: paused(run.state),
                waiting_for: Reason::PreviousWorker,
                error: None,
                pauses_used: run.pauses_used,
                late,
            },
        };
        // A failure is logged there, and nothing more can be done about it here.
        let _ = self.release(lease, release).await;
    }
}

/// The state of a run that pauses: forward or backward.
pub(super) fn paused(state: RunState) -> RunState {
    match state {
        RunState::RollingBack => RunState::RollingBack,
        _ => RunState::Waiting,
    }
}
