//! What a host is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, system_clock};
use crate::queue::QueueService;

/// Start options of a [`FunctionsHost`](crate::FunctionsHost). [`HostOptions::new`] gives the real host's behaviour;
/// change single fields.
#[derive(Clone)]
pub struct HostOptions {
    /// Folder of `host.json` and the function folders.
    pub app_root: PathBuf,
    /// Variables for host and handler, over what is inherited.
    pub env: BTreeMap<String, String>,
    /// Settings host and handler take over from their surroundings.
    pub inherited: Inherited,
    /// Started instead of `customHandler.description`.
    pub executable: Option<Executable>,
    /// Front door port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Fires every timer after each such pause instead of by its schedule.
    pub timer_interval: Option<Duration>,
    /// Fails at once, and lists as violation, what the real host lets pass silently or hangs on.
    pub strict: bool,
    /// How request bodies go to the handler.
    pub framing: Framing,
    /// Sets the sampled flag of traces the host starts; recorded requests do not have it.
    pub sampled: bool,
    /// Checks function keys; off as with Core Tools.
    pub keys: Option<Keys>,
    /// Sends SIGTERM before the SIGKILL of a stop and waits so long for the handler; the real host never does.
    pub terminate_first: Option<Duration>,
    /// Every period the host works with.
    pub time: TimeConstants,
    /// Queues to work on; give two hosts the same to let them compete. `None`: embedded ones of its own.
    pub queues: Option<Arc<dyn QueueService>>,
    /// Wall clock for everything that is written down.
    pub clock: Clock,
    /// Seed of ids and jitter. `None` takes one from the operating system and logs it.
    pub seed: Option<u64>,
}

impl HostOptions {
    /// Strict mode, chunked requests, no key checks, production times, a free port.
    pub fn new(app_root: impl Into<PathBuf>) -> Self {
        Self {
            app_root: app_root.into(),
            env: BTreeMap::new(),
            inherited: Inherited::default(),
            executable: None,
            port: 0,
            timer_interval: None,
            strict: true,
            framing: Framing::default(),
            sampled: false,
            keys: None,
            terminate_first: None,
            time: TimeConstants::default(),
            queues: None,
            clock: system_clock(),
            seed: None,
        }
    }
}

/// What a host takes over from its surroundings (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inherited {
    /// The environment of its process and `local.settings.json`, as the real host does.
    #[default]
    Everything,
    /// Only [`machine_variables`](crate::machine_variables): no setting somebody happens to have in a shell or in that file.
    Machine,
}

/// A handler program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executable {
    /// Path of the binary.
    pub path: PathBuf,
    /// Arguments, passed as they are.
    pub arguments: Vec<String>,
}

/// How a request body is delimited (S15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// `Transfer-Encoding: chunked`, as in Azure.
    #[default]
    Chunked,
    /// `Content-Length`, as under Core Tools.
    ContentLength,
}

/// Keys the front door accepts in `x-functions-key` or `?code=` (S11).
#[derive(Clone)]
pub struct Keys {
    /// Opens functions of level `function`.
    pub function: String,
    /// Opens everything, the admin routes included.
    pub master: String,
}

/// Every period of the host; the defaults are the real host's (S32).
#[derive(Debug, Clone)]
pub struct TimeConstants {
    /// How long a received message stays hidden.
    pub message_visibility: Duration,
    /// Between two extensions of that while its function runs.
    pub renewal_interval: Duration,
    /// Life of a message.
    pub message_time_to_live: Duration,
    /// First pause after an empty receive.
    pub min_polling_interval: Duration,
    /// Instead of `extensions.queues.maxPollingInterval`.
    pub max_polling_interval: Option<Duration>,
    /// Instead of `extensions.queues.visibilityTimeout`: how long a failed message stays away.
    pub failure_visibility: Option<Duration>,
    /// Instead of `functionTimeout`.
    pub function_timeout: Option<Duration>,
    /// Between a timed-out invocation and the kill of the handler.
    pub timeout_grace: Duration,
    /// Between two readiness probes.
    pub probe_interval: Duration,
    /// Instead of `customHandler.initializationTimeout`. An invocation waits four times as long for the handler.
    pub initialization_timeout: Option<Duration>,
    /// Crashes of the handler further apart than this do not add up.
    pub restart_window: Duration,
    /// How long a stop waits for running invocations.
    pub stop_grace: Duration,
}

impl Default for TimeConstants {
    fn default() -> Self {
        Self {
            message_visibility: Duration::from_mins(10),
            renewal_interval: Duration::from_mins(5),
            message_time_to_live: Duration::from_hours(168),
            min_polling_interval: Duration::from_millis(100),
            max_polling_interval: None,
            failure_visibility: None,
            function_timeout: None,
            timeout_grace: Duration::from_secs(2),
            probe_interval: Duration::from_millis(25),
            initialization_timeout: None,
            restart_window: Duration::from_mins(30),
            stop_grace: Duration::from_secs(10),
        }
    }
}

impl TimeConstants {
    /// For tests: polling, redelivery and probing within milliseconds, no wait at a stop. Visibility, function timeout,
    /// readiness and restart limits stay as they are.
    pub fn fast() -> Self {
        Self {
            min_polling_interval: Duration::from_millis(5),
            max_polling_interval: Some(Duration::from_millis(50)),
            failure_visibility: Some(Duration::from_millis(20)),
            timeout_grace: Duration::ZERO,
            probe_interval: Duration::from_millis(5),
            stop_grace: Duration::ZERO,
            ..Self::default()
        }
    }
}
