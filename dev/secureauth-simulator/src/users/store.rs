//! The users of one pool with the indexes that keep them unique. Only a search by text reads all
//! users.

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use time::OffsetDateTime;

use super::counts::Counts;
use super::model::User;
use crate::lag::{Lag, LagTimes, Reader};
use crate::state::page::Page;
use crate::state::record_id::RecordId;

/// The kinds of sub-record; each has ids of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SubRecord {
    Identifier,
    Address,
    Credential,
}

/// Why a user cannot be stored (rows 69 and 71).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// An identifier belongs to this other user.
    Identifier(RecordId),
    /// A verified address belongs to this other user.
    VerifiedAddress(RecordId),
}

/// Users of a pool. Indexes with an entry for each user are `IndexMap`s: a `HashMap` of a million stops every call for most of a second
/// while it grows.
#[derive(Debug, Default)]
pub(crate) struct UserStore {
    users: BTreeMap<RecordId, User>,
    /// Identifier → user, written as it compares in this pool.
    identifiers: IndexMap<Box<str>, RecordId>,
    /// Verified address → user, likewise.
    verified: IndexMap<Box<str>, RecordId>,
    owners: IndexMap<(SubRecord, RecordId), RecordId>,
    counts: Counts,
    lag: Lag<RecordId, User>,
    /// Open sessions per user. They outlive changes of the user.
    sessions: HashMap<RecordId, usize>,
    sameness: Sameness,
}

/// How a pool compares identifiers and addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sameness {
    case_insensitive: bool,
}

impl Sameness {
    /// The text as it compares in the pool.
    pub(crate) fn key(self, text: &str) -> Box<str> {
        if self.case_insensitive {
            text.to_lowercase().into()
        } else {
            text.into()
        }
    }

    /// Whether two texts are the same in the pool.
    pub(crate) fn of(self, one: &str, other: &str) -> bool {
        one == other || self.key(one) == self.key(other)
    }
}

impl UserStore {
    /// An empty store that compares identifiers exactly or in lower case (row 69).
    pub(crate) fn new(case_insensitive: bool) -> Self {
        Self {
            sameness: Sameness { case_insensitive },
            ..Self::default()
        }
    }

    pub(crate) fn sameness(&self) -> Sameness {
        self.sameness
    }

    /// Number of open sessions, also of a user who was deleted (row 102).
    pub(crate) fn sessions(&self, id: &RecordId) -> usize {
        self.sessions.get(id).copied().unwrap_or_default()
    }

    pub(crate) fn open_session(&mut self, id: &RecordId) {
        *self.sessions.entry(id.clone()).or_default() += 1;
    }

    pub(crate) fn end_sessions(&mut self, id: &RecordId) {
        self.sessions.remove(id);
    }

    pub(crate) fn get(&self, id: &RecordId) -> Option<&User> {
        self.users.get(id)
    }

