//! The host's background tasks. A stop can wait for them; when the host is dropped they end at once.

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

    /// Spawns a part of the host itself, for which a drain does not wait.
    pub(crate) fn spawn_service(&self, service: impl Future<Output = ()> + Send + 'static) {
        let killed = self.killed.clone();
        tokio::spawn(async move {
            killed.run_until_cancelled_owned(service).await;
        });
    }

    /// This token is cancelled when the host takes no new work any more.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Takes no new work, and waits at most `grace` for work that runs.
    pub(crate) async fn drain(&self, grace: Duration) {
        self.stopping.cancel();
        self.tracker.close();
        if tokio::time::timeout(grace, self.tracker.wait()).await.is_err() {
            tracing::warn!(running = self.tracker.len(), "the host stops before all work is done");
        }
    }

    /// Ends everything at its next await point.
    pub(crate) fn kill(&self) {
        self.stopping.cancel();
        self.killed.cancel();
    }
}
