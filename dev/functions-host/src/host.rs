//! The running host, and what tests can ask it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::activity::Activity;
use crate::assembly::{self, RunningHost};
use crate::config::{AppConfig, ConfigError, Trigger};
use crate::journal::{HandlerExchange, Invocation, UserLog};
use crate::options::HostOptions;
use crate::queue::{self, QueueError, QueueHandle, StorageError};
use crate::worker::{ConsoleLine, Phase, StopReason};

/// Pause between two looks at the queues, on which other hosts may work too, or at the console.
const LOOK: Duration = Duration::from_millis(5);
/// Number of console lines shown in an error about the console.
const SHOWN_LINES: usize = 10;

/// A running stand-in host with its handler process. Dropping it kills the handler (SIGKILL) and ends all work.
pub struct FunctionsHost {
    address: SocketAddr,
    running: RunningHost,
    trigger_queues: Vec<String>,
    stop_grace: Duration,
}

/// Why a host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `host.json`, a `function.json` or `local.settings.json` cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The port of the HTTP API is taken, or the system refuses it.
    #[error("cannot listen on {address}: {error}")]
    Port {
        /// The address that is not available.
        address: SocketAddr,
        /// The operating system's error.
        error: io::Error,
    },
    /// The storage account cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system refuses something else that the host needs: a port for the handler, or signal handlers.
    #[error("the system refuses the handler's port or a signal handler: {0}")]
    System(#[from] io::Error),
}

/// The host did not become idle in time.
#[derive(Debug, thiserror::Error)]
pub enum NotIdle {
    /// There was work until the time limit.
    #[error("not idle after {deadline:?}: {running} invocations running, messages left: {messages:?}")]
    Busy {
        /// The time limit that was reached.
        deadline: Duration,
        /// Number of invocations that still run.
        running: usize,
        /// Trigger queues that are not empty, with their number of messages.
        messages: Vec<(String, usize)>,
    },
    /// The queues could not be asked.
    #[error(transparent)]
    Queues(#[from] QueueError),
}

/// The handler's console did not show the expected lines in time.
#[derive(Debug, thiserror::Error)]
#[error("after {deadline:?} the console does not show the expected lines; its last lines:\n{last_lines}")]
pub struct NotPrinted {
    /// The time limit that was reached.
    pub deadline: Duration,
    /// The last lines of the console.
    pub last_lines: String,
}

/// The handler did not become ready within this time.
#[derive(Debug, thiserror::Error)]
#[error("the handler is not ready after {0:?}, or the host has stopped")]
pub struct NotReady(pub Duration);

impl FunctionsHost {
    /// Reads the app, binds the port of the HTTP API and starts the handler in the background. Requests wait until the
    /// handler is ready.
    pub async fn start(options: HostOptions) -> Result<Self, StartError> {
        let config = AppConfig::load(&options.app_root, options.inherited, &options.env)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| StartError::Port { address, error })?;
        let address = listener.local_addr()?;
        let stop_grace = options.time.stop_grace;
        let trigger_queues = config
            .functions
            .iter()
            .filter_map(|function| match &function.trigger {
                Trigger::Queue(trigger) => Some(trigger.queue.clone()),
                Trigger::Http(_) | Trigger::Timer(_) => None,
            })
            .collect();
        let queues = queue::select(options.queues.clone(), &config.environment)?;
        let running = assembly::start(&config, options, queues, listener)?;
        Ok(Self {
            address,
            running,
            trigger_queues,
            stop_grace,
        })
    }

    /// URL of the HTTP API: `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the handler has answered its first probe.
    pub async fn wait_until_ready(&self, deadline: Duration) -> Result<(), NotReady> {
        match tokio::time::timeout(deadline, self.running.worker.settled()).await {
            Ok(Phase::Ready(_)) => Ok(()),
            _ => Err(NotReady(deadline)),
        }
    }

