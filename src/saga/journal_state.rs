//! The journal state: a run's journal folded into what the run found, intended and did (docs/ARCHITECTURE.md#journal).

mod records;
mod resources;

pub(super) use records::{
    ComparedState, KeptState, OrganizationState, Origin, PoolState, PoolUsersState, RollbackStep, Sessions, SyncState,
    Verified,
};

use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run::Kind;
use crate::domain::step::Step;

/// What the journal's entries add up to.
#[derive(Debug, Clone, Default)]
pub(super) struct JournalState {
    /// The settings that the run keeps, once it started.
    pub(super) kept: Option<KeptState>,
    /// CRM rows that are not `deleted`; `None` before they were checked.
    pub(super) users_total: Option<u64>,
    /// CRM rows that are `deleted`.
    pub(super) users_deleted: u64,
    /// Most users that may leave while the run goes on.
    pub(super) leavers_limit: u64,
    /// Of these, those that an operator allowed.
    pub(super) leavers_allowed: u64,
    pub(super) organization: Option<OrganizationState>,
    pub(super) pool: Option<PoolState>,
    /// The journal holds an intent to create a pool. Without one this run created no pool, whatever a marker says
    /// (docs/ARCHITECTURE.md#ownership).
    pub(super) pool_intended: bool,
    /// How many pool ids SecureAuth refused. Each refusal raised the generation.
    pub(super) pool_ids_refused: u32,
    /// Number of creation intents; part of the next idempotency key.
    pub(super) intents: u32,
    /// Creations that may still take effect: sent, but neither confirmed nor refused.
    pub(super) unsettled: u32,
    pub(super) idp_checked: bool,
    pub(super) pool_users: PoolUsersState,
    pub(super) sync: SyncState,
    /// The organization's `deactivated` flag before this run first set it; `None`: this run has not set it.
    pub(super) deactivated_before: Option<bool>,
    /// SecureAuth confirmed the new `deactivated` flag. Set as soon as that is known, even if the journal entry cannot
    /// be written.
    pub(super) flag_confirmed: bool,
    /// Of a disabled biller's users.
    pub(super) sessions: Sessions,
    /// The next step of the rollback; `None`: the run is not rolling back.
    pub(super) rollback: Option<RollbackStep>,
    /// Why the rollback began; of several entries the first one counts.
    pub(super) rollback_reason: Option<Reason>,
    /// The generation after the rollback, if the rollback raised it.
    pub(super) generation_after: Option<u32>,
    /// How often a rollback began since the last operator's command.
    pub(super) rollback_rounds: u32,
}