    /// Every user by id.
    pub(crate) fn all(&self) -> &BTreeMap<RecordId, User> {
        &self.users
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The state that a GET shows; it may be older (row 15).
    pub(crate) fn read(&self, now: OffsetDateTime, id: &RecordId, fresh: bool) -> Option<&User> {
        let current = self.get(id);
        if fresh {
            return current;
        }
        self.lag.shown(now, Reader::Get, id).or_current(current)
    }

    /// A page of the list, which may show older states (rows 15 and 78).
    pub(crate) fn page(
        &self,
        now: OffsetDateTime,
        page: &Page<RecordId>,
        wanted: impl Fn(&User) -> bool,
    ) -> Vec<&User> {
        if self.lag.is_empty() {
            let rows = page.cut(&self.users, |_, user| wanted(user));
            return rows.into_iter().map(|(_, user)| user).collect();
        }
        let present = page.cut(&self.users, |id, user| self.listed(now, id, user).is_some_and(&wanted));
        let gone = |id: &RecordId, user: &User| !self.users.contains_key(id) && wanted(user);
        let gone = self.lag.cut_old(now, page, gone);
        page.merge(present, gone)
            .into_iter()
            .filter_map(|(id, user)| self.listed(now, id, user))
            .collect()
    }

    /// The state of a user that the list shows.
    fn listed<'a>(&'a self, now: OffsetDateTime, id: &RecordId, current: &'a User) -> Option<&'a User> {
        self.lag.shown(now, Reader::List, id).or_current(Some(current))
    }

    /// An empty store that compares as another one does.
    pub(super) fn comparing(sameness: Sameness) -> Self {
        Self {
            sameness,
            ..Self::default()
        }
    }

    /// The user with this identifier or, failing that, this verified address.
    pub(crate) fn by_identifier(&self, value: &str) -> Option<&User> {
        self.users.get(self.identifiers.get(&self.key(value))?)
    }

    /// The user with this verified address.
    pub(crate) fn by_verified_address(&self, value: &str) -> Option<&User> {
        self.users.get(self.verified.get(&self.key(value))?)
    }

    /// The user a sub-record belongs to.
    pub(crate) fn owner(&self, kind: SubRecord, id: &RecordId) -> Option<&RecordId> {
        self.owners.get(&(kind, id.clone()))
    }

    /// Rows 69 and 71: the conflict of this user with another one.
    pub(crate) fn conflict(&self, user: &User) -> Option<Conflict> {
        let other = |index: &IndexMap<Box<str>, RecordId>, value: &str| {
            index.get(&self.key(value)).filter(|owner| **owner != user.id).cloned()
        };
        let taken = |value: &str| other(&self.identifiers, value).or_else(|| other(&self.verified, value));
        let identifier = user.identifiers.iter().find_map(|identifier| taken(&identifier.value));
        if let Some(owner) = identifier {
            return Some(Conflict::Identifier(owner));
        }
        let mut verified = user.addresses.iter().filter(|address| address.verified);
        verified
            .find_map(|address| taken(&address.value))
            .map(Conflict::VerifiedAddress)
    }

    /// Adds or replaces a user that has no conflict. Returns the one it replaced.
    pub(crate) fn put(&mut self, now: OffsetDateTime, times: LagTimes, user: User) -> Option<User> {
        let id = user.id.clone();
        self.counts.hold(now, times.count);
        let before = self.users.remove(&id);
        if let Some(before) = &before {
            self.unindex(before);
        }
        self.lag.record(now, times, id.clone(), || before.clone());
        self.index(&user);
        self.users.insert(id, user);
        before
    }

    /// Removes and returns a user.
    pub(crate) fn remove(&mut self, now: OffsetDateTime, times: LagTimes, id: &RecordId) -> Option<User> {
        self.counts.hold(now, times.count);
        let before = self.users.remove(id)?;
        self.unindex(&before);
        self.lag.record(now, times, id.clone(), || Some(before.clone()));
        Some(before)
    }

    /// Builds the indexes anew after the pool's setting was changed.
    pub(crate) fn set_case_insensitive(&mut self, case_insensitive: bool) {
        if self.sameness.case_insensitive == case_insensitive {
            return;
        }
        let mut changed = Self::new(case_insensitive);
        for user in self.users.values() {
            changed.index(user);
        }
        changed.users = std::mem::take(&mut self.users);
        changed.sessions = std::mem::take(&mut self.sessions);
        *self = changed;
    }

    fn index(&mut self, user: &User) {
        self.counts.add(user);
        for identifier in &user.identifiers {
            self.identifiers.insert(self.key(&identifier.value), user.id.clone());
        }
        for address in user.addresses.iter().filter(|address| address.verified) {
            self.verified.insert(self.key(&address.value), user.id.clone());
        }
        for key in sub_records(user) {
            self.owners.insert(key, user.id.clone());
        }
    }

    fn unindex(&mut self, user: &User) {
        self.counts.subtract(user);
        for identifier in &user.identifiers {
            self.identifiers.swap_remove(&self.key(&identifier.value));
        }
        for address in user.addresses.iter().filter(|address| address.verified) {
            self.verified.swap_remove(&self.key(&address.value));
        }
        for key in sub_records(user) {
            self.owners.swap_remove(&key);
        }
    }

    fn key(&self, value: &str) -> Box<str> {
        self.sameness.key(value)
    }
}

fn sub_records(user: &User) -> impl Iterator<Item = (SubRecord, RecordId)> {
    let identifiers = user.identifiers.iter().map(|it| (SubRecord::Identifier, it.id.clone()));
    let addresses = user.addresses.iter().map(|it| (SubRecord::Address, it.id.clone()));
    let credentials = user.credentials.iter().map(|it| (SubRecord::Credential, it.id.clone()));
    identifiers.chain(addresses).chain(credentials)
}
