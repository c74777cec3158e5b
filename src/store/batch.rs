//! What is written together.

use strum::{EnumString, IntoStaticStr, VariantNames};
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
    /// Something got done: pauses start from the beginning again.
    pub resets_pauses: bool,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ledger_states_are_spelled_as_they_are_stored() {
        let stored = ["importing", "imported", "changing", "changed", "refused", "rolled_back"];
        assert_eq!(LedgerState::VARIANTS, stored);
        assert!(
            stored
                .iter()
                .all(|state| state.parse().map(LedgerState::into) == Ok(*state))
        );
    }
}
