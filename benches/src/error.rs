//! Why a measurement could not be made.

use std::path::PathBuf;
use std::time::Duration;

/// Why the bench ended without a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("{0}")]
    Stack(#[from] local_stack::StackError),
    #[error("the database file: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the simulator for the replay: {0}")]
    Simulator(String),
    #[error("the event of biller {biller} was answered with {status}: {text}")]
    NotAccepted { biller: String, status: u16, text: String },
    #[error("biller {biller} is not active after {deadline:?}; the program's last errors:\n{errors}")]
    NotActive {
        biller: String,
        deadline: Duration,
        errors: String,
    },
    #[error("SecureAuth holds {found} users of biller {biller}, not {expected}")]
    WrongUsers { biller: String, expected: u32, found: u64 },
    #[error("{0} does not run")]
    NoProcess(String),
    #[error("the peer: {0}")]
    Peer(String),
    #[error("the peer is too slow to compare with: it used {used:.2} of its slots at {latency_ms} ms, not {wanted}")]
    SlowPeer { used: f64, latency_ms: u64, wanted: f64 },
}

impl BenchError {
    /// For `map_err`: adds the path to an error of the operating system.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
