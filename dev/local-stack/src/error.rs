//! What can go wrong while the set is started or looked at.

use std::path::PathBuf;

use crate::stack::NotReached;

/// Why the set could not be started, or not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A file or folder of the set.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The database file.
    #[error("the database file: {0}")]
    Database(#[from] rusqlite::Error),
    /// A subcommand of the handler failed.
    #[error("`biller-onboarding {arguments}` failed ({status}):\n{output}")]
    Handler {
        /// Its arguments.
        arguments: String,
        /// How it ended.
        status: String,
        /// What it wrote.
        output: String,
    },
    /// The simulator cannot listen.
    #[error("the SecureAuth simulator cannot listen on {address}: {error}")]
    Simulator {
        /// Where.
        address: std::net::SocketAddr,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// What the simulator should hold at first.
    #[error("the SecureAuth simulator: {0}")]
    Seed(#[from] secureauth_simulator::SeedError),
    /// The stand-in host.
    #[error("the stand-in host: {0}")]
    Host(#[from] functions_host::StartError),
    /// The handler does not answer the host's probe.
    #[error("{reason}; the handler's last lines:\n{console}")]
    NotReady {
        /// What was waited for.
        reason: functions_host::NotReady,
        /// The end of its console.
        console: String,
    },
    /// The front door.
    #[error("the front door: {0}")]
    Http(#[from] reqwest::Error),
    /// Something did not happen in time.
    #[error(transparent)]
    NotReached(#[from] NotReached),
}

impl StackError {
    /// For `map_err` where a path is at hand.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
