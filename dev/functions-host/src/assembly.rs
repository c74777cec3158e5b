//! Builds all parts of a host and starts its loops.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::activity::Activity;
use crate::clock::{ClockAndRandom, random_seed};
use crate::config::{AppConfig, Function, QueueSettings, QueueTrigger, Trigger};
use crate::front_door::FrontDoor;
use crate::invocation::{Invoker, InvokerSettings, OutputBinder};
use crate::journal::Journal;
use crate::options::{HostOptions, TimeConstants};
use crate::queue::{MessageProcessor, QueueGateway, QueueListener, QueueService};
use crate::tasks::Tasks;
use crate::timer::{Timer, TimerListener};
use crate::worker::{Console, HandlerPort, Launch, Supervisor, SupervisorSettings, WorkerHandle};

/// The HTTP client waits for the handler this much longer than the function timeout
/// (docs/reference/functions-host.md#timeouts).
const REQUEST_TIMEOUT_MARGIN: Duration = Duration::from_mins(1);

/// The parts of a running host that it needs until it stops.
pub(crate) struct RunningHost {
    pub(crate) worker: WorkerHandle,
    pub(crate) console: Console,
    pub(crate) invoker: Arc<Invoker>,
    pub(crate) gateway: Arc<QueueGateway>,
    pub(crate) tasks: Tasks,
}

/// Starts everything in the background.
pub(crate) fn start(
    config: &AppConfig,
    options: HostOptions,
    queues: Arc<dyn QueueService>,
    listener: TcpListener,
) -> io::Result<RunningHost> {
    let seed = options.seed.unwrap_or_else(random_seed);
    tracing::info!(seed, root = %config.root.display(), functions = config.functions.len(), "host starts");
    let clock = ClockAndRandom::new(Arc::clone(&options.clock), seed);
    let tasks = Tasks::default();
    let function_timeout = options.time.function_timeout.or(config.host.function_timeout);
    let console = Console::new(config.host.handler.stderr_is_for_errors_only);
    let supervisor_settings = supervisor_settings(config, &options, function_timeout)?;
    let (supervisor, worker) = Supervisor::new(supervisor_settings, console.clone(), clock.clone());

    let gateway = Arc::new(QueueGateway::new(
        queues,
        config.host.queues.encoding,
        options.time.message_time_to_live,
    ));
    let invoker = Arc::new(Invoker {
        worker: worker.clone(),
        binder: OutputBinder {
            gateway: Arc::clone(&gateway),
            strict: options.strict,
        },
        journal: Journal::default(),
        activity: Activity::default(),
        clock: clock.clone(),
        settings: InvokerSettings {
            function_timeout,
            timeout_grace: options.time.timeout_grace,
            strict: options.strict,
            recorded: options.recorded,
        },
    });
    let running = RunningHost {
        worker,
        console,
        invoker,
        gateway,
        tasks,
    };

    let timers = start_timers(config, &running, &clock, options.timer_interval);
    start_queue_listeners(config, &running, &clock, &options.time);
    if !config.functions.is_empty() {
        start_supervisor(supervisor, &running.tasks);
    }
    let door = FrontDoor::new(
        config,
        Arc::clone(&running.invoker),
        timers,
        options.keys,
        running.tasks.clone(),
        clock,
    );
    start_front_door(door, listener, &running.tasks);
    Ok(running)
}

fn supervisor_settings(
    config: &AppConfig,
    options: &HostOptions,
    function_timeout: Option<Duration>,
) -> io::Result<SupervisorSettings> {
    let handler = &config.host.handler;
    Ok(SupervisorSettings {
        launch: Launch::new(
            &config.root,
            config.environment.clone(),
            handler,
            options.executable.clone(),
        ),
        port: HandlerPort::reserve(handler.port)?,
        probe_interval: options.time.probe_interval,
        initialization_timeout: options
            .time
            .initialization_timeout
            .unwrap_or(handler.initialization_timeout),
        request_timeout: function_timeout.map(|timeout| timeout + REQUEST_TIMEOUT_MARGIN),
        restart_window: options.time.restart_window,
    })
}

fn start_timers(
    config: &AppConfig,
    running: &RunningHost,
    clock: &ClockAndRandom,
    interval: Option<Duration>,
) -> Vec<Arc<Timer>> {
    let timers: Vec<_> = config
        .functions
        .iter()
        .filter(|function| matches!(function.trigger, Trigger::Timer(_)))
        .map(|function| Timer::new(Arc::clone(function), Arc::clone(&running.invoker), clock.clone()))
        .map(Arc::new)
        .collect();
    for timer in &timers {
        let listener = TimerListener {
            timer: Arc::clone(timer),
            interval,
            tasks: running.tasks.clone(),
        };
        running.tasks.spawn(listener.run());
    }
    timers
}

fn start_queue_listeners(config: &AppConfig, running: &RunningHost, clock: &ClockAndRandom, time: &TimeConstants) {
    let mut settings = config.host.queues.clone();
    if let Some(interval) = time.max_polling_interval {
        settings.max_polling_interval = interval;
    }
    if let Some(visibility) = time.failure_visibility {
        settings.visibility_timeout = visibility;
    }
    for function in &config.functions {
        if let Trigger::Queue(trigger) = &function.trigger {
            let listener = QueueListener {
                processor: Arc::new(processor(function, trigger, running, &settings, time)),
                gateway: Arc::clone(&running.gateway),
                settings: settings.clone(),
                min_polling_interval: time.min_polling_interval,
                message_visibility: time.message_visibility,
                tasks: running.tasks.clone(),
                clock: clock.clone(),
            };
            running.tasks.spawn(listener.run());
        }
    }
}

fn processor(
    function: &Arc<Function>,
    trigger: &QueueTrigger,
    running: &RunningHost,
    settings: &QueueSettings,
    time: &TimeConstants,
) -> MessageProcessor {
    MessageProcessor {
        function: Arc::clone(function),
        queue: trigger.queue.clone(),
        invoker: Arc::clone(&running.invoker),
        gateway: Arc::clone(&running.gateway),
        settings: settings.clone(),
        message_visibility: time.message_visibility,
        renewal_interval: time.renewal_interval,
    }
}

/// Starts the supervisor. A drain does not end it, because it is stopped only after the work is done.
fn start_supervisor(supervisor: Supervisor, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn_service(async move {
        let reason = supervisor.run().await;
        tracing::info!(?reason, "host stopped");
        stopping.cancel();
    });
}

fn start_front_door(door: FrontDoor, listener: TcpListener, tasks: &Tasks) {
    let stopping = tasks.stopping();
    let server = axum::serve(listener, door.router()).with_graceful_shutdown(stopping.cancelled_owned());
    tasks.spawn_service(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the host no longer accepts requests");
        }
    });
}
