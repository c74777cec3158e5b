//! User names of rows with data errors. In a found pool the user with such a name may be the one of that row's person, so nobody else with
//! a `deleted` row gets it.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::target::Values;
use super::values::fold;
use crate::domain::ids::BillerId;
use crate::domain::user::BarredUser;
use crate::store::{Batch, Store, StoreError};

/// Rows that are read with one statement.
const AT_ONCE: usize = 1_000;

/// Whose users may be somebody else's.
#[derive(Debug, Default)]
pub(in super::super::super) struct DoubtfulNames {
    /// Some rows cannot be looked up, so any name may be one of theirs.
    are_all: bool,
    /// Who has a name, in the form in which the pool compares it.
    people: HashMap<String, HashSet<Uuid>>,
}

impl DoubtfulNames {
    /// Of these people, whose rows have data errors. Rows without a GUID cannot be looked up, and of more issues than the database keeps
    /// some are not known.
    pub(in super::super::super) async fn of(
        store: &dyn Store,
        biller: &BillerId,
        people: HashSet<Uuid>,
        issues: u64,
        values: &Values,
    ) -> Result<Self, StoreError> {
        let mut names = Self {
            are_all: issues >= Batch::ISSUES_KEPT || store.users_without_guid(biller).await? > 0,
            ..Self::default()
        };
        if names.are_all {
            return Ok(names);
        }
        let people: Vec<Uuid> = people.into_iter().collect();
        for some in people.chunks(AT_ONCE) {
            for row in store.users_by_guid(biller, some).await? {
                let (Some(guid), Some(name)) = (row.user_guid, row.user_name) else {
                    continue;
                };
                let name = fold(name.trim(), values.case_insensitive).into_owned();
                names.people.entry(name).or_default().insert(guid);
            }
        }
        Ok(names)
    }

    /// Somebody else's row with a data error has the person's user name, or may have it.
    pub(in super::super::super) fn has(&self, person: &BarredUser, values: &Values) -> bool {
        let name = fold(&person.user_name, values.case_insensitive);
        let people = self.people.get(name.as_ref());
        self.are_all || people.is_some_and(|people| people.iter().any(|guid| *guid != person.user_guid))
    }
}
