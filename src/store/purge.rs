//! What the command `purge` deletes, and in which portions. Both adapters use it (docs/OPERATIONS.md#retention).

/// What one call of [`super::Store::purge`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Runs whose records went. Their rows stay, because markers in SecureAuth name them; `requestedBy` is blank.
    pub runs: u64,
    /// Toggle events whose `requestedBy` is blank now. Their rows stay, so that a late repetition starts no second run.
    pub events: u64,
    /// Rows of `OnboardingJournal`.
    pub journal_entries: u64,
    /// Rows of `OnboardingIssue`.
    pub issues: u64,
    /// Rows of `PoolUserBefore`.
    pub pool_users: u64,
    /// Rows of `Account`, all in pools that no run can use again.
    pub accounts: u64,
}

/// Rows of one transaction: fewer than SQL Server needs to lock a whole table.
pub(super) const ROWS: u32 = 1_000;

/// Runs whose records are deleted together.
pub(super) const RUNS: u32 = 100;

/// Runs that are purged together: all that qualify with `after < RunNo <= until`.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunRange {
    pub(super) after: i64,
    pub(super) until: i64,
}
