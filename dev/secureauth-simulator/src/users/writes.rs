//! Accepted writes of users: applied at once, or later than they are answered (row 124).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use time::OffsetDateTime;

use super::model::{User, UserStatus};
use super::store::{Conflict, Sameness, UserStore};
use crate::lag::LagTimes;
use crate::server::call::Call;
use crate::state::State;
use crate::state::record_id::RecordId;
use crate::switches::choices::LateConflict;

/// Changes a user in place. It says the same for every state of the user, because other writes may be applied before it.
pub(crate) type Change = Box<dyn Fn(&mut User) + Send>;

/// What a write does when it is applied.
enum Write {
    /// Stores the user as it is.
    Put(Box<User>),
    /// Changes what is stored then.
    Change(Change),
    Remove,
}

/// An accepted write that is not applied yet.
struct Waiting {
    due: OffsetDateTime,
    times: LagTimes,
    ends_sessions: bool,
    pool_id: String,
    user_id: RecordId,
    write: Write,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting")
            .field("due", &self.due)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// The users of one pool as their waiting writes leave them.
#[derive(Debug, Default)]
struct Ahead {
    users: UserStore,
    removed: BTreeSet<RecordId>,
    /// Number of waiting writes per user.
    waiting: BTreeMap<RecordId, usize>,
}

/// Writes that wait, in the order of their requests.
#[derive(Debug, Default)]
pub(crate) struct LateWrites {
    queue: VecDeque<Waiting>,
    ahead: BTreeMap<String, Ahead>,
}

impl LateWrites {
    fn push(&mut self, sameness: Sameness, waiting: Waiting, newest: Option<User>) {
        let ahead = self.ahead.entry(waiting.pool_id.clone()).or_insert_with(|| Ahead {
            users: UserStore::comparing(sameness),
            ..Ahead::default()
        });
        let (now, at_once, id) = (waiting.due, LagTimes::default(), waiting.user_id.clone());
        if let Some(user) = newest {
            ahead.removed.remove(&id);
            ahead.users.put(now, at_once, user);
        } else {
            ahead.users.remove(now, at_once, &id);
            ahead.removed.insert(id.clone());
        }
        *ahead.waiting.entry(id).or_default() += 1;
        self.queue.push_back(waiting);
    }

    /// The next write that is due. Whoever takes it applies it.
    fn pop(&mut self, now: OffsetDateTime) -> Option<Waiting> {
        self.queue.front().filter(|waiting| waiting.due <= now)?;
        let waiting = self.queue.pop_front()?;
        if let Some(ahead) = self.ahead.get_mut(&waiting.pool_id) {
            let left = ahead.waiting.get_mut(&waiting.user_id).map(|left| {
                *left -= 1;
                *left
            });
            if left.unwrap_or_default() == 0 {
                ahead.waiting.remove(&waiting.user_id);
                ahead.removed.remove(&waiting.user_id);
                ahead.users.remove(now, LagTimes::default(), &waiting.user_id);
            }
            if ahead.waiting.is_empty() {
                self.ahead.remove(&waiting.pool_id);
            }
        }
        Some(waiting)
    }
}

impl State {
    /// How the pool of the path compares identifiers and addresses.
    pub(super) fn sameness(&self, call: &Call) -> Sameness {
        let pool = self.pools.get(call.param("ipID"));
        pool.map(|pool| pool.users.sameness()).unwrap_or_default()
    }

    /// A user as its accepted writes leave it. Reads show the applied ones only.
    pub(crate) fn newest(&self, pool_id: &str, id: &RecordId) -> Option<&User> {
        if let Some(ahead) = self.late.ahead.get(pool_id) {
            if ahead.removed.contains(id) {
                return None;
            }
            if let Some(user) = ahead.users.get(id) {
                return Some(user);
            }
        }
        self.pools.get(pool_id)?.users.get(id)
    }

