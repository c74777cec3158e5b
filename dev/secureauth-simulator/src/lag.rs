//! Eventual consistency: a read may show the state before a write (rows 15, 49).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use time::OffsetDateTime;

use crate::server::call::Call;
use crate::state::page::Page;

/// How long reads do not show a write, by kind of read. Decided when the write happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LagTimes {
    /// GET of one object.
    pub(crate) get: Duration,
    /// The users list.
    pub(crate) list: Duration,
    /// `number_of_users`.
    pub(crate) count: Duration,
}

impl LagTimes {
    /// The lag of a call: a fault's, else the switches'.
    pub(crate) fn of(call: &Call) -> Self {
        match call.lag {
            Some(lag) => Self {
                get: lag,
                list: lag,
                count: lag,
            },
            None => Self {
                get: Duration::from_millis(*call.switches.read_lag_ms),
                list: Duration::from_millis(*call.switches.users_list_lag_ms),
                count: Duration::from_millis(*call.switches.user_count_lag_ms),
            },
        }
    }

    /// True when GETs and lists show every write at once.
    pub(crate) fn is_none(self) -> bool {
        self.get.is_zero() && self.list.is_zero()
    }
}

/// Kind of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// GET of one object.
    Get,
    /// A list.
    List,
}

/// The state of one object that a lagging read shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown<'a, V> {
    /// The current state.
    Current,
    /// No object, because it did not exist before the write.
    Absent,
    /// This earlier state.
    Old(&'a V),
}

impl<'a, V> Shown<'a, V> {
    /// The state to show, given the current one.
    pub(crate) fn or_current(self, current: Option<&'a V>) -> Option<&'a V> {
        match self {
            Self::Current => current,
            Self::Absent => None,
            Self::Old(old) => Some(old),
        }
    }
}

#[derive(Debug)]
struct Held<V> {
    before: Option<V>,
    get_until: OffsetDateTime,
    list_until: OffsetDateTime,
}

/// Old states that reads may show, by key. Empty without a lag.
#[derive(Debug)]
pub(crate) struct Lag<K, V> {
    held: BTreeMap<K, Held<V>>,
    expiry: BTreeSet<(OffsetDateTime, K)>,
}

impl<K, V> Default for Lag<K, V> {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            expiry: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone, V> Lag<K, V> {
    /// Records the state before a write (`None`: no object). Keeps a state that is recorded already.
    pub(crate) fn record(&mut self, now: OffsetDateTime, times: LagTimes, key: K, before: impl FnOnce() -> Option<V>) {
        self.expire(now);
        if times.is_none() || self.held.contains_key(&key) {
            return;
        }
        let (get_until, list_until) = (now + times.get, now + times.list);
        self.expiry.insert((get_until.max(list_until), key.clone()));
        self.held.insert(
            key,
            Held {
                before: before(),
                get_until,
                list_until,
            },
        );
    }

    /// The state of `key` that the reader sees.
    pub(crate) fn shown(&self, now: OffsetDateTime, reader: Reader, key: &K) -> Shown<'_, V> {
        match self.held.get(key).filter(|held| held.lags(now, reader)) {
            None => Shown::Current,
            Some(Held { before: None, .. }) => Shown::Absent,
            Some(Held {
                before: Some(before), ..
            }) => Shown::Old(before),
        }
    }

    /// True when no read lags.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// A page of the old states that the list shows and that `wanted` accepts.
    pub(crate) fn cut_old(&self, now: OffsetDateTime, page: &Page<K>, wanted: impl Fn(&K, &V) -> bool) -> Vec<(&K, &V)>
    where
        K: for<'a> From<&'a str>,
    {
        let shown = |key: &K, held: &Held<V>| {
            held.lags(now, Reader::List) && held.before.as_ref().is_some_and(|it| wanted(key, it))
        };
        page.cut(&self.held, shown)
            .into_iter()
            .filter_map(|(key, held)| Some((key, held.before.as_ref()?)))
            .collect()
    }

    fn expire(&mut self, now: OffsetDateTime) {
        while let Some((until, _)) = self.expiry.first()
            && *until <= now
            && let Some((_, key)) = self.expiry.pop_first()
        {
            self.held.remove(&key);
        }
    }
}

impl<V> Held<V> {
    fn lags(&self, now: OffsetDateTime, reader: Reader) -> bool {
        match reader {
            Reader::Get => now < self.get_until,
            Reader::List => now < self.list_until,
        }
    }
}
