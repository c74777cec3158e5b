//! What SecureAuth may hold of one row of the CRM.

use local_stack::UserRow;
use secureauth_simulator::PoolUser;

use super::super::succeeded::{has_left, is_as_in_the_crm};
use super::RowChange;

/// What SecureAuth may hold of one row of the CRM: a user exactly like one of these rows, one without access, or nobody.
#[derive(Debug, Clone)]
pub(in super::super) struct Choice {
    rows: Vec<UserRow>,
    /// A run may have read no row, so it imported nobody. It deletes nobody all the same.
    pub(in super::super) may_be_absent: bool,
    /// A run may have read that the person left.
    pub(in super::super) may_have_left: bool,
}

impl Choice {
    /// The row did not change.
    pub(super) fn only(row: UserRow) -> Self {
        Self::one_of(vec![row])
    }

    fn one_of(rows: Vec<UserRow>) -> Self {
        Self {
            rows,
            may_be_absent: false,
            may_have_left: false,
        }
    }

    fn or_absent(self) -> Self {
        Self {
            may_be_absent: true,
            ..self
        }
    }

    fn or_left(self) -> Self {
        Self {
            may_have_left: true,
            ..self
        }
    }

    pub(in super::super) fn rows(&self) -> &[UserRow] {
        &self.rows
    }

    pub(in super::super) fn user_guid(&self) -> Option<&String> {
        self.rows.first().and_then(|row| row.user_guid.as_ref())
    }

    /// One of the rows has the user name.
    pub(in super::super) fn has_name(&self, name: &str) -> bool {
        let names = self.rows.iter().filter_map(|row| row.user_name.as_ref());
        names.into_iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The user is as one of the rows has it, or has left. `sessions_live_on`: an issue says that sessions could not be ended.
    pub(in super::super) fn fits(&self, user: &PoolUser, sessions_live_on: bool) -> bool {
        let has_no_access = has_left(user, sessions_live_on);
        let is_a_row = self.rows.iter().any(|row| is_as_in_the_crm(user, row));
        (is_a_row && (user.status != "inactive" || has_no_access)) || (self.may_have_left && has_no_access)
    }
}

impl RowChange {
    /// A run may have read the row before or after the change.
    pub(super) fn in_either_state(&self) -> Choice {
        match (&self.before, &self.now) {
            (Some(before), Some(now)) => Choice::one_of(vec![before.clone(), now.clone()]),
            (Some(before), None) => Choice::only(before.clone()).or_absent().or_left(),
            (None, Some(now)) => Choice::only(now.clone()).or_absent(),
            (None, None) => Choice::one_of(Vec::new()).or_absent(),
        }
    }
}
