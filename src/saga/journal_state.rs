//! The journal, folded: what a run knows about what it saw, meant and did.

mod records;

pub(super) use records::{
    ChunkState, ComparedState, ImportState, OrganizationState, Origin, PoolState, PoolUsersState, RecheckState,
    RollbackStep,
};

use crate::domain::journal::Entry;
use crate::domain::run::Kind;
use crate::domain::step::Step;

/// Everything the journal says.
#[derive(Debug, Clone, Default)]
pub(super) struct JournalState {
    /// Rows that are not `deleted`, once they were checked.
    pub(super) users_total: Option<u64>,
    pub(super) organization: Option<OrganizationState>,
    pub(super) pool: Option<PoolState>,
    /// A pool's creation was asked for at least once: without that no pool is ours, whatever its marker says.
    pub(super) pool_intended: bool,
    /// Pool ids that were refused; each raised the generation.
    pub(super) pool_ids_refused: u32,
    /// Creation intents so far: the window of the next idempotency key.
    pub(super) intents: u32,
    /// Creations that were asked for and may still have their effect: neither answered nor refused.
    pub(super) unsettled: u32,
    pub(super) idp_checked: bool,
    pub(super) pool_users: PoolUsersState,
    pub(super) import: ImportState,
    /// What `deactivated` was when the switch was asked for.
    pub(super) switched_from: Option<bool>,
    /// The switch is confirmed; true from the moment it is seen, whether or not the journal takes it.
    pub(super) switched: bool,
    /// The run only undoes.
    pub(super) rollback: Option<RollbackStep>,
    /// Why, in the journal's word.
    pub(super) rollback_reason: Option<String>,
    /// What the generation grew to by rolling back.
    pub(super) generation_after: Option<u32>,
    /// How far the users are looked for again, once that began.
    pub(super) rechecked: Option<RecheckState>,
    /// Times the undoing began since an operator last took the run on.
    pub(super) rollback_rounds: u32,
}

