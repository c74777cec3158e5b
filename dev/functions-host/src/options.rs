//! Start options of a host.

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
    /// Variables for host and handler; they replace inherited ones.
    pub env: BTreeMap<String, String>,
    /// What host and handler inherit: everything, or what a program needs to run.
    pub inherited: Inherited,
    /// Program to start instead of the one in `customHandler.description`.
    pub executable: Option<Executable>,
    /// Port of the HTTP API on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Fires every timer at this interval instead of by its schedule.
    pub timer_interval: Option<Duration>,
    /// Strict mode: an answer that the real host would silently misread, or hang on, fails at once and is listed as a
    /// violation.
    pub strict: bool,
    /// Keeps what was sent to the handler and what it answered, byte for byte, for
    /// [`exchanges`](crate::FunctionsHost::exchanges).
    pub recorded: bool,
    /// The keys that callers have to send; `None` asks for no key, as Core Tools do.
    pub keys: Option<Keys>,
    /// All pauses and time limits of the host.
    pub time: TimeConstants,
    /// The queues to work on; two hosts with the same queues compete for messages. `None`: those of the storage account that
    /// the setting `AzureWebJobsStorage` names, and without it embedded queues of its own.
    pub queues: Option<Arc<dyn QueueService>>,
    /// The clock of all times in envelopes, queues and the journal.
    pub clock: Clock,
    /// Seed of ids and jitter. `None` takes one from the operating system and logs it.
    pub seed: Option<u64>,
}

impl HostOptions {
    /// Strict mode, no key checks, production times, a free port.
    pub fn new(app_root: impl Into<PathBuf>) -> Self {
        Self {
            app_root: app_root.into(),
            env: BTreeMap::new(),
            inherited: Inherited::default(),
            executable: None,
            port: 0,
            timer_interval: None,
            strict: true,
            recorded: false,
            keys: None,
            time: TimeConstants::default(),
            queues: None,
            clock: system_clock(),
            seed: None,
        }
    }
}

/// What host and handler inherit from the caller's environment (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inherited {
    /// All variables of the process, and `local.settings.json`, as the real host does.
    #[default]
    Everything,
    /// Only [`machine_variables`](crate::machine_variables), so that no setting in a shell or in that file has an effect.
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

/// The keys that callers send in `x-functions-key` or `?code=` (S11).
#[derive(Clone)]
pub struct Keys {
    /// Key for functions of level `function`.
    pub function: String,
    /// Key for everything, the admin routes included.
    pub master: String,
}

/// All pauses and time limits of the host. The defaults are the real host's (S32).
#[derive(Debug, Clone)]
pub struct TimeConstants {
    /// How long a received message stays hidden.
    pub message_visibility: Duration,
    /// Time between two extensions of that, while the message's function runs.
    pub renewal_interval: Duration,
    /// After this time a message is dropped.
    pub message_time_to_live: Duration,
    /// First pause after an empty receive.
    pub min_polling_interval: Duration,
    /// Replaces `extensions.queues.maxPollingInterval`, the longest pause after an empty receive.
    pub max_polling_interval: Option<Duration>,
    /// Replaces `extensions.queues.visibilityTimeout`: how long a message stays hidden after a failure.
    pub failure_visibility: Option<Duration>,
    /// Replaces `functionTimeout`.
    pub function_timeout: Option<Duration>,
    /// Time between a timed-out invocation and the kill of the handler.
    pub timeout_grace: Duration,
    /// Time between two readiness probes.
    pub probe_interval: Duration,
    /// Replaces `customHandler.initializationTimeout`. An invocation waits four times as long for the handler.
    pub initialization_timeout: Option<Duration>,
    /// A crash of the handler this long after the previous one starts the count anew.
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
    /// For tests: polling, redelivery and probing within milliseconds, and no wait at a stop. Visibility, function timeout,
    /// readiness and restart limits stay the real host's.
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
