//! Counts how many people are as the CRM says, for the last line of `local-stack run`.

use super::{People, Person};

/// Numbers of people, each person counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Count {
    /// They have a row without a data error, so they were compared.
    compared: usize,
    /// They have an account, but no row any more.
    left: usize,
    /// They have a data error.
    reported: usize,
}

impl Count {
    pub(in super::super) fn of(people: &People) -> Self {
        people.0.values().fold(Self::default(), Self::and)
    }

    fn and(mut self, person: &Person) -> Self {
        let number = match (&person.row, person.issues.is_empty()) {
            (_, false) => &mut self.reported,
            (Some(_), true) => &mut self.compared,
            (None, true) => &mut self.left,
        };
        *number += 1;
        self
    }
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, count| Self {
            compared: sum.compared + count.compared,
            left: sum.left + count.left,
            reported: sum.reported + count.reported,
        })
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            compared,
            left,
            reported,
        } = self;
        write!(
            formatter,
            "{compared} people have the user name and the access that the CRM says, {left} who left have no access, and {reported} \
             still have data errors"
        )
    }
}
