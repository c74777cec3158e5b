//! A run: one attempt to enable, sync or disable a biller.

use serde::Serialize;
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use super::ids::{BillerId, OnboardingId};
use super::step::Step;

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Organization, pool, users, activation.
    Enable,
    /// Users of an active biller.
    Sync,
    /// Deactivation of the organization.
    Disable,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RunState {
    /// Accepted, never worked on.
    Queued,
    /// Being worked on, or about to be continued.
    Running,
    /// Paused after a failure that may pass.
    Waiting,
    /// Removing what it created.
    RollingBack,
    /// Did what was asked.
    Succeeded,
    /// Could not, and left nothing behind.
    Failed,
    /// Could not finish and could not take everything back: an operator's turn.
    Stuck,
    /// Ended by an operator.
    Cancelled,
}

impl RunState {
    /// Work is still to be done by the function: a message for it makes sense.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Waiting | Self::RollingBack)
    }

    /// The run keeps every other run of its biller out: open, or stuck until an operator acts.
    pub fn blocks_others(self) -> bool {
        self.is_open() || self == Self::Stuck
    }
}

/// How far the users of a run are. `users_total` counts the view's rows that are not `deleted`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Rows to deal with.
    pub users_total: u64,
    /// Users this run put into the pool or changed there.
    pub imported: u64,
    /// Users that were there already.
    pub already_present: u64,
    /// Rows left out: `ON_INVALID_USER=skip`, or marked `deleted` in the view.
    pub skipped: u64,
    /// Rows with a data error.
    pub failed: u64,
}

/// A run as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: OnboardingId,
    /// The biller it is about.
    pub biller_id: BillerId,
    /// The biller's name, taken once when the run was accepted; never blank.
    pub biller_name: Option<String>,
    /// What it does.
    pub kind: Kind,
    /// Where it stands.
    pub state: RunState,
    /// The step it is at, once it was started.
    pub step: Option<Step>,
    /// Which event asked for it: its `Source` word.
    pub source: String,
    /// The generation its derived ids carry.
    pub generation: u32,
    /// How far its users are.
    pub progress: Progress,
    /// Pauses used since the last progress (index into `RUN_PAUSES` or `ROLLBACK_PAUSES`).
    pub pauses_used: u32,
    /// When it was accepted. Also the fixed timestamp of every record it sends (reference 2.3).
    pub created_at: OffsetDateTime,
    /// When it was first leased.
    pub started_at: Option<OffsetDateTime>,
    /// Last change.
    pub updated_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
    /// Not to be worked on before this.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// What it waits for: a [`super::reason`] word.
    pub waiting_for: Option<String>,
    /// Why it failed, is being rolled back or is stuck: a [`super::reason`] word.
    pub reason: Option<String>,
    /// When rolling back began.
    pub rolling_back_since: Option<OffsetDateTime>,
    /// Data errors found, more than the stored issues perhaps.
    pub issues_total: u64,
    /// The trace of the event that asked for it (W3C).
    pub traceparent: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_run_is_not_open_but_keeps_others_out() {
        assert!(!RunState::Stuck.is_open());
        assert!(RunState::Stuck.blocks_others());
        assert!(!RunState::Failed.blocks_others());
    }
}
