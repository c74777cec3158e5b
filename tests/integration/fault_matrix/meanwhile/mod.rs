//! A world that moves while a run is under way: the CRM's rows change, people enroll credentials, an administrator sets the
//! organization's flag or deletes a user by hand.
//!
//! The simulator holds one call of the run, the change is made, and the call goes on; so each case has its change at the same
//! place of the run every time. `moments` changes the world at any call of a course, `troubled` at calls of the import whose
//! answers are lost or whose effects are late. The oracle accepts a changed row in either state; a row that did not change must be
//! right. After each case another Yes must bring SecureAuth exactly to what the CRM holds then (`afterwards`).

mod afterwards;
mod change;
mod choice;
mod enrolled;
mod held;
mod moments;
mod rows;
mod sabotage;
mod troubled;

use std::collections::{BTreeMap, BTreeSet};

use local_stack::UserRow;

use super::snapshot::Snapshot;

pub(super) use afterwards::everything_is_caught_up;
pub(super) use choice::Choice;
pub(super) use enrolled::are_kept;
pub(crate) use held::is_held;
pub(super) use moments::run as at_any_call;
pub(super) use troubled::{Live, run as while_answers_are_lost};

/// What others did since the snapshot before the run; by default nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Meanwhile {
    /// Rows of the CRM that changed, by GUID.
    rows: BTreeMap<String, RowChange>,
    /// The `deactivated` flag that an administrator set.
    flag: Option<bool>,
    /// Ids of users that an administrator deleted.
    removed: BTreeSet<String>,
    /// Number of credentials by pool and user, for everybody who has one.
    credentials: BTreeMap<(String, String), usize>,
}

/// A row of the CRM before and after a change; `None` where there is no row, or one with status `deleted`.
#[derive(Debug, Clone)]
struct RowChange {
    before: Option<UserRow>,
    now: Option<UserRow>,
}

impl Meanwhile {
    /// What SecureAuth may hold of each row at the end of the run.
    pub(super) fn choices(&self, rows: Vec<UserRow>) -> Vec<Choice> {
        let changed = |row: &UserRow| row.user_guid.as_ref().is_some_and(|guid| self.rows.contains_key(guid));
        let unchanged = rows.into_iter().filter(|row| !changed(row)).map(Choice::only);
        let changed = self.rows.values().map(RowChange::in_either_state);
        unchanged.chain(changed).collect()
    }

    /// Whether nobody else did anything that a run could miss.
    pub(super) fn is_nothing(&self) -> bool {
        self.rows.is_empty() && self.flag.is_none() && self.removed.is_empty()
    }

    /// Whether an administrator deleted the user.
    pub(super) fn has_removed(&self, user_id: &str) -> bool {
        self.removed.contains(user_id)
    }

    /// Whether the flag may be this one where the run should leave `wanted`: what an administrator set may stay.
    pub(super) fn flag_may_be(&self, now: Option<bool>, wanted: Option<bool>) -> bool {
        now == wanted || (now.is_some() && now == self.flag)
    }

    /// Forgets who enrolled, but for the users that were there before the run.
    fn only_of_users_before(&mut self, snapshot: &Snapshot) {
        let pools = &snapshot.secureauth.pools;
        let was_there =
            |pool: &String, user: &String| pools.get(pool).is_some_and(|pool| pool.users.contains_key(user));
        self.credentials.retain(|(pool, user), _| was_there(pool, user));
    }

    /// The snapshot before the run, with what people did to its users since: enrolled credentials are there, deleted users are
    /// not.
    fn applied_to(&self, mut snapshot: Snapshot) -> Snapshot {
        for (pool_id, pool) in &mut snapshot.secureauth.pools {
            pool.users.retain(|id, _| !self.removed.contains(id));
            for (id, user) in &mut pool.users {
                if let Some(count) = self.credentials.get(&(pool_id.clone(), id.clone())) {
                    user.credentials = *count;
                }
            }
        }
        snapshot
    }
}
