//! Decisions that do not depend on the database. Both adapters write what is decided here.

use std::fmt::Write;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::lease::{Ending, LeaseOutcome};
use super::row::LeaseColumns;
use crate::domain::biller::CiamState;
use crate::domain::operation::Operation;
use crate::domain::reason::Reason;
use crate::domain::run::{Run, RunState};

/// Why a run cannot be leased, `None` when it can.
pub(super) fn lease_refused(run: &Run, lease: LeaseColumns) -> Option<LeaseOutcome> {
    if !run.state.is_open() {
        Some(LeaseOutcome::Finished(run.state))
    } else if lease.leased || !lease.due {
        Some(LeaseOutcome::NotNow)
    } else {
        None
    }
}

/// The state of a run once it is leased: a rollback goes on, any other run becomes `running`.
pub(super) fn leased_state(state: RunState) -> RunState {
    if state == RunState::RollingBack {
        state
    } else {
        RunState::Running
    }
}

/// The state that an operator's command leads to; `None` when the command is not possible now.
pub(super) fn operated(operation: Operation, run: &Run, lease: LeaseColumns) -> Option<RunState> {
    use RunState::{Cancelled, Failed, Queued, RollingBack, Stuck, Waiting};
    if lease.leased {
        return None;
    }
    match (operation, run.state) {
        (Operation::Resume, Stuck | Waiting) if run.rolling_back_since.is_some() => Some(RollingBack),
        (Operation::Resume, Stuck | Waiting) => Some(Waiting),
        (Operation::Rollback, Stuck | Waiting | Queued) => Some(RollingBack),
        (Operation::Cancel, Queued) if run.started_at.is_none() => Some(Cancelled),
        (Operation::Close, Stuck) => Some(Failed),
        _ => None,
    }
}

/// What is written when a run ends.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) state: RunState,
    pub(super) reason: Option<Reason>,
    /// Organization and pool, stored with the biller.
    pub(super) resources: Option<(&'a str, &'a str)>,
    /// The biller's new state, which `ciam.RecordCiamStatus` gets too.
    pub(super) ciam: Option<CiamState>,
}

impl<'a> Outcome<'a> {
    pub(super) fn of(ending: &'a Ending) -> Self {
        let (state, reason, resources, ciam) = match ending {
            Ending::Activated {
                organization_id,
                pool_id,
            } => (
                RunState::Succeeded,
                None,
                Some((organization_id.as_str(), pool_id.as_str())),
                Some(CiamState::Active),
            ),
            Ending::Synced {
                organization_id,
                pool_id,
            } => (
                RunState::Succeeded,
                None,
                Some((organization_id.as_str(), pool_id.as_str())),
                None,
            ),
            Ending::Deactivated => (RunState::Succeeded, None, None, Some(CiamState::Inactive)),
            Ending::Failed(reason) => (RunState::Failed, Some(*reason), None, None),
            Ending::Stuck(reason) => (RunState::Stuck, Some(*reason), None, None),
        };
        Self {
            state,
            reason,
            resources,
            ciam,
        }
    }

    /// A stuck run has not ended: it has no end time.
    pub(super) fn is_end(&self) -> bool {
        self.state != RunState::Stuck
    }
}

/// The CIAM status as `ciam.RecordCiamStatus` gets it (docs/requirements.md#d1).
pub(super) fn crm_status(state: CiamState) -> &'static str {
    match state {
        CiamState::Active => "Active",
        CiamState::Inactive => "Inactive",
        CiamState::NotEnabled => "Not enabled",
    }
}

/// How a pool user's identifier is stored: as its SHA-256 in hex (docs/decisions.md#hashed-names-of-others). Empty for
/// a user without identifiers.
pub(super) fn identifier_key(identifier: &str) -> String {
    if identifier.is_empty() {
        return String::new();
    }
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(identifier.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Whole milliseconds, rounded up, at most what `DATEADD` accepts (24 days).
pub(super) fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
}
