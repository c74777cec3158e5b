//! What a worker writes about a run in one transaction.

use super::account::{AccountChanges, Cursor, NewPool, PoolNo, PoolUser};
use crate::domain::issue::Issue;
use crate::domain::journal::Entry;
use crate::domain::listing::Listing;
use crate::domain::reason::Reason;
use crate::domain::run::Progress;
use crate::domain::run_error::RunError;
use crate::domain::step::Step;
use crate::domain::tally::Tally;

/// Records of a run that are written in one transaction. Empty members change nothing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The step the run is at.
    pub step: Option<Step>,
    /// Appended to the journal in this order.
    pub entries: Vec<Entry>,
    /// The pool that the run begins to use.
    pub pool: Option<NewPool>,
    /// A pool's number of users, now that the run has verified them; `None` within: not known until then.
    pub users_at_end: Option<(PoolNo, Option<u64>)>,
    /// Changes of accounts.
    pub accounts: Option<AccountChanges>,
    /// Where the run's cursor is put.
    pub cursor: Option<Cursor>,
    /// Inserted unless they exist already, as they do when a page is read again.
    pub pool_users_before: Vec<PoolUser>,
    /// Inserted unless they exist already; at most [`Self::ISSUES_KEPT`] per run are kept. The run's total becomes the number of
    /// its rows.
    pub issues: Vec<Issue>,
    /// How many issues were found in all. Counts only with more of `issues` than are kept, where rows cannot tell.
    pub issues_total: Option<u64>,
    /// Replaces the run's progress.
    pub progress: Option<Progress>,
    /// Replaces the run's tally.
    pub tally: Option<Tally>,
    /// How far the list of the pool's users is recorded.
    pub listing: Option<Listing>,
    /// What the run failed with. It becomes the run's last error, and its first cause if it has none, or if it begins the rollback.
    pub error: Option<Box<RunError>>,
    /// The run uses up what `allow-leavers` allows its biller.
    pub allowance_used: bool,
    /// The run made progress: its pauses and take-overs are counted anew, and unless it rolls back its first cause is past.
    pub is_progress: bool,
    /// The run rolls back from now on, for this reason. When the rollback begins, its take-overs are counted anew.
    pub rolls_back: Option<Reason>,
    /// The new generation of the run and its biller.
    pub generation: Option<u32>,
}

impl Batch {
    /// Most `OnboardingIssue` rows per run: enough for one issue of every skipped user, with a million users and 10 %
    /// skipped.
    pub const ISSUES_KEPT: u64 = 100_000;

    /// How many issues the run has once this many rows are kept.
    pub(crate) fn issues_found(&self, kept: u64) -> u64 {
        let found = self.issues_total.filter(|_| kept >= Self::ISSUES_KEPT);
        kept.max(found.unwrap_or_default())
    }
}
