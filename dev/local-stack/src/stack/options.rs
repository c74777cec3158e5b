//! How a set is started.

use std::path::PathBuf;
use std::time::Duration;

use functions_host::{Framing, TimeConstants};
use secureauth_simulator::Options as SimulatorOptions;

/// Start options of a [`Stack`](crate::Stack). [`StackOptions::new`] is fast and takes free ports; change single fields.
pub struct StackOptions {
    /// The handler's binary.
    pub handler: PathBuf,
    /// Where `host.json` and the function folders are; by default the repository this crate stands in.
    pub repository: PathBuf,
    /// Settings of the handler over the ones for development, see [`StackOptions::set`].
    pub settings: Vec<(String, String)>,
    /// The simulator.
    pub simulator: SimulatorOptions,
    /// Hosts, each with a handler process, that share one queue and one database; at least 1.
    pub hosts: usize,
    /// Port of the first host's front door; 0 takes a free one.
    pub port: u16,
    /// Fires the timer after each such pause; `None`: by its schedule.
    pub timer_interval: Option<Duration>,
    /// How the hosts send request bodies.
    pub framing: Framing,
    /// The hosts' periods.
    pub host_times: TimeConstants,
}

impl StackOptions {
    /// One host, a timer every 100 ms, free ports, chunked requests, and settings that make everything quick.
    pub fn new(handler: impl Into<PathBuf>) -> Self {
        Self {
            handler: handler.into(),
            repository: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")),
            settings: Vec::new(),
            simulator: SimulatorOptions::default(),
            hosts: 1,
            port: 0,
            timer_interval: Some(Duration::from_millis(100)),
            framing: Framing::default(),
            host_times: TimeConstants::fast(),
        }
    }

    /// Sets a setting of the handler; an empty value counts as unset.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// No call to SecureAuth is given up because it takes long, and no message is repeated because it is late: for what
    /// counts calls or slices. A rollback would wait for a minute.
    #[must_use]
    pub fn patient(self) -> Self {
        let deadlines = ["CONNECT", "CRUD", "IMPORT", "TOKEN"].map(|call| format!("SECUREAUTH_{call}_DEADLINE"));
        let patient = deadlines.iter().fold(self, |options, name| options.set(name, "1m"));
        patient
            .set("LEASE", "5m")
            .set("RESEND_FIRST", "5m")
            .set("RESEND_LONGEST", "5m")
    }

    /// So many hosts.
    #[must_use]
    pub fn hosts(mut self, hosts: usize) -> Self {
        self.hosts = hosts;
        self
    }
}
