//! What the rest of the host can ask and order about the handler process.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::invocation::Failure;

/// Why a host no longer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The host was told to stop.
    Requested,
    /// The handler failed for the third time within the restart window.
    RestartLimit,
    /// The handler did not become ready in the time that an invocation waits for it.
    InitializationTimeout,
}

impl StopReason {
    /// The exit code of the program `functions-host` for this reason.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Requested => 0,
            Self::RestartLimit => 3,
            Self::InitializationTimeout => 4,
        }
    }
}

/// A handler that takes requests.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    /// The number of this start of the handler.
    pub(crate) generation: u32,
    /// A client for this start only, so that no connection outlives its process.
    pub(crate) client: reqwest::Client,
    pub(crate) base_url: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Phase {
    Starting,
    /// The handler takes requests. The phase stays after an exit with code 0: then every invocation fails with a refused
    /// connection.
    Ready(Ready),
    Stopped(StopReason),
}

/// The state of the process, as the supervisor publishes it.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) phase: Phase,
    pub(crate) pid: Option<u32>,
    pub(crate) restarts: u32,
}

pub(crate) enum Command {
    /// Kill and restart the handler without counting it; with a generation only if that start is still the current one.
    Kill(Option<u32>),
    Stop(StopReason),
}

/// A command, and a channel that reports when it is carried out.
pub(crate) type Order = (Command, oneshot::Sender<()>);

#[derive(Clone)]
pub(crate) struct WorkerHandle {
    pub(crate) view: watch::Receiver<View>,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    /// How long an invocation waits for the handler.
    pub(crate) ready_limit: Duration,
}

impl WorkerHandle {
    pub(crate) fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Waits for a handler that takes requests. After the limit the whole host stops (S13).
    pub(crate) async fn ready(&self) -> Result<Ready, Failure> {
        match tokio::time::timeout(self.ready_limit, self.settled()).await {
            Ok(Phase::Ready(ready)) => Ok(ready),
            Ok(_) => Err(Failure::HostStopped),
            Err(_) => {
                tracing::error!("Initialization timed out and host is shutting down");
                self.stop(StopReason::InitializationTimeout).await;
                Err(Failure::InitializationTimeout)
            }
        }
    }

    /// Waits until the handler is ready or the host has stopped.
    pub(crate) async fn settled(&self) -> Phase {
        let mut view = self.view.clone();
        let settled = view.wait_for(|view| !matches!(view.phase, Phase::Starting)).await;
        settled.map_or(Phase::Stopped(StopReason::Requested), |view| view.phase.clone())
    }

    /// Waits for the end of the host.
    pub(crate) async fn stopped(&self) -> StopReason {
        let mut view = self.view.clone();
        match view.wait_for(|view| matches!(view.phase, Phase::Stopped(_))).await {
            Ok(view) => match view.phase {
                Phase::Stopped(reason) => reason,
                Phase::Starting | Phase::Ready(_) => StopReason::Requested,
            },
            Err(_) => StopReason::Requested,
        }
    }

    /// Kills the process of one start, or the one that runs now.
    pub(crate) async fn kill(&self, generation: Option<u32>) {
        self.order(Command::Kill(generation)).await;
    }

    pub(crate) async fn stop(&self, reason: StopReason) {
        self.order(Command::Stop(reason)).await;
    }

    /// Gives an order and waits until it is carried out. Returns at once if the supervisor has ended.
    async fn order(&self, command: Command) {
        let (done, carried_out) = oneshot::channel();
        if self.orders.send((command, done)).is_ok() {
            let _ = carried_out.await;
        }
    }
}
