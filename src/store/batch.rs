//! What is written together.

use uuid::Uuid;

use crate::domain::issue::Issue;
use crate::domain::journal::Entry;
use crate::domain::run::Progress;
use crate::domain::step::Step;

/// One transaction's worth of a run's records. Empty members write nothing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The step the run is at.
    pub step: Option<Step>,
    /// Appended to the journal in this order.
    pub entries: Vec<Entry>,
    /// Inserted, or updated by (run, user GUID).
    pub ledger: Vec<LedgerRow>,
    /// Inserted unless there already (a replayed page).
    pub pool_users_before: Vec<PoolUser>,
    /// Inserted unless there already; at most [`Self::ISSUES_KEPT`] per run are kept.
    pub issues: Vec<Issue>,
    /// How many issues the run has in all.
    pub issues_total: Option<u64>,
    /// Replaces the run's progress.
    pub progress: Option<Progress>,
    /// Something got done: pauses and take-overs are counted from the beginning again.
    pub is_progress: bool,
    /// The run's and the biller's new generation.
    pub generation: Option<u32>,
}

impl Batch {
    /// `OnboardingIssue` rows kept per run: enough for every skipped user of a biller of a million at 10 %.
    pub const ISSUES_KEPT: u64 = 100_000;
}

/// One user in the ledger (`OnboardedUser`): written before its PUT, settled after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The CRM's key.
    pub user_guid: Uuid,
    /// SecureAuth's key, derived.
    pub user_id: Uuid,
    /// Hash (32 hex digits) of what was sent, to see later whether the CRM's row changed.
    pub content_hash: String,
    /// Where it stands.
    pub state: LedgerState,
    /// For a changed user: the JSON of what stood before, to put back. Once written it stays: what a repeated look finds
    /// may be the run's own change. Personal data.
    pub before: Option<String>,
}

/// Where a user of the ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerState {
    /// About to be imported.
    Importing,
    /// Imported.
    Imported,
    /// About to be changed; `before` holds the old values.
    Changing,
    /// Changed.
    Changed,
    /// SecureAuth refused it.
    Refused,
    /// Deleted again, or given its old values back.
    RolledBack,
}

impl LedgerState {
    const ALL: [Self; 6] = [
        Self::Importing,
        Self::Imported,
        Self::Changing,
        Self::Changed,
        Self::Refused,
        Self::RolledBack,
    ];

    /// The word used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Importing => "importing",
            Self::Imported => "imported",
            Self::Changing => "changing",
            Self::Changed => "changed",
            Self::Refused => "refused",
            Self::RolledBack => "rolled_back",
        }
    }

    /// The state of a database word, `None` for a word a newer version wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A user a pool held before the import: one row per identifier; folded as the pool compares identifiers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PoolUser {
    /// SecureAuth's key.
    pub user_id: Uuid,
    /// One identifier, lower-cased where the pool ignores case; empty for a user without identifiers.
    pub identifier: String,
}

impl std::fmt::Debug for PoolUser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PoolUser({})", self.user_id)
    }
}
