//! Keeps one handler process running by the host's rules.

use std::io;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::command::Launch;
use super::console::{Console, ConsoleStream};
use super::handle::{Command, Order, Phase, Ready, StopReason, View, WorkerHandle};
use super::port::HandlerPort;
use super::probe::is_ready;
use super::restart_policy::{RestartPolicy, Verdict};
use crate::clock::ClockAndRandom;

/// Longest wait for the last console output of a dead process.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) struct SupervisorSettings {
    pub(crate) launch: Launch,
    pub(crate) port: HandlerPort,
    pub(crate) probe_interval: Duration,
    pub(crate) initialization_timeout: Duration,
    /// Limit of one request to the handler; `None`: unlimited.
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) restart_window: Duration,
}

pub(crate) struct Supervisor {
    settings: SupervisorSettings,
    console: Console,
    clock: ClockAndRandom,
    policy: RestartPolicy,
    generation: u32,
    view: watch::Sender<View>,
    orders: mpsc::UnboundedReceiver<Order>,
}

/// What follows the end of one process.
enum End {
    /// Start the next one.
    Again,
    /// After exit code 0, start none until an order says so.
    LeftDown,
    Stop(StopReason, Option<oneshot::Sender<()>>),
}

impl Supervisor {
    /// A supervisor, and the handle to it. An invocation waits four times the initialization timeout for the handler.
    pub(crate) fn new(settings: SupervisorSettings, console: Console, clock: ClockAndRandom) -> (Self, WorkerHandle) {
        let (sender, receiver) = watch::channel(View {
            phase: Phase::Starting,
            pid: None,
            restarts: 0,
        });
        let (orders, inbox) = mpsc::unbounded_channel();
        let handle = WorkerHandle {
            view: receiver,
            orders,
            ready_limit: settings.initialization_timeout * 4,
        };
        let supervisor = Self {
            policy: RestartPolicy::new(settings.restart_window),
            settings,
            console,
            clock,
            generation: 0,
            view: sender,
            orders: inbox,
        };
        (supervisor, handle)
    }

    /// Runs until the host stops.
    pub(crate) async fn run(mut self) -> StopReason {
        loop {
            let mut end = match self.launch() {
                Ok((child, ready)) => self.attend(child, ready).await,
                Err(error) => {
                    // The real host raises no event for this, so nothing starts the handler again
                    // (docs/reference/functions-host.md#process-start).
                    tracing::error!(%error, "the handler cannot be started");
                    self.stay_down().await
                }
            };
            if matches!(end, End::LeftDown) {
                end = self.stay_down().await;
            }
            if let End::Stop(reason, done) = end {
                self.view.send_modify(|view| view.phase = Phase::Stopped(reason));
                drop(done);
                return reason;
            }
            self.view.send_modify(|view| {
                view.phase = Phase::Starting;
                view.restarts += 1;
            });
        }
    }

    fn launch(&mut self) -> io::Result<(Child, Ready)> {
        self.generation += 1;
        let mut client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .no_deflate()
            .no_brotli()
            .no_zstd()
            .http1_only();
        if let Some(timeout) = self.settings.request_timeout {
            client = client.timeout(timeout);
        }
        let ready = Ready {
            generation: self.generation,
            client: client.build().map_err(io::Error::other)?,
            base_url: self.settings.port.base_url(),
        };
        let port = self.settings.port.number();
        let child = self.settings.launch.command(port, self.clock.uuid()).spawn()?;
        let pid = child.id();
        tracing::info!(pid, port, "handler started");
        self.view.send_modify(|view| view.pid = pid);
        Ok((child, ready))
    }

