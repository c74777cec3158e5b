//! What a worker writes about a run in one transaction.

use strum::{EnumString, IntoStaticStr, VariantNames};
use uuid::Uuid;

use crate::domain::issue::Issue;
use crate::domain::journal::Entry;
use crate::domain::run::Progress;
use crate::domain::step::Step;

/// Records of a run that are written in one transaction. Empty members change nothing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The step the run is at.
    pub step: Option<Step>,
    /// Appended to the journal in this order.
    pub entries: Vec<Entry>,
    /// Ledger rows. A row replaces the run's row with the same user GUID.
    pub ledger: Vec<LedgerRow>,
    /// Inserted unless they exist already, as they do when a page is read again.
    pub pool_users_before: Vec<PoolUser>,
    /// Inserted unless they exist already; at most [`Self::ISSUES_KEPT`] per run are kept.
    pub issues: Vec<Issue>,
    /// How many issues the run has in all.
    pub issues_total: Option<u64>,
    /// Replaces the run's progress.
    pub progress: Option<Progress>,
    /// The run made progress: its pauses and take-overs are counted anew.
    pub is_progress: bool,
    /// The new generation of the run and its biller.
    pub generation: Option<u32>,
}

impl Batch {
    /// Most `OnboardingIssue` rows per run: enough for one issue of every skipped user, with a million users and 10 %
    /// skipped.
    pub const ISSUES_KEPT: u64 = 100_000;
}

/// One user in the ledger (`OnboardedUser`): written before the call that imports or changes the user, updated after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The user's GUID in the CRM.
    pub user_guid: Uuid,
    /// The user's id in SecureAuth (docs/ARCHITECTURE.md#ids).
    pub user_id: Uuid,
    /// Hash (32 hex digits) of what was sent, to see later whether the CRM's row changed.
    pub content_hash: String,
    /// What has happened to the user so far.
    pub state: LedgerState,
    /// For a changed user: its earlier values as JSON, for a rollback. They are never overwritten, because a repeated look
    /// may find the run's own change. Personal data.
    pub before: Option<String>,
}

/// What has happened to a user of the ledger so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum LedgerState {
    /// About to be imported.
    Importing,
    /// The import was answered, or a look showed the user in the pool.
    Imported,
    /// About to be changed; `before` holds the earlier values.
    Changing,
    /// The change was answered, or a look showed the new values.
    Changed,
    /// SecureAuth refused it.
    Refused,
    /// Rolled back: deleted again, or set to its earlier values.
    RolledBack,
}

/// A user that a found pool held before the import; one value for each identifier of the user.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PoolUser {
    /// The user's id in SecureAuth.
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
