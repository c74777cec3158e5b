//! Leases, and how a worker or an operator releases or ends a run.

use std::time::Duration;

use crate::domain::ids::{OnboardingId, WorkerId};
use crate::domain::reason::Reason;
use crate::domain::run::{Run, RunState};
use crate::domain::run_error::RunError;

/// A worker's right to write about a run. Every lease raises the run's version, and a write that names an older version
/// changes nothing (docs/ARCHITECTURE.md#leases).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The run that the worker may write about.
    pub onboarding_id: OnboardingId,
    /// The worker that holds the lease.
    pub worker: WorkerId,
    /// The run's version since the lease was taken.
    pub version: i64,
}

/// A lease, and the run as it was right after the lease was taken.
#[derive(Debug, Clone)]
pub struct LeasedRun {
    /// What each write about the run has to name.
    pub lease: Lease,
    /// With the state and step that the worker goes on from.
    pub run: Run,
    /// The previous worker did not release its lease, so it may still have calls in flight.
    pub took_over: bool,
    /// For how long calls without an answer may still take effect; `None` if every call of the run was answered.
    pub late: Option<Duration>,
}

/// The result of asking for a lease.
#[derive(Debug)]
pub enum LeaseOutcome {
    /// The caller has the lease.
    Taken(Box<LeasedRun>),
    /// Another worker has the run, or the run's next attempt is not due yet.
    NotNow,
    /// The run has ended or is stuck, so nobody can work on it.
    Finished(RunState),
    /// There is no such run.
    Unknown,
}

/// When the timer repeats a run's message: after `first`, then after twice the time of before, up to `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    /// First pause.
    pub first: Duration,
    /// Longest pause.
    pub longest: Duration,
}

/// How a worker releases the lease of a run that is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// The time slice ended with more to do, and a message for the next one is on its way. The state stays as it is.
    Continue {
        /// If that message gets lost, the timer sends another one after this time.
        resend: Duration,
        /// For how long calls without an answer may still take effect; `None` if there are no such calls.
        late: Option<Duration>,
    },
    /// The run pauses. Nobody works on it until the timer sends its message.
    Wait {
        /// How long the run pauses.
        after: Duration,
        /// [`RunState::RollingBack`] if the run rolls back already, else [`RunState::Waiting`].
        state: RunState,
        /// What the run waits for.
        waiting_for: Reason,
        /// What the run failed with, if it pauses for that. It becomes the run's last error, and its first cause if it has none.
        error: Option<Box<RunError>>,
        /// How many of its pauses the run has used.
        pauses_used: u32,
        /// For how long calls without an answer may still take effect; `None` if there are no such calls.
        late: Option<Duration>,
    },
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Enable run: the biller becomes Active. If it was not, its activation date is the database's time.
    Activated {
        /// Stored with the biller.
        organization_id: String,
        /// Stored with the biller.
        pool_id: String,
    },
    /// Sync run: the biller's state, toggle and date stay, and `ciam.RecordCiamStatus` is not called.
    Synced {
        /// Stored with the biller.
        organization_id: String,
        /// Stored with the biller.
        pool_id: String,
    },
    /// Disable run: the biller becomes Inactive, its activation date stays.
    Deactivated,
    /// The run failed and is rolled back, or it had not created anything.
    Failed(Reason),
    /// The run needs an operator.
    Stuck(Reason),
}

/// The result of an operator's command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operated {
    /// The run's new state.
    Now(RunState),
    /// The command is not possible in this state, or while a worker has the run.
    NotFrom(RunState),
    /// There is no such run.
    Unknown,
}