    /// Watches one process from its start to its end.
    async fn attend(&mut self, mut child: Child, ready: Ready) -> End {
        let mut consoles = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            consoles.spawn(self.console.clone().capture(ConsoleStream::Stdout, stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            consoles.spawn(self.console.clone().capture(ConsoleStream::Stderr, stderr));
        }
        let end = self.watch(&mut child, ready).await;
        // After an exit with code 0 the host goes on sending requests, although nobody listens.
        let stays_ready = matches!(&end, Watched::Exited(Ok(status)) if status.success());
        self.publish_end(stays_ready);
        // The wait has a limit, because a grandchild may hold the pipes open.
        let _ = tokio::time::timeout(LAST_WORDS, async { while consoles.join_next().await.is_some() {} }).await;
        match end {
            Watched::Ended(end) => end,
            Watched::Exited(status) => self.after_exit(status),
        }
    }

    async fn watch(&mut self, child: &mut Child, ready: Ready) -> Watched {
        let (client, url) = (ready.client.clone(), ready.base_url.clone());
        let (interval, limit) = (self.settings.probe_interval, self.settings.initialization_timeout);
        let mut probe = pin!(is_ready(&client, &url, interval, limit));
        let (mut probing, mut running) = (true, true);
        loop {
            tokio::select! {
                status = child.wait(), if running => match status {
                    // The real host raises no event for an exit with code 0. Before the first answer the probe notices it.
                    Ok(status) if status.success() && probing => {
                        running = false;
                        self.view.send_modify(|view| view.pid = None);
                    }
                    status => return Watched::Exited(status),
                },
                answered = &mut probe, if probing => {
                    probing = false;
                    if answered {
                        self.view.send_modify(|view| view.phase = Phase::Ready(ready.clone()));
                        continue;
                    }
                    tracing::error!("Initializing HttpWorker timed out.");
                    kill(child).await;
                    return Watched::Ended(self.after_error());
                }
                order = self.orders.recv() => match order {
                    Some((Command::Kill(generation), done)) => {
                        // An order for an earlier process is carried out already: that process has ended.
                        if generation.is_none_or(|generation| generation == self.generation) {
                            kill(child).await;
                            self.publish_end(false);
                            drop(done);
                            return Watched::Ended(End::Again);
                        }
                    }
                    Some((Command::Stop(reason), done)) => {
                        kill(child).await;
                        return Watched::Ended(End::Stop(reason, Some(done)));
                    }
                    None => {
                        kill(child).await;
                        return Watched::Ended(End::Stop(StopReason::Requested, None));
                    }
                },
            }
        }
    }

    fn publish_end(&self, stays_ready: bool) {
        self.view.send_modify(|view| {
            view.pid = None;
            if !stays_ready {
                view.phase = Phase::Starting;
            }
        });
    }

    fn after_exit(&mut self, status: io::Result<ExitStatus>) -> End {
        let status = match status {
            Ok(status) => status,
            Err(error) => {
                tracing::error!(%error, "the handler cannot be watched");
                return self.after_error();
            }
        };
        let report = self.console.take_crash_report();
        tracing::warn!(%status, stderr = report, "handler exited");
        let verdict = self.policy.on_exit(status, Instant::now());
        Self::follow(verdict)
    }

    fn after_error(&mut self) -> End {
        Self::follow(self.policy.on_error(Instant::now()))
    }

    fn follow(verdict: Verdict) -> End {
        match verdict {
            Verdict::LeaveDown => End::LeftDown,
            Verdict::Restart => End::Again,
            Verdict::StopHost => {
                tracing::error!("Exceeded http worker restart retry count. Shutting down Functions Host");
                End::Stop(StopReason::RestartLimit, None)
            }
        }
    }

    /// Waits, without a process, for an order.
    async fn stay_down(&mut self) -> End {
        loop {
            match self.orders.recv().await {
                Some((Command::Kill(Some(generation)), _)) if generation == self.generation => return End::Again,
                Some((Command::Kill(_), _)) => {}
                Some((Command::Stop(reason), done)) => return End::Stop(reason, Some(done)),
                None => return End::Stop(StopReason::Requested, None),
            }
        }
    }
}

enum Watched {
    Exited(io::Result<ExitStatus>),
    Ended(End),
}

/// Sends SIGKILL and waits for the end of the process.
async fn kill(child: &mut Child) {
    if child.id().is_none() {
        return;
    }
    if let Err(error) = child.kill().await {
        tracing::warn!(%error, "the handler cannot be killed");
    }
}
