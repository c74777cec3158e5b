//! The writes of an import, for its rollback (row 75).

use std::collections::HashSet;

use serde_json::Value;

use crate::lag::LagTimes;
use crate::pools::PoolHead;
use crate::schemas::Schema;
use crate::server::call::Call;
use crate::state::State;
use crate::state::record_id::RecordId;
use crate::users::{SubRecord, User};

/// One write with the state before it.
#[derive(Debug)]
enum Write {
    User {
        pool_id: String,
        id: RecordId,
        before: Option<Box<User>>,
    },
    Pool {
        id: String,
        before: Option<PoolHead>,
    },
    Schema {
        id: String,
        before: Option<Box<Schema>>,
    },
    Group {
        id: String,
        before: Option<Value>,
    },
}

/// The writes of an import, in order.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    writes: Vec<Write>,
    /// Users this import has written: a conflict with one of them is a duplicate in the payload (row 70).
    pub(super) users: HashSet<RecordId>,
    /// Sub-records this import has written.
    pub(super) sub_records: HashSet<(SubRecord, RecordId)>,
}

impl Transaction {
    pub(super) fn put_user(&mut self, state: &mut State, call: &Call, pool_id: &str, user: User) {
        let id = user.id.clone();
        let before = state.pools.put_user(call.now, LagTimes::of(call), pool_id, user);
        let (pool_id, before) = (pool_id.to_owned(), before.map(Box::new));
        self.writes.push(Write::User { pool_id, id, before });
    }

    pub(super) fn remove_user(&mut self, state: &mut State, call: &Call, pool_id: &str, id: &RecordId) {
        let before = state.pools.remove_user(call.now, LagTimes::of(call), pool_id, id);
        let (pool_id, before) = (pool_id.to_owned(), before.map(Box::new));
        self.writes.push(Write::User {
            pool_id,
            id: id.clone(),
            before,
        });
    }

    pub(super) fn wrote_pool(&mut self, id: String, before: Option<PoolHead>) {
        self.writes.push(Write::Pool { id, before });
    }

    pub(super) fn wrote_schema(&mut self, id: String, before: Option<Schema>) {
        self.writes.push(Write::Schema {
            id,
            before: before.map(Box::new),
        });
    }

    pub(super) fn wrote_group(&mut self, id: String, before: Option<Value>) {
        self.writes.push(Write::Group { id, before });
    }

    /// The import stays. Late writes of users are undone and wait to be applied (row 124); users who must not sign in any more lose
    /// their sessions where the switch says so (row 102).
    pub(super) fn settle(self, state: &mut State, call: &Call) {
        if !state.is_late(call) && !call.switches.inactive_ends_sessions.is_on() {
            return;
        }
        let mut seen = HashSet::new();
        let mut written = Vec::new();
        for write in &self.writes {
            if let Write::User { pool_id, id, .. } = write
                && seen.insert((pool_id, id))
            {
                let user = state.pools.get(pool_id).and_then(|pool| pool.users.get(id)).cloned();
                written.push((pool_id.clone(), id.clone(), user));
            }
        }
        let users = self
            .writes
            .into_iter()
            .filter(|write| matches!(write, Write::User { .. }));
        Self {
            writes: users.collect(),
            ..Self::default()
        }
        .roll_back(state, call);
        for (pool_id, id, user) in written {
            match user {
                Some(user) => state.put_user(call, &pool_id, user, None),
                None => state.delete_user(call, &pool_id, &id),
            }
        }
    }

    /// Undoes the writes, the last one first.
    pub(super) fn roll_back(self, state: &mut State, call: &Call) {
        let at_once = LagTimes::default();
        for write in self.writes.into_iter().rev() {
            match write {
                Write::User {
                    pool_id,
                    before: Some(user),
                    ..
                } => {
                    state.pools.put_user(call.now, at_once, &pool_id, *user);
                }
                Write::User {
                    pool_id,
                    id,
                    before: None,
                } => {
                    state.pools.remove_user(call.now, at_once, &pool_id, &id);
                }
                Write::Pool { id, before } => state.pools.restore(call.now, &id, before),
                Write::Schema {
                    before: Some(schema), ..
                } => {
                    state.schemas.put(*schema);
                }
                Write::Schema { id, before: None } => state.schemas.remove(&id),
                Write::Group {
                    id,
                    before: Some(group),
                } => {
                    state.groups.insert(id, group);
                }
                Write::Group { id, before: None } => {
                    state.groups.remove(&id);
                }
            }
        }
    }
}
