//! What a run would do with single people, or report of them.

use std::collections::BTreeMap;

use strum::Display;
use uuid::Uuid;

use crate::domain::tally::Tally;

/// What a run would do with a user, or report of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Display)]
#[strum(serialize_all = "lowercase")]
pub enum Planned {
    /// Import it into the pool.
    Imported,
    /// Change it, because the CRM has other values than were sent last.
    Changed,
    /// End its access.
    Deactivated,
    /// Give access back.
    Reactivated,
    /// Leave it alone: the pool held it before the biller's first run.
    Linked,
    /// Read it, then change or deactivate it if it differs: a call had no outcome, or it is adopted.
    #[strum(to_string = "read first")]
    ReadFirst,
    /// Report it: the CRM gives no access, and it is not adopted.
    #[strum(to_string = "not adopted")]
    NotAdopted,
    /// Report it: it left the CRM and keeps access.
    Kept,
    /// Report it: it does not fit the pool's schema, or somebody else in the pool has its user name.
    #[strum(to_string = "data error")]
    DataError,
    /// Give its account the new GUID. Counted elsewhere too, by what else happens to it.
    #[strum(to_string = "re-keyed")]
    Rekeyed,
}

/// The users of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// How many there are.
    pub count: u64,
    /// The first of them, at most [`Tally::NAMED`], and what would be done, or nothing where the kind says all.
    pub first: Vec<(Uuid, String)>,
}

/// What the run would do with users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOutlook {
    /// Users whose accounts are as the CRM has them.
    pub already_present: u64,
    /// All others.
    pub people: BTreeMap<Planned, People>,
}

impl ImportOutlook {
    /// A new pool gets all users who have no data error.
    pub(super) fn of_new_pool(users: u64) -> Self {
        let people = People {
            count: users,
            ..People::default()
        };
        Self {
            people: [(Planned::Imported, people)].into(),
            ..Self::default()
        }
    }

    /// How many users of this kind there are.
    pub fn count_of(&self, kind: Planned) -> u64 {
        self.people.get(&kind).map_or(0, |people| people.count)
    }

    /// Counts one user, and names it if it is one of the first of its kind.
    pub(super) fn count(&mut self, kind: Planned, user: Uuid, what: impl Into<String>) {
        let people = self.people.entry(kind).or_default();
        people.count += 1;
        if people.first.len() < Tally::NAMED {
            people.first.push((user, what.into()));
        }
    }
}
