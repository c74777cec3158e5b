//! Paging of all lists: cursor, order, limit (rows 28 and 78).

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::errors::ApiError;
use crate::server::call::Call;
use crate::switches::choices::LimitRange;

/// The paging parameters of a request. Without a cursor the page is the first one.
#[derive(Debug, Clone)]
pub(crate) struct Page<K> {
    after: Option<K>,
    before: Option<K>,
    descending: bool,
    limit: usize,
}

impl<K: Ord + Clone + for<'a> From<&'a str>> Page<K> {
    /// Reads `limit` (1..100, default 20), `order` and the cursors, whose names differ per list.
    pub(crate) fn of(call: &Call, after: &str, before: &str) -> Result<Self, ApiError> {
        let cursor = |name| call.query(name).filter(|id| !id.is_empty()).map(K::from);
        Ok(Self {
            after: cursor(after),
            before: cursor(before),
            descending: call.query("order") == Some("desc"),
            limit: limit(call)?,
        })
    }

    /// The page of `limit` rows after a key.
    pub(crate) fn after(after: Option<K>, limit: usize) -> Self {
        Self {
            after,
            before: None,
            descending: false,
            limit,
        }
    }

    /// Cuts the page out of a sorted map and reads only that part of it.
    pub(crate) fn cut<'m, V>(&self, map: &'m BTreeMap<K, V>, wanted: impl Fn(&K, &V) -> bool) -> Vec<(&'m K, &'m V)> {
        let bound = |cursor: &Option<K>| cursor.clone().map_or(Bound::Unbounded, Bound::Excluded);
        // In descending order the rows "after" a key are the smaller ones.
        let (low, high) = if self.descending {
            (bound(&self.before), bound(&self.after))
        } else {
            (bound(&self.after), bound(&self.before))
        };
        if matches!((&low, &high), (Bound::Excluded(low), Bound::Excluded(high)) if low >= high) {
            return Vec::new();
        }
        let range = map.range((low, high)).filter(|(key, value)| wanted(key, value));
        let backwards = self.backwards();
        let mut page: Vec<_> = if backwards {
            range.rev().take(self.limit).collect()
        } else {
            range.take(self.limit).collect()
        };
        if backwards != self.descending {
            page.reverse();
        }
        page
    }

    /// Makes one page of two pages of the same parameters whose keys are disjoint.
    pub(crate) fn merge<'m, V>(&self, left: Vec<(&'m K, &'m V)>, right: Vec<(&'m K, &'m V)>) -> Vec<(&'m K, &'m V)> {
        if right.is_empty() {
            return left;
        }
        let mut page: Vec<_> = left.into_iter().chain(right).collect();
        page.sort_by(|(left, _), (right, _)| {
            if self.backwards() {
                right.cmp(left)
            } else {
                left.cmp(right)
            }
        });
        page.truncate(self.limit);
        if self.backwards() != self.descending {
            page.reverse();
        }
        page
    }

    /// The rows are the last of the range: in descending order, or with only "before" given (the
    /// rows just in front of it, not the first of all).
    fn backwards(&self) -> bool {
        self.descending ^ (self.before.is_some() && self.after.is_none())
    }
}

/// Row 28: `limit` outside 1..100 is refused or clamped.
fn limit(call: &Call) -> Result<usize, ApiError> {
    let Some(text) = call.query("limit") else {
        return Ok(20);
    };
    match (text.parse::<i64>(), *call.switches.limit_out_of_range) {
        (Ok(limit), LimitRange::Clamped) => Ok(usize::try_from(limit.clamp(1, 100)).unwrap_or(1)),
        (Ok(limit @ 1..=100), LimitRange::Refused) => Ok(usize::try_from(limit).unwrap_or(1)),
        _ => Err(ApiError::bad_request("limit takes 1 to 100")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    /// Direction of the walk: the page after the last row, or the page before the first one.
    #[derive(Debug, Clone, Copy)]
    struct Walk {
        descending: bool,
        by_before: bool,
        limit: usize,
    }

    fn key(number: u8) -> String {
        format!("{number:03}")
    }

    fn walks() -> impl Strategy<Value = Walk> {
        (any::<bool>(), any::<bool>(), 1_usize..9).prop_map(|(descending, by_before, limit)| Walk {
            descending,
            by_before,
            limit,
        })
    }

    /// Walks from one end to the other while every page is followed by a change of some keys. Returns the rows in the
    /// order of the walk.
    fn walk(
        walk: Walk,
        map: &mut BTreeMap<String, u8>,
        changes: &[Vec<u8>],
        may_change: impl Fn(u8) -> bool,
    ) -> Vec<String> {
        let Walk {
            descending,
            by_before,
            limit,
        } = walk;
        let mut changes = changes.iter();
        let mut met: Vec<String> = Vec::new();
        // "Before" needs a row to start from: one beyond the end.
        let beyond = if descending { "" } else { "zzz" };
        loop {
            let cursor = met.last().cloned();
            let (after, before) = if by_before {
                (None, Some(cursor.unwrap_or_else(|| beyond.to_owned())))
            } else {
                (cursor, None)
            };
            let page = Page {
                after,
                before,
                descending,
                limit,
            };
            let mut rows: Vec<String> = page
                .cut(map, |_, _| true)
                .into_iter()
                .map(|(key, _)| key.clone())
                .collect();
            if by_before {
                rows.reverse();
            }
            let last = rows.len() < limit;
            met.extend(rows);
            assert!(met.len() <= 256, "more rows than there are keys: {met:?}");
            if last {
                return met;
            }
            for number in changes
                .next()
                .into_iter()
                .flatten()
                .copied()
                .filter(|number| may_change(*number))
            {
                if map.remove(&key(number)).is_none() {
                    map.insert(key(number), number);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_row_is_skipped_or_repeated_while_others_come_and_go(
            present in btree_set(0_u8..120, 0..80),
            staying in btree_set(0_u8..120, 0..40),
            changes in vec(vec(0_u8..120, 0..12), 0..40),
            how in walks(),
        ) {
            let mut map: BTreeMap<String, u8> = present.union(&staying).map(|number| (key(*number), *number)).collect();
            let met = walk(how, &mut map, &changes, |number| !staying.contains(&number));
            let distinct: BTreeSet<&String> = met.iter().collect();
            prop_assert_eq!(distinct.len(), met.len(), "a row came twice: {:?}", met);
            for number in &staying {
                prop_assert!(distinct.contains(&key(*number)), "{} was skipped: {:?}", number, met);
            }
            let rising = how.descending == how.by_before;
            prop_assert!(met.is_sorted_by(|left, right| (left < right) == rising), "{:?}", met);
        }
    }
}
