//! Parts of the journal state: one record per thing that the journal speaks of.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::factors::Factors;
#[cfg(doc)]
use crate::domain::journal::Entry;

/// Who created a resource, as far as the journal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Origin {
    /// It existed before this run: used, never deleted.
    Found,
    /// This run intended to create it; whether it exists is not known.
    Intended,
    /// This run created it.
    Created,
}

/// The organization, as far as the journal shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct OrganizationState {
    pub(in super::super) id: String,
    pub(in super::super) origin: Origin,
    /// It may be live: not known to be deactivated, so people may sign in.
    pub(in super::super) live: bool,
    /// It has the requested settings. Also true for a found one, whose settings stay.
    pub(in super::super) as_asked: bool,
    /// The factors that it allows; `None`: those that were requested, or not looked at.
    pub(in super::super) allows: Option<Vec<String>>,
}

/// The identity pool, as far as the journal shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct PoolState {
    pub(in super::super) id: String,
    pub(in super::super) origin: Origin,
    pub(in super::super) case_insensitive: bool,
    pub(in super::super) payload_schema_id: String,
    pub(in super::super) metadata_schema_id: String,
    /// The run surely created no second pool.
    pub(in super::super) is_only_one: bool,
    /// It has the requested settings. Also true for a found one, whose settings stay.
    pub(in super::super) as_asked: bool,
    /// The factors of a found pool; `None`: those of the settings.
    pub(in super::super) factors: Option<Factors>,
}

/// How far the users of a found pool are recorded in `PoolUserBefore`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct PoolUsersState {
    pub(in super::super) count: u64,
    pub(in super::super) complete: bool,
}

/// How far the users and their verification are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct SyncState {
    /// Calls may have changed users of the pool.
    pub(in super::super) started: bool,
    /// Users that the pool held before the first of these calls.
    pub(in super::super) users_before: u64,
    pub(in super::super) finished: bool,
    /// How far the comparison of pool and accounts is; `None`: it has not begun.
    pub(in super::super) compared: Option<ComparedState>,
    pub(in super::super) verified: Verified,
}

/// When the users were verified last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) enum Verified {
    #[default]
    Never,
    InAnEarlierTimeSlice,
    InThisTimeSlice,
}

/// How far the comparison of pool and accounts is; the members of [`Entry::UsersCompared`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct ComparedState {
    pub(in super::super) after: Option<String>,
    pub(in super::super) until: Option<String>,
    pub(in super::super) checked: Option<Uuid>,
}

/// Whether the sessions of a pool's users are ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) enum Sessions {
    #[default]
    Untouched,
    /// As far as possible.
    Revoked,
}

/// The next step of a rollback, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum RollbackStep {
    Activation,
    Users,
    Pools,
    Organization,
    /// Everything is rolled back; the pause before the recheck has not begun.
    Pause,
    /// Check again that nothing of this run is left.
    Recheck,
    /// The recheck found nothing: the run can end.
    Nothing,
}

/// The members of [`Entry::SettingsKept`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct KeptState {
    pub(in super::super) tenant: String,
    pub(in super::super) payload_schema_id: String,
    pub(in super::super) variables: BTreeMap<String, String>,
}