    /// Waits until nothing runs and every queue with a trigger is empty, invisible messages included. Poison queues do
    /// not count.
    pub async fn wait_until_idle(&self, deadline: Duration) -> Result<(), NotIdle> {
        let end = Instant::now() + deadline;
        loop {
            let before = self.activity().counters();
            let messages = self.messages_left().await?;
            let unchanged = before == self.activity().counters();
            if before.running == 0 && unchanged && messages.is_empty() {
                return Ok(());
            }
            if Instant::now() >= end {
                return Err(NotIdle::Busy {
                    deadline,
                    running: before.running,
                    messages,
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Finished invocations, oldest first.
    pub fn invocations(&self) -> Vec<Invocation> {
        self.running.invoker.journal.invocations()
    }

    /// What was sent to the handler and what it answered, oldest first; empty unless the options ask for it.
    pub fn exchanges(&self) -> Vec<HandlerExchange> {
        self.running.invoker.journal.exchanges()
    }

    /// `Logs` of all envelopes, oldest first.
    pub fn user_logs(&self) -> Vec<UserLog> {
        self.running.invoker.journal.user_logs()
    }

    /// What strict mode reported; each of these failed one invocation.
    pub fn violations(&self) -> Vec<String> {
        self.running.invoker.journal.violations()
    }

    /// Lines of the handler's stdout and stderr, over all restarts.
    pub fn console_lines(&self) -> Vec<ConsoleLine> {
        self.running.console.lines()
    }

    /// Waits until the condition holds for the lines of the console, and returns them. Without waiting, a line that the
    /// handler wrote before its answer may be missing, because the host reads console and answers independently.
    pub async fn wait_for_console(
        &self,
        deadline: Duration,
        holds: impl Fn(&[ConsoleLine]) -> bool,
    ) -> Result<Vec<ConsoleLine>, NotPrinted> {
        let end = Instant::now() + deadline;
        loop {
            let lines = self.console_lines();
            if holds(&lines) {
                return Ok(lines);
            }
            if Instant::now() >= end {
                let last = lines.split_at(lines.len().saturating_sub(SHOWN_LINES)).1;
                let last: Vec<_> = last.iter().map(|line| line.text.as_str()).collect();
                return Err(NotPrinted {
                    deadline,
                    last_lines: last.join("\n"),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A queue by its name; it need not exist yet.
    pub fn queue(&self, name: &str) -> QueueHandle {
        QueueHandle::new(name, Arc::clone(&self.running.gateway))
    }

    /// Process id of the handler; `None` while there is no process.
    pub fn handler_pid(&self) -> Option<u32> {
        self.running.worker.view().pid
    }

    /// How often the handler was started again.
    pub fn restarts(&self) -> u32 {
        self.running.worker.view().restarts
    }

    /// Kills the handler (SIGKILL) and waits for its end; the host starts it again. The host does not count it as a
    /// crash, so a test may do it any number of times.
    pub async fn kill_handler(&self) {
        self.running.worker.kill(None).await;
    }

    /// Waits until the host has stopped by itself or by [`stop`](Self::stop).
    pub async fn stopped(&self) -> StopReason {
        self.running.worker.stopped().await
    }

    /// Stops as the real host does: it takes no new work, waits up to the stop grace for what runs, and kills the handler
    /// (SIGKILL). What the host recorded can still be read.
    pub async fn stop(&self) {
        self.running.tasks.drain(self.stop_grace).await;
        self.running.worker.stop(StopReason::Requested).await;
        self.running.tasks.kill();
    }

    /// Trigger queues that are not empty, with their number of messages.
    async fn messages_left(&self) -> Result<Vec<(String, usize)>, QueueError> {
        let mut left = Vec::new();
        for queue in &self.trigger_queues {
            let messages = self.running.gateway.service().count(queue).await?;
            if messages > 0 {
                left.push((queue.clone(), messages));
            }
        }
        Ok(left)
    }

    fn activity(&self) -> &Activity {
        &self.running.invoker.activity
    }
}

impl Drop for FunctionsHost {
    fn drop(&mut self) {
        self.running.tasks.kill();
    }
}
