//! What SecureAuth may hold of one row of the CRM.

use local_stack::UserRow;
use secureauth_simulator::PoolUser;

use super::super::succeeded::is_as_in_the_crm;
use super::RowChange;

/// What SecureAuth may hold of one row of the CRM: a user like one of these rows, or nobody.
#[derive(Debug, Clone)]
pub(in super::super) struct Choice {
    rows: Vec<UserRow>,
    pub(in super::super) may_be_absent: bool,
    /// Only the user name is compared.
    may_have_any_profile: bool,
}

impl Choice {
    /// The row did not change.
    pub(super) fn only(row: UserRow) -> Self {
        Self::one_of(vec![row])
    }

    pub(super) fn one_of(rows: Vec<UserRow>) -> Self {
        Self {
            rows,
            may_be_absent: false,
            may_have_any_profile: false,
        }
    }

    pub(super) fn or_absent(self) -> Self {
        Self {
            may_be_absent: true,
            ..self
        }
    }

    pub(super) fn or_any_profile(self) -> Self {
        Self {
            may_have_any_profile: true,
            ..self
        }
    }

    pub(super) fn or_absent_if_named<'a>(self, mut names: impl Iterator<Item = &'a String>) -> Self {
        if names.any(|name| self.has_name(name)) {
            self.or_absent()
        } else {
            self
        }
    }

    pub(in super::super) fn user_guid(&self) -> Option<&String> {
        self.rows.first().and_then(|row| row.user_guid.as_ref())
    }

    /// One of the rows has the user name.
    pub(in super::super) fn has_name(&self, name: &str) -> bool {
        let names = self.rows.iter().filter_map(|row| row.user_name.as_ref());
        names.into_iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The user has the user name of one of the rows, and no other.
    pub(in super::super) fn is_named(&self, user: &PoolUser) -> bool {
        self.rows.iter().any(|row| user.identifiers == row.user_name.as_slice())
    }

    /// The user is as one of the rows has it.
    pub(in super::super) fn fits(&self, user: &PoolUser) -> bool {
        self.may_have_any_profile || self.rows.iter().any(|row| is_as_in_the_crm(user, row))
    }
}

impl RowChange {
    /// A run may have read the row before or after the change. What a user has of a row of which it got the rest later, is judged
    /// as `not_yet` says.
    pub(super) fn in_either_state(&self) -> Choice {
        match (&self.before, &self.now) {
            (Some(before), Some(now)) => {
                let mut rows = super::not_yet::with_names_and_addresses_of(before, now);
                rows.extend(super::not_yet::with_names_and_addresses_of(now, before));
                Choice::one_of(rows)
            }
            (Some(before), None) => super::not_yet::left(before),
            (None, Some(now)) => Choice::only(now.clone()).or_absent(),
            (None, None) => Choice::one_of(Vec::new()).or_absent(),
        }
    }
}