impl JournalState {
    pub(super) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut journal = Self::default();
        for entry in entries {
            journal.apply(&entry);
        }
        // What an earlier time slice verified may have been changed by hand since then.
        if journal.sync.verified == Verified::InThisTimeSlice {
            journal.sync.verified = Verified::InAnEarlierTimeSlice;
        }
        journal
    }

    /// Adds the next entry.
    pub(super) fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::SettingsKept {
                tenant,
                payload_schema_id,
                variables,
            } => {
                self.kept = Some(KeptState {
                    tenant: tenant.clone(),
                    payload_schema_id: payload_schema_id.clone(),
                    variables: variables.clone(),
                });
            }
            Entry::UsersChecked {
                total,
                deleted,
                leavers_limit,
                ..
            } => {
                self.users_total = Some(*total);
                self.users_deleted = *deleted;
                self.leavers_limit = *leavers_limit;
            }
            Entry::OrganizationFound { .. } | Entry::CreateOrganization { .. } | Entry::OrganizationCreated { .. } => {
                self.organization(entry);
            }
            // An earlier request, whose answer was lost, may still have created it.
            Entry::OrganizationRefused => {
                if self.settles_creation() {
                    self.organization = None;
                }
            }
            Entry::PoolFound { .. } | Entry::CreatePool { .. } | Entry::PoolCreated { .. } => self.pool(entry),
            Entry::PoolRefused => {
                if self.settles_creation() {
                    self.pool = None;
                }
            }
            Entry::PoolIdRefused { .. } => {
                self.settles_creation();
                self.pool_ids_refused += 1;
                self.pool = None;
                self.sync = SyncState::default();
            }
            Entry::IdpChecked { .. } => self.idp_checked = true,
            Entry::PoolUsersRecorded { count } => {
                self.pool_users.count = *count;
                self.pool_users.complete = true;
            }
            Entry::SyncStarted { users_before } => {
                self.sync.started = true;
                self.sync.users_before = *users_before;
            }
            Entry::SyncFinished => self.sync.finished = true,
            Entry::UsersCompared { after, until, checked } => {
                self.sync.compared = Some(ComparedState {
                    after: after.clone(),
                    until: until.clone(),
                    checked: *checked,
                });
            }
            Entry::UsersVerified { .. } => {
                self.sync.verified = Verified::InThisTimeSlice;
                self.sync.compared = None;
            }
            Entry::Activate { was_deactivated, .. } | Entry::Deactivate { was_deactivated, .. } => {
                // The first observation counts: a repeated intent may see this run's own change.
                self.deactivated_before.get_or_insert(*was_deactivated);
            }
            Entry::Activated | Entry::Deactivated { .. } => self.flag_confirmed = true,
            Entry::RollbackStarted { .. }
            | Entry::ActivationRolledBack
            | Entry::UsersRolledBack
            | Entry::PoolsRolledBack { .. }
            | Entry::OrganizationRolledBack
            | Entry::RolledBack
            | Entry::Rechecked => self.apply_rollback(entry),
            Entry::DeletePool { .. }
            | Entry::PoolDeleted { .. }
            | Entry::DeleteOrganization { .. }
            | Entry::OrganizationDeleted { .. }
            | Entry::OrganizationRestored { .. }
            | Entry::RenameOrganization { .. } => {}
            Entry::LeaversAllowed { most, .. } => self.leavers_allowed = u64::from(*most),
            Entry::SessionsRevoked { .. } => self.sessions = Sessions::Revoked,
            Entry::Operator { .. } => self.rollback_rounds = 0,
        }
    }

    /// An entry of the rollback: names the rollback's next step.
    fn apply_rollback(&mut self, entry: &Entry) {
        match entry {
            // A recheck that found something starts the rollback again.
            Entry::RollbackStarted { reason } => {
                self.rollback = Some(RollbackStep::Activation);
                self.rollback_reason.get_or_insert(*reason);
                self.rollback_rounds += 1;
            }
            Entry::ActivationRolledBack => self.rollback = Some(RollbackStep::Users),
            Entry::UsersRolledBack => self.rollback = Some(RollbackStep::Pools),
            Entry::PoolsRolledBack { generation } => {
                self.rollback = Some(RollbackStep::Organization);
                self.generation_after = self.generation_after.or(*generation);
            }
            Entry::OrganizationRolledBack => self.rollback = Some(RollbackStep::Pause),
            Entry::RolledBack => self.rollback = Some(RollbackStep::Recheck),
            Entry::Rechecked => self.rollback = Some(RollbackStep::Nothing),
            _ => {}
        }
    }

    fn intends_creation(&mut self) {
        self.intents += 1;
        self.unsettled += 1;
    }

    /// One request surely had no effect. `true`: no other request can have an effect either.
    fn settles_creation(&mut self) -> bool {
        self.unsettled = self.unsettled.saturating_sub(1);
        self.unsettled == 0
    }

    /// This run may have created or changed something in SecureAuth.
    pub(super) fn touched_secureauth(&self) -> bool {
        let made = |origin: Option<Origin>| origin.is_some_and(|origin| origin != Origin::Found);
        made(self.organization.as_ref().map(|organization| organization.origin))
            || made(self.pool.as_ref().map(|pool| pool.origin))
            || self.unsettled > 0
            || self.sync.started
            || self.deactivated_before.is_some()
    }

    /// SecureAuth shows the `deactivated` flag the run wants: from here on there is no rollback
    /// (docs/ARCHITECTURE.md#point-of-no-return).
    pub(super) fn point_of_no_return(&self) -> bool {
        self.flag_confirmed
    }

    /// The journal holds an intent to set the `deactivated` flag but no outcome.
    pub(super) fn flag_is_unconfirmed(&self) -> bool {
        self.deactivated_before.is_some() && !self.flag_confirmed
    }

    /// The organization exists, and this run created it.
    pub(super) fn created_organization(&self) -> bool {
        let organization = self.organization.as_ref();
        organization.is_some_and(|organization| organization.origin == Origin::Created)
    }

    /// The first step that is not done yet. The recording steps end the run, so they never count as done.
    pub(super) fn next_step(&self, kind: Kind) -> Option<Step> {
        Step::of(kind).iter().copied().find(|step| !self.is_done(*step))
    }

    /// The CRM has no users, and neither has the pool, which this run created.
    fn is_empty(&self) -> bool {
        let pool = self.pool.as_ref();
        self.users_total == Some(0) && pool.is_some_and(|pool| pool.origin == Origin::Created)
    }

    fn is_done(&self, step: Step) -> bool {
        let known = |origin: Option<Origin>| origin.is_some_and(|origin| origin != Origin::Intended);
        match step {
            Step::CheckUsers => self.users_total.is_some(),
            Step::EnsureOrganization => {
                let organization = self.organization.as_ref();
                known(organization.map(|found| found.origin)) && organization.is_some_and(|found| found.as_asked)
            }
            Step::EnsurePool => {
                let pool = self.pool.as_ref();
                let ours = pool.is_some_and(|pool| pool.origin == Origin::Created);
                known(pool.map(|pool| pool.origin))
                    && pool.is_some_and(|pool| pool.as_asked)
                    && (self.idp_checked || (ours && !self.is_empty()))
                    && (ours || self.pool_users.complete)
            }
            // The identity provider of a new pool is checked beside the import.
            Step::SyncUsers => (self.sync.finished && self.idp_checked) || self.is_empty(),
            // Checked again in every time slice before the activation: somebody may have changed the pool by hand meanwhile.
            Step::VerifyUsers => {
                self.sync.verified == Verified::InThisTimeSlice || self.flag_confirmed || self.is_empty()
            }
            Step::ActivateOrganization | Step::DeactivateOrganization => self.flag_confirmed,
            Step::RevokeSessions => self.sessions == Sessions::Revoked,
            Step::RecordActivation | Step::RecordDeactivation => false,
        }
    }
}

#[cfg(test)]
mod tests;
