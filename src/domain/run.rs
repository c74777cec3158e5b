//! A run: one attempt to enable, sync or disable a biller.

use serde::Serialize;
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use time::OffsetDateTime;
use uuid::Uuid;

use super::ids::{BillerId, OnboardingId};
use super::listing::Listing;
use super::run_error::RunError;
use super::step::Step;
use super::tally::Tally;

/// What a run is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Creates organization, pool and users, then activates the organization.
    Enable,
    /// Brings the users of an active biller up to date.
    Sync,
    /// Deactivates the organization.
    Disable,
}

/// The state of a run (docs/ARCHITECTURE.md#biller-and-run).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RunState {
    /// Accepted; no worker has had it.
    Queued,
    /// A worker has it, or will continue it at once.
    Running,
    /// Pauses after a failure that may pass.
    Waiting,
    /// Removes what it created and restores the flag of the organization; changes of users stay.
    RollingBack,
    /// Did what was asked.
    Succeeded,
    /// Could not finish; nothing it created is left.
    Failed,
    /// Can neither continue nor roll back; needs an operator.
    Stuck,
    /// Ended by an operator before any worker had it.
    Cancelled,
}

impl RunState {
    /// A worker still has to work on it, so a queue message for it makes sense.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Waiting | Self::RollingBack)
    }

    /// No other run of its biller may start: it is open, or stuck until an operator acts.
    pub fn blocks_others(self) -> bool {
        self.is_open() || self == Self::Stuck
    }
}

/// Counts of a run's users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// CRM rows that are not `deleted`.
    pub users_total: u64,
    /// Users this run imported.
    pub imported: u64,
    /// Users this run changed, because the CRM has other values.
    pub changed: u64,
    /// Users this run set inactive: their row says so, says `deleted`, or is gone.
    pub deactivated: u64,
    /// Users this run gave access back.
    pub reactivated: u64,
    /// Users that a found pool held before, by id or by user name: left alone.
    pub linked: u64,
    /// Users whose accounts were as the CRM has them already.
    pub already_present: u64,
    /// Rows left out: invalid ones with `ON_INVALID_USER=skip`, and `deleted` ones.
    pub skipped: u64,
    /// Invalid rows that made the run fail.
    pub failed: u64,
}

/// A run as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Also the correlation id.
    pub id: OnboardingId,
    /// The biller to enable, sync or disable.
    pub biller_id: BillerId,
    /// The biller's name when the run was accepted; never blank.
    pub biller_name: Option<String>,
    /// What the run is to do.
    pub kind: Kind,
    /// Open, ended or stuck.
    pub state: RunState,
    /// The latest step; `None` before a worker had the run.
    pub step: Option<Step>,
    /// The text of the [`Source`](super::toggle_event::Source) of the event that started it.
    pub source: String,
    /// The generation of its derived ids.
    pub generation: u32,
    /// Every account of its pool up to this GUID is settled; `None`: it is at the start.
    pub user_cursor: Option<Uuid>,
    /// Counts of its users.
    pub progress: Progress,
    /// Which users came first, and what the guard of leavers counts.
    pub tally: Tally,
    /// How far the list of its pool's users is recorded.
    pub listing: Option<Listing>,
    /// Pauses used since the last progress: an index into `RUN_PAUSES` or `ROLLBACK_PAUSES`.
    pub pauses_used: u32,
    /// Leases that expired since the last progress: each time the process that worked on the run ended without a word.
    pub take_overs: u32,
    /// When it was accepted; also the timestamp of every record it sends, so that a repeated chunk is the same.
    pub created_at: OffsetDateTime,
    /// When a worker first had it.
    pub started_at: Option<OffsetDateTime>,
    /// When its row last changed.
    pub updated_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
    /// Before this time no worker takes it.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// What it waits for: the text of a [`Reason`](super::reason::Reason).
    pub waiting_for: Option<String>,
    /// Why it is rolled back, failed or is stuck: the text of a [`Reason`](super::reason::Reason).
    pub reason: Option<String>,
    /// The first failure since the last progress, or the one that led to the rollback.
    pub first_cause: Option<Box<RunError>>,
    /// The latest failure.
    pub last_error: Option<Box<RunError>>,
    /// When its rollback began.
    pub rolling_back_since: Option<OffsetDateTime>,
    /// Number of issues found; the database may store fewer of them.
    pub issues_total: u64,
    /// The W3C trace parent of the event that started it.
    pub traceparent: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_run_is_not_open_but_blocks_others() {
        assert!(!RunState::Stuck.is_open());
        assert!(RunState::Stuck.blocks_others());
        assert!(!RunState::Failed.blocks_others());
    }
}
