//! What a run left in SecureAuth, for operators.

use super::journal_state::{JournalState, Origin, RollbackStep};
use crate::domain::journal::Entry;
use crate::domain::operation::Operation;
use crate::domain::reason::Reason;
use crate::domain::run::Run;

/// The commands that fit a stuck run.
pub fn commands_of(run: &Run) -> &'static [Operation] {
    let reason: Option<Reason> = run.reason.as_deref().and_then(|reason| reason.parse().ok());
    reason.unwrap_or(Reason::Operator).commands()
}

/// What a run with this journal may have left in SecureAuth: organization, pool, users, by their ids.
pub fn leftovers(journal: impl IntoIterator<Item = Entry>) -> String {
    JournalState::of(journal).leftovers()
}

impl JournalState {
    /// What the run may have left in SecureAuth; `nothing` when there is nothing.
    pub(super) fn leftovers(&self) -> String {
        let left: Vec<String> = [self.organization_left(), self.pool_left()]
            .into_iter()
            .flatten()
            .collect();
        if left.is_empty() {
            "nothing".to_owned()
        } else {
            left.join(", ")
        }
    }

    fn organization_left(&self) -> Option<String> {
        let organization = self.organization.as_ref()?;
        let id = &organization.id;
        let is_rolled_back = self.rollback.is_some_and(|step| step > RollbackStep::Organization);
        let is_flag_rolled_back = self.rollback.is_some_and(|step| step > RollbackStep::Activation);
        if organization.origin != Origin::Found && !is_rolled_back {
            Some(format!("organization {id}"))
        } else if self.deactivated_before.is_some() && !is_flag_rolled_back {
            Some(format!("the deactivated flag of organization {id}"))
        } else {
            None
        }
    }

    fn pool_left(&self) -> Option<String> {
        let pool = self.pool.as_ref()?;
        let is_rolled_back = self.rollback.is_some_and(|step| step > RollbackStep::Pools);
        let are_users_rolled_back = self.rollback.is_some_and(|step| step > RollbackStep::Users);
        if pool.origin != Origin::Found && !is_rolled_back {
            Some(format!("pool {}", pool.id))
        } else if pool.origin == Origin::Found && self.sync.started && !are_users_rolled_back {
            Some(format!("users in pool {}", pool.id))
        } else {
            None
        }
    }
}