    /// The conflict of a user with another one (rows 69, 71 and 124).
    pub(crate) fn conflict(&self, call: &Call, pool_id: &str, user: &User) -> Option<Conflict> {
        let applied = || self.pools.get(pool_id)?.users.conflict(user);
        let waiting = || self.late.ahead.get(pool_id)?.users.conflict(user);
        let is_refused = |_: &Conflict| *call.switches.late_conflict == LateConflict::Refused;
        applied().or_else(|| waiting().filter(is_refused))
    }

    /// Whether a write of this call waits before it is applied. A write never overtakes another one.
    pub(crate) fn is_late(&self, call: &Call) -> bool {
        *call.switches.user_persistence_lag_ms > 0 || !self.late.queue.is_empty()
    }

    /// Accepts a user that has no conflict. With `change` a late write changes what is stored then, without it the user replaces that.
    pub(crate) fn put_user(&mut self, call: &Call, pool_id: &str, user: User, change: Option<Change>) {
        if self.is_late(call) {
            let write = match change {
                Some(change) => Write::Change(change),
                None => Write::Put(Box::new(user.clone())),
            };
            self.postpone(call, pool_id, user.id.clone(), write, Some(user));
        } else {
            let ends_sessions = call.switches.inactive_ends_sessions.is_on();
            self.apply_put(call.now, LagTimes::of(call), ends_sessions, pool_id, user);
        }
    }

    /// Accepts the deletion of a user.
    pub(crate) fn delete_user(&mut self, call: &Call, pool_id: &str, id: &RecordId) {
        if self.is_late(call) {
            self.postpone(call, pool_id, id.clone(), Write::Remove, None);
        } else {
            let ends_sessions = call.switches.inactive_ends_sessions.is_on();
            self.apply_removal(call.now, LagTimes::of(call), ends_sessions, pool_id, id);
        }
    }

    /// Applies the writes that are due; done before anything looks at the tenant.
    pub(crate) fn apply_late_writes(&mut self, now: OffsetDateTime) {
        while let Some(waiting) = self.late.pop(now) {
            let Waiting {
                due,
                times,
                ends_sessions,
                pool_id,
                user_id,
                write,
            } = waiting;
            let Some(pool) = self.pools.live(&pool_id) else {
                continue;
            };
            let user = match write {
                Write::Remove => {
                    self.apply_removal(due, times, ends_sessions, &pool_id, &user_id);
                    continue;
                }
                Write::Put(user) => Some(*user),
                Write::Change(change) => pool.users.get(&user_id).cloned().map(|mut user| {
                    change(&mut user);
                    user
                }),
            };
            // A write that conflicts by now, or whose user is gone, has no effect.
            if let Some(user) = user.filter(|user| pool.users.conflict(user).is_none()) {
                self.apply_put(due, times, ends_sessions, &pool_id, user);
            }
        }
    }

    fn postpone(&mut self, call: &Call, pool_id: &str, user_id: RecordId, write: Write, newest: Option<User>) {
        let lag = Duration::from_millis(*call.switches.user_persistence_lag_ms);
        let last = self.late.queue.back().map(|waiting| waiting.due);
        let due = (call.now + lag).max(last.unwrap_or(call.now));
        let sameness = self
            .pools
            .get(pool_id)
            .map(|it| it.users.sameness())
            .unwrap_or_default();
        let waiting = Waiting {
            due,
            times: LagTimes::of(call),
            ends_sessions: call.switches.inactive_ends_sessions.is_on(),
            pool_id: pool_id.to_owned(),
            user_id,
            write,
        };
        self.late.push(sameness, waiting, newest);
    }

    fn apply_put(&mut self, now: OffsetDateTime, times: LagTimes, ends_sessions: bool, pool_id: &str, user: User) {
        if ends_sessions && matches!(user.status, UserStatus::Inactive | UserStatus::Deleted) {
            self.pools.end_sessions(pool_id, &user.id);
        }
        self.pools.put_user(now, times, pool_id, user);
    }

    fn apply_removal(
        &mut self,
        now: OffsetDateTime,
        times: LagTimes,
        ends_sessions: bool,
        pool_id: &str,
        id: &RecordId,
    ) {
        if ends_sessions {
            self.pools.end_sessions(pool_id, id);
        }
        self.pools.remove_user(now, times, pool_id, id);
    }
}
