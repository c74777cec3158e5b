//! Paging as the list operations share it: cursor, order, limit (rows 28 and 78).

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

    /// Cuts the page out of a sorted map, reading only the part it is in.
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
    match (text.parse::<i64>(), call.switches.limit_out_of_range) {
        (Ok(limit), LimitRange::Clamped) => Ok(usize::try_from(limit.clamp(1, 100)).unwrap_or(1)),
        (Ok(limit @ 1..=100), LimitRange::Refused) => Ok(usize::try_from(limit).unwrap_or(1)),
        _ => Err(ApiError::bad_request("limit takes 1 to 100")),
    }
}
