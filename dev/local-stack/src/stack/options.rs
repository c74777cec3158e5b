//! Start options of a stack.

use std::path::PathBuf;
use std::time::Duration;

use functions_host::{Executable, TimeConstants};
use secureauth_simulator::Options as SimulatorOptions;

/// Start options of a [`Stack`](crate::Stack). [`StackOptions::new`] has short times and free ports; change single fields.
pub struct StackOptions {
    /// Path of the handler's binary.
    pub handler: PathBuf,
    /// The program that the hosts start; `None`: the handler's binary. The database is set up by the handler all the same.
    pub served_by: Option<Executable>,
    /// The folder with `host.json` and the function folders; by default the repository of this crate.
    pub repository: PathBuf,
    /// Settings of the handler that replace the ones for development, see [`StackOptions::set`].
    pub settings: Vec<(String, String)>,
    /// Start options of the simulator.
    pub simulator: SimulatorOptions,
    /// Number of hosts, at least 1. Each has a handler process; all share one queue and one database.
    pub hosts: usize,
    /// Port of the first host's HTTP API; 0 takes a free one.
    pub port: u16,
    /// Time between two rounds of the timer; `None`: by its schedule.
    pub timer_interval: Option<Duration>,
    /// Pauses and time limits of the hosts.
    pub host_times: TimeConstants,
    /// Where the hosts' queues are.
    pub storage: Storage,
    /// The hosts fail what the real one would silently misread.
    pub strict: bool,
    /// The hosts keep every exchange with the handler.
    pub recorded: bool,
}

/// Where the queues of a stack's hosts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Storage {
    /// In the memory of this program
    #[default]
    Embedded,
    /// In Azurite, which is started on a free port and keeps everything in memory
    Azurite,
}

impl StackOptions {
    /// One host, a timer every 100 ms, free ports, and settings with short times.
    pub fn new(handler: impl Into<PathBuf>) -> Self {
        Self {
            handler: handler.into(),
            served_by: None,
            repository: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")),
            settings: Vec::new(),
            simulator: SimulatorOptions::default(),
            hosts: 1,
            port: 0,
            timer_interval: Some(Duration::from_millis(100)),
            host_times: TimeConstants::fast(),
            storage: Storage::default(),
            strict: true,
            recorded: false,
        }
    }

    /// Adds a setting of the handler; an empty value counts as unset.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// Sets longer times, for tests that count calls or time slices: no call to SecureAuth is given up because it takes
    /// long, and no message is repeated because it is late. A rollback then waits for a minute.
    #[must_use]
    pub fn patient(self) -> Self {
        let deadlines = ["CONNECT", "CRUD", "IMPORT", "TOKEN"].map(|call| format!("SECUREAUTH_{call}_DEADLINE"));
        let patient = deadlines.iter().fold(self, |options, name| options.set(name, "1m"));
        patient
            .set("LEASE", "5m")
            .set("RESEND_FIRST", "5m")
            .set("RESEND_LONGEST", "5m")
    }

    /// Sets where the queues are.
    #[must_use]
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Sets the number of hosts.
    #[must_use]
    pub fn hosts(mut self, hosts: usize) -> Self {
        self.hosts = hosts;
        self
    }
}
