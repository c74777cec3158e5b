//! Pools by id and by workspace, and the pool of every user id.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;
use time::OffsetDateTime;

use super::model::{Pool, PoolHead};
use crate::lag::{Lag, LagTimes, Reader};
use crate::state::record_id::RecordId;
use crate::users::{User, UserStore};

/// The tenant's pools.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    by_id: BTreeMap<String, Pool>,
    /// Workspace → its pools; "" for pools of the tenant.
    by_workspace: BTreeMap<String, BTreeSet<String>>,
    /// Ids that stay unusable (row 48).
    tombstones: BTreeSet<String>,
    /// Deleted pools that are still readable, by the time of their purge.
    purges: BTreeSet<(OffsetDateTime, String)>,
    lag: Lag<String, PoolHead>,
    last_number: u32,
    /// Pools by number. A deleted pool has no entry.
    numbers: HashMap<u32, String>,
    /// User id → number of the pool it was last written in (row 74).
    homes: IndexMap<RecordId, u32>,
}

impl Pools {
    pub(crate) fn all(&self) -> &BTreeMap<String, Pool> {
        &self.by_id
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Pool> {
        self.by_id.get(id)
    }

    /// A pool that is not deleted.
    pub(crate) fn live(&self, id: &str) -> Option<&Pool> {
        self.get(id).filter(|pool| !pool.is_deleted())
    }

    /// The settings a GET is to show, which may be an older state (row 15).
    pub(super) fn read(&self, now: OffsetDateTime, id: &str, fresh: bool) -> Option<&PoolHead> {
        let current = self.get(id).map(|pool| &pool.head);
        if fresh || self.lag.is_empty() {
            return current;
        }
        self.lag.shown(now, Reader::Get, &id.to_owned()).or_current(current)
    }

    /// The workspace of a pool; empty for a tenant's pool and an unknown one.
    pub(crate) fn workspace_of(&self, id: &str) -> &str {
        self.get(id).map_or("", |pool| pool.text("workspace_id"))
    }

    pub(crate) fn ids_of_workspace(&self, workspace_id: &str) -> impl Iterator<Item = &String> {
        self.by_workspace.get(workspace_id).into_iter().flatten()
    }

    /// True when a new pool may not have the id.
    pub(super) fn is_taken(&self, id: &str) -> bool {
        self.by_id.contains_key(id) || self.tombstones.contains(id)
    }

    /// Adds a pool or replaces the settings of one.
    pub(super) fn put(&mut self, now: OffsetDateTime, times: LagTimes, head: PoolHead) {
        let id = head.text("id").to_owned();
        let before = self.by_id.get(&id).map(|pool| pool.head.clone());
        if let Some(ids) = before
            .as_ref()
            .and_then(|it| self.by_workspace.get_mut(it.text("workspace_id")))
        {
            ids.remove(&id);
        }
        self.by_workspace
            .entry(head.text("workspace_id").to_owned())
            .or_default()
            .insert(id.clone());
        self.lag.record(now, times, id.clone(), || before);
        if let Some(pool) = self.by_id.get_mut(&id) {
            pool.users.set_case_insensitive(head.is_case_insensitive());
            pool.head = head;
            return;
        }
        self.last_number += 1;
        self.numbers.insert(self.last_number, id.clone());
        let users = UserStore::new(head.is_case_insensitive());
        self.by_id.insert(
            id,
            Pool {
                head,
                number: self.last_number,
                purge_at: None,
                users,
            },
        );
    }

    /// Marks a pool deleted; it stays readable until the time given.
    pub(super) fn mark_deleted(&mut self, id: &str, purge_at: OffsetDateTime) {
        if let Some(pool) = self.by_id.get_mut(id) {
            pool.purge_at = Some(purge_at);
            self.purges.insert((purge_at, id.to_owned()));
        }
    }

    /// Row 48: the next pool to purge.
    pub(super) fn next_purge(&mut self, now: OffsetDateTime) -> Option<String> {
        self.purges.first().filter(|(at, _)| *at <= now)?;
        self.purges.pop_first().map(|(_, id)| id)
    }

    /// The id of a deleted pool stays unusable.
    pub(super) fn bury(&mut self, id: &str) {
        self.tombstones.insert(id.to_owned());
    }

    /// Removes a pool with its users.
    pub(crate) fn remove(&mut self, now: OffsetDateTime, times: LagTimes, id: &str) {
        let Some(pool) = self.by_id.remove(id) else {
            return;
        };
        self.numbers.remove(&pool.number);
        if let Some(ids) = self.by_workspace.get_mut(pool.text("workspace_id")) {
            ids.remove(id);
        }
        self.lag.record(now, times, id.to_owned(), || Some(pool.head.clone()));
        // Freeing a million users takes a while, and the next request must not wait for it.
        std::thread::spawn(move || drop(pool));
    }

    /// Row 32: the pools of a deleted workspace stay, without a workspace.
    pub(crate) fn orphan(&mut self, workspace_id: &str) {
        for id in self.by_workspace.remove(workspace_id).unwrap_or_default() {
            if let Some(pool) = self.by_id.get_mut(&id) {
                pool.head.settings.insert("workspace_id".to_owned(), "".into());
                self.by_workspace.entry(String::new()).or_default().insert(id);
            }
        }
    }

    /// Undoes [`Self::put`]: the settings of before, or no pool.
    pub(crate) fn restore(&mut self, now: OffsetDateTime, id: &str, before: Option<PoolHead>) {
        match before {
            Some(head) => self.put(now, LagTimes::default(), head),
            None => self.remove(now, LagTimes::default(), id),
        }
    }

    /// The pool a user id was last written in, if that pool is still there and has it.
    pub(crate) fn home_of(&self, user: &RecordId) -> Option<&str> {
        let pool = self.get(self.numbers.get(self.homes.get(user)?)?)?;
        pool.users.get(user).map(|_| pool.id())
    }

    /// Adds or replaces a user. Returns the one it replaced.
    pub(crate) fn put_user(&mut self, now: OffsetDateTime, times: LagTimes, pool_id: &str, user: User) -> Option<User> {
        let pool = self.by_id.get_mut(pool_id)?;
        self.homes.insert(user.id.clone(), pool.number);
        pool.users.put(now, times, user)
    }

    /// A user signed in (row 102).
    pub(crate) fn open_session(&mut self, pool_id: &str, user: &RecordId) {
        if let Some(pool) = self.by_id.get_mut(pool_id) {
            pool.users.open_session(user);
        }
    }

    /// Ends all sessions of a user (rows 102 and 103).
    pub(crate) fn end_sessions(&mut self, pool_id: &str, user: &RecordId) {
        if let Some(pool) = self.by_id.get_mut(pool_id) {
            pool.users.end_sessions(user);
        }
    }

    /// Removes and returns a user.
    pub(crate) fn remove_user(
        &mut self,
        now: OffsetDateTime,
        times: LagTimes,
        pool_id: &str,
        user: &RecordId,
    ) -> Option<User> {
        let pool = self.by_id.get_mut(pool_id)?;
        if self.homes.get(user) == Some(&pool.number) {
            self.homes.swap_remove(user);
        }
        pool.users.remove(now, times, user)
    }
}
