//! Errors of the database, told apart by what the saga does about them.

use crate::domain::ids::OnboardingId;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A failed database call. Its text is for logs and never contains values of rows.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is not reachable, locked, deadlocked or too slow: retry.
    #[error("the database is not available while trying to {action}")]
    Unavailable {
        /// What the caller was doing, such as `read a run`.
        action: &'static str,
        /// The driver's error.
        #[source]
        source: Cause,
    },
    /// Another worker has the run, or it ended: stop working on it.
    #[error("the lease of run {0} is lost")]
    LeaseLost(OnboardingId),
    /// A newer version of this program wrote it: leave it to that version.
    #[error("{what} was written by a newer version")]
    Newer {
        /// The value that this version does not know.
        what: String,
    },
    /// Its schema was made by another edition of a script than this program's: not used, and not migrated.
    #[error(
        "the database's schema version {version} is an older one (script hash {}, expected {expected}); nothing was changed: \
         create a new database",
        found.as_deref().unwrap_or("none")
    )]
    OlderSchema {
        /// The number of the script that differs.
        version: u32,
        /// The hash that was recorded with it; `None` in a table from before there were hashes.
        found: Option<String>,
        /// The hash of this program's script.
        expected: String,
    },
    /// The database refused the statement itself (constraint, missing object, the CRM's procedure raised): permanent until
    /// somebody changes the database.
    #[error("the database refused to {action}")]
    Refused {
        /// What the caller was doing, such as `read a run`.
        action: &'static str,
        /// The driver's error.
        #[source]
        source: Cause,
    },
}

impl StoreError {
    /// True if the same call may succeed later although nobody repairs anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
