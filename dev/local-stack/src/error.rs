//! Errors of starting the stack and of working with it.

use std::path::PathBuf;

use crate::stack::NotReached;

/// Why the stack could not be started, or why a call to it failed.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A file or folder could not be read, written or executed.
    #[error("{path}: {error}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        error: std::io::Error,
    },
    /// The database file could not be opened, read or written.
    #[error("the database file: {0}")]
    Database(#[from] rusqlite::Error),
    /// A subcommand of the handler failed.
    #[error("`biller-onboarding {arguments}` failed ({status}):\n{output}")]
    Handler {
        /// The arguments, separated by blanks.
        arguments: String,
        /// The exit status as text.
        status: String,
        /// What the subcommand wrote to stdout and stderr.
        output: String,
    },
    /// The simulator cannot listen.
    #[error("the SecureAuth simulator cannot listen on {address}: {error}")]
    Simulator {
        /// The address that is not available.
        address: std::net::SocketAddr,
        /// The operating system's error.
        error: std::io::Error,
    },
    /// The simulator refused what it was to hold at first.
    #[error("the SecureAuth simulator: {0}")]
    Seed(#[from] secureauth_simulator::SeedError),
    /// The storage emulator could not be started.
    #[error(transparent)]
    Azurite(#[from] functions_host::AzuriteError),
    /// The stand-in host could not be started.
    #[error("the stand-in host: {0}")]
    Host(#[from] functions_host::StartError),
    /// The handler does not answer the host's probe.
    #[error("{reason}; the handler's last lines:\n{console}")]
    NotReady {
        /// Why the host did not become ready.
        reason: functions_host::NotReady,
        /// The last lines of the handler's console.
        console: String,
    },
    /// A request to the HTTP API failed.
    #[error("the front door: {0}")]
    Http(#[from] reqwest::Error),
    /// What a test or program waited for did not happen in time.
    #[error(transparent)]
    NotReached(#[from] NotReached),
}

impl StackError {
    /// For `map_err`: adds the path to an error of the operating system.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
