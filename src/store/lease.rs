//! Leases, and how a run is given up or ended.

use std::time::Duration;

use crate::domain::ids::{OnboardingId, WorkerId};
use crate::domain::reason::Reason;
use crate::domain::run::{Run, RunState};

/// The right to write about a run. The version fences: it grows with every lease taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub onboarding_id: OnboardingId,
    /// Who has it.
    pub worker: WorkerId,
    /// The run's version when it was taken.
    pub version: i64,
}

/// A lease with the run as it stood after it was taken.
#[derive(Debug, Clone)]
pub struct LeasedRun {
    /// The lease.
    pub lease: Lease,
    /// The run.
    pub run: Run,
    /// The worker before did not give its lease up: it may still have calls in flight.
    pub took_over: bool,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum LeaseOutcome {
    /// Yours.
    Taken(Box<LeasedRun>),
    /// Another worker has it, or its next attempt is not due yet.
    NotNow,
    /// It ended, or is stuck.
    Finished(RunState),
    /// There is no such run.
    Unknown,
}

/// How the timer repeats a run's message: after `first`, then doubling up to `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    /// First pause.
    pub first: Duration,
    /// Longest pause.
    pub longest: Duration,
}

/// Giving a lease up with the run still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// The time slice ended with more to do; a continuation message is on its way. State stays as it is; the timer takes over
    /// after `resend` if that message gets lost.
    Continue {
        /// Safety net.
        resend: Duration,
    },
    /// Not before `after`. The timer sends the message then.
    Wait {
        /// Pause.
        after: Duration,
        /// [`RunState::Waiting`] or [`RunState::RollingBack`]; the latter sets `rolling_back_since` once.
        state: RunState,
        /// What for.
        waiting_for: Reason,
        /// Why it is being rolled back; `None` leaves the recorded reason.
        reason: Option<Reason>,
        /// The new count.
        pauses_used: u32,
    },
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Enable run: biller Active; the activation date is the database's now if it was not active.
    Activated {
        /// To be stored with the biller.
        organization_id: String,
        /// To be stored with the biller (P1).
        pool_id: String,
    },
    /// Sync run: the biller's state, toggle and date stay; organization and pool are stored. `ciam.RecordCiamStatus` is not called.
    Synced {
        /// To be stored with the biller.
        organization_id: String,
        /// To be stored with the biller.
        pool_id: String,
    },
    /// Disable run: biller Inactive, the activation date stays.
    Deactivated,
    /// Taken back, or nothing was ever created.
    Failed(Reason),
    /// For an operator.
    Stuck(Reason),
}

/// An operator's command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum Operation {
    /// Open again where it stood, due now, with fresh pauses: `stuck` or `waiting` → `rolling_back` if that had begun, else
    /// `waiting`.
    Resume,
    /// Roll back: `stuck`, `waiting` or `queued` → `rolling_back`, due now, with fresh pauses and time.
    Rollback,
    /// A run no worker ever had: `queued` → `cancelled`.
    Cancel,
    /// The operator cleaned up by hand: `stuck` → `failed`.
    Close,
}

/// What came of an operator's command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operated {
    /// The run's new state.
    Now(RunState),
    /// The command does not fit this state (or the run is leased right now).
    NotFrom(RunState),
    /// There is no such run.
    Unknown,
}
