//! What the journal says about one thing each.

use uuid::Uuid;

#[cfg(doc)]
use crate::domain::journal::Entry;

/// Where a resource comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Origin {
    /// It stood before this run: used, never deleted.
    Found,
    /// Its creation was asked for; whether it happened is not known.
    Intended,
    /// This run created it.
    Created,
}

/// The organization, as far as the journal knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct OrganizationState {
    pub(in super::super) id: String,
    pub(in super::super) origin: Origin,
    /// People may be signing in already, as far as is known.
    pub(in super::super) live: bool,
    /// It shows what was asked for; so does one that stood before.
    pub(in super::super) as_asked: bool,
}

/// The pool, as far as the journal knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct PoolState {
    pub(in super::super) id: String,
    pub(in super::super) origin: Origin,
    pub(in super::super) case_insensitive: bool,
    pub(in super::super) payload_schema_id: String,
    pub(in super::super) metadata_schema_id: String,
    /// It shows what was asked for; so does one that stood before.
    pub(in super::super) as_asked: bool,
}

/// The intent of one import call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ChunkState {
    pub(in super::super) first: Uuid,
    pub(in super::super) hash: String,
}

/// The users that were in a pool before the import, as far as they are recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct PoolUsersState {
    pub(in super::super) last: Option<String>,
    pub(in super::super) count: u64,
    pub(in super::super) complete: bool,
}

/// How far the users are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct ImportState {
    pub(in super::super) up_to: Option<Uuid>,
    /// Import calls since the last checkpoint: they may have had an effect.
    pub(in super::super) open_chunks: Vec<ChunkState>,
    /// At least one import or change was asked for.
    pub(in super::super) touched: bool,
    pub(in super::super) finished: bool,
    /// How far the pool is compared with the ledger, once that began.
    pub(in super::super) compared: Option<ComparedState>,
    pub(in super::super) verified: bool,
}

/// How far the pool is compared with the ledger; the members of [`Entry::UsersCompared`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct ComparedState {
    pub(in super::super) after: Option<String>,
    pub(in super::super) until: Option<String>,
    pub(in super::super) checked: Option<Uuid>,
}

/// How far the users are looked for again; the members of [`Entry::RecheckedUpTo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct RecheckState {
    pub(in super::super) last: Uuid,
    pub(in super::super) clean: bool,
}

/// What is to be undone next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum RollbackStep {
    Switch,
    Users,
    Pools,
    Organization,
    /// Everything is undone; the pause before looking once more has yet to begin.
    Pause,
    /// Look once more.
    Recheck,
    /// Still gone.
    Nothing,
}
