//! The host's background tasks: counted so that a stop can wait for them, and ended at once when the host is dropped.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[derive(Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stopping: CancellationToken,
    killed: CancellationToken,
}

impl Tasks {
    /// Spawns work that goes on until it is done or the host is dropped.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let killed = self.killed.clone();
        self.tracker.spawn(async move {
            killed.run_until_cancelled_owned(work).await;
        });
    }

    /// Spawns a part of the host itself: a drain does not wait for it.
    pub(crate) fn spawn_service(&self, service: impl Future<Output = ()> + Send + 'static) {
        let killed = self.killed.clone();
        tokio::spawn(async move {
            killed.run_until_cancelled_owned(service).await;
        });
    }

    /// Cancelled when no new work is to be taken on.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Takes on no new work and waits for what runs, at most for `grace`.
    pub(crate) async fn drain(&self, grace: Duration) {
        self.stopping.cancel();
        self.tracker.close();
        if tokio::time::timeout(grace, self.tracker.wait()).await.is_err() {
            tracing::warn!(running = self.tracker.len(), "work is cut off by the stop of the host");
        }
    }

    /// Ends everything at its next await point.
    pub(crate) fn kill(&self) {
        self.stopping.cancel();
        self.killed.cancel();
    }
}