impl JournalState {
    pub(super) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut journal = Self::default();
        for entry in entries {
            journal.apply(&entry);
        }
        journal
    }

    /// Takes the next entry.
    pub(super) fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::UsersChecked { total, .. } => self.users_total = Some(*total),
            Entry::OrganizationFound {
                organization_id,
                deactivated,
            } => self.organization(organization_id, Origin::Found, !deactivated, true),
            Entry::CreateOrganization { organization_id, .. } => {
                self.intends_creation();
                self.organization(organization_id, Origin::Intended, true, true);
            }
            Entry::OrganizationCreated {
                organization_id,
                live,
                differs_in,
            } => {
                self.unsettled = 0;
                self.organization(organization_id, Origin::Created, *live, differs_in.is_empty());
            }
            // A request before that one may have come through all the same.
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
            }
            Entry::IdpChecked { .. } => self.idp_checked = true,
            Entry::PoolUsersPaged { last, count } => {
                self.pool_users.last = Some(last.clone());
                self.pool_users.count = *count;
            }
            Entry::PoolUsersRecorded { count } => {
                self.pool_users.count = *count;
                self.pool_users.complete = true;
            }
            Entry::ImportChunk { first, hash, .. } => {
                self.import.touched = true;
                self.import.open_chunks.push(ChunkState {
                    first: *first,
                    hash: hash.clone(),
                });
            }
            Entry::ChangeUsers { .. } => self.import.touched = true,
            Entry::ImportedUpTo { last } => {
                self.import.up_to = Some(*last);
                self.import.open_chunks.clear();
            }
            Entry::ImportFinished => {
                self.import.finished = true;
                self.import.open_chunks.clear();
            }
            Entry::UsersCompared { after, until, checked } => {
                self.import.compared = Some(ComparedState {
                    after: after.clone(),
                    until: until.clone(),
                    checked: *checked,
                });
            }
            Entry::UsersVerified { .. } => self.import.verified = true,
            Entry::Activate { was_deactivated, .. } | Entry::Deactivate { was_deactivated, .. } => {
                // What was there first counts; a repeated intent sees our own change.
                self.switched_from.get_or_insert(*was_deactivated);
            }
            Entry::Activated | Entry::Deactivated { .. } => self.switched = true,
            Entry::RollbackStarted { .. }
            | Entry::SwitchRolledBack
            | Entry::UsersRolledBack
            | Entry::PoolsRolledBack { .. }
            | Entry::OrganizationRolledBack
            | Entry::RolledBack
            | Entry::RecheckedUpTo { .. }
            | Entry::Rechecked => self.apply_rollback(entry),
            Entry::DeletePool { .. }
            | Entry::PoolDeleted { .. }
            | Entry::DeleteOrganization { .. }
            | Entry::OrganizationDeleted { .. }
            | Entry::OrganizationRestored { .. } => {}
            Entry::Operator { .. } => self.rollback_rounds = 0,
        }
    }

    /// An entry of the rollback: what is to be undone next.
    fn apply_rollback(&mut self, entry: &Entry) {
        match entry {
            // A recheck that found something begins again.
            Entry::RollbackStarted { reason } => {
                self.rollback = Some(RollbackStep::Switch);
                self.rollback_reason.get_or_insert_with(|| reason.clone());
                self.rollback_rounds += 1;
            }
            Entry::SwitchRolledBack => self.rollback = Some(RollbackStep::Users),
            Entry::UsersRolledBack => self.rollback = Some(RollbackStep::Pools),
            Entry::PoolsRolledBack { generation } => {
                self.rollback = Some(RollbackStep::Organization);
                self.generation_after = self.generation_after.or(*generation);
            }
            Entry::OrganizationRolledBack => self.rollback = Some(RollbackStep::Pause),
            Entry::RolledBack => {
                self.rollback = Some(RollbackStep::Recheck);
                self.rechecked = None;
            }
            Entry::RecheckedUpTo { last, clean } => {
                self.rechecked = Some(RecheckState {
                    last: *last,
                    clean: *clean,
                });
            }
            Entry::Rechecked => self.rollback = Some(RollbackStep::Nothing),
            _ => {}
        }
    }

    fn intends_creation(&mut self) {
        self.intents += 1;
        self.unsettled += 1;
    }

    /// One request had no effect; `true` when no other may have one.
    fn settles_creation(&mut self) -> bool {
        self.unsettled = self.unsettled.saturating_sub(1);
        self.unsettled == 0
    }

    fn organization(&mut self, id: &str, origin: Origin, live: bool, as_asked: bool) {
        self.organization = Some(OrganizationState {
            id: id.to_owned(),
            origin,
            live,
            as_asked,
        });
    }

    fn pool(&mut self, entry: &Entry) {
        let known = |id: &String, origin, payload: &String, metadata: &String, case_insensitive| PoolState {
            id: id.clone(),
            origin,
            case_insensitive,
            payload_schema_id: payload.clone(),
            metadata_schema_id: metadata.clone(),
            as_asked: true,
        };
        let unknown = String::new();
        self.pool = match entry {
            Entry::PoolFound {
                pool_id,
                case_insensitive,
                payload_schema_id,
                metadata_schema_id,
                ..
            } => Some(known(
                pool_id,
                Origin::Found,
                payload_schema_id,
                metadata_schema_id,
                *case_insensitive,
            )),
            Entry::CreatePool { pool_id, .. } => {
                self.intends_creation();
                self.pool_intended = true;
                Some(known(pool_id, Origin::Intended, &unknown, &unknown, true))
            }
            Entry::PoolCreated {
                pool_id,
                payload_schema_id,
                metadata_schema_id,
                differs_in,
            } => {
                self.unsettled = 0;
                let created = known(pool_id, Origin::Created, payload_schema_id, metadata_schema_id, true);
                Some(PoolState {
                    as_asked: differs_in.is_empty(),
                    ..created
                })
            }
            _ => return,
        };
    }

    /// Something in SecureAuth may be there, or be different, because of this run.
    pub(super) fn touched_secureauth(&self) -> bool {
        let made = |origin: Option<Origin>| origin.is_some_and(|origin| origin != Origin::Found);
        made(self.organization.as_ref().map(|organization| organization.origin))
            || made(self.pool.as_ref().map(|pool| pool.origin))
            || self.unsettled > 0
            || self.import.touched
            || self.switched_from.is_some()
    }

    /// SecureAuth shows what was wished: nothing is undone any more.
    pub(super) fn point_of_no_return(&self) -> bool {
        self.switched
    }

    /// The switch was asked for and the journal does not know what came of it.
    pub(super) fn switch_is_open(&self) -> bool {
        self.switched_from.is_some() && !self.switched
    }

    /// The first step that is not done yet. The recording steps end the run, so they are never done.
    pub(super) fn next_step(&self, kind: Kind) -> Option<Step> {
        Step::of(kind).iter().copied().find(|step| !self.is_done(*step))
    }

    fn is_done(&self, step: Step) -> bool {
        let known = |origin: Option<Origin>| origin.is_some_and(|origin| origin != Origin::Intended);
        let no_users = self.users_total == Some(0);
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
                    && self.idp_checked
                    && (ours || self.pool_users.complete || no_users)
            }
            Step::ImportUsers => self.import.finished || no_users,
            Step::VerifyUsers => self.import.verified || no_users,
            Step::ActivateOrganization | Step::DeactivateOrganization => self.switched,
            Step::RecordActivation | Step::RecordDeactivation => false,
        }
    }
}

#[cfg(test)]
mod tests;
