//! Rows of the CRM that join, leave and change.

use local_stack::{Stack, UserRow};

use super::{Meanwhile, RowChange};
use crate::support::Outcome;

/// How a row of the CRM changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The row is deleted.
    Removed,
    /// Its status becomes `deleted`.
    Deleted,
    /// Its status becomes `inactive`.
    Inactive,
    /// First and last name change.
    Renamed,
    /// The e-mail address changes.
    Moved,
    /// The user name changes.
    SignsInAnew,
}

impl Role {
    fn of(self, row: &UserRow) -> Option<UserRow> {
        let text = |text: &str| Some(text.to_owned());
        let status = |status: &str| UserRow {
            status: text(status),
            ..row.clone()
        };
        match self {
            Self::Removed => None,
            Self::Deleted => Some(status("deleted")),
            Self::Inactive => Some(status("inactive")),
            Self::Renamed => Some(UserRow {
                first_name: text("Newly"),
                last_name: text("Named"),
                ..row.clone()
            }),
            Self::Moved => Some(UserRow {
                email: row.email.as_ref().map(|email| format!("new.{email}")),
                ..row.clone()
            }),
            Self::SignsInAnew => Some(UserRow {
                user_name: row.user_name.as_ref().map(|name| format!("new.{name}")),
                ..row.clone()
            }),
        }
    }
}

impl Meanwhile {
    /// Rows join whose GUIDs are lower than all, between them, and higher than all.
    pub(super) fn rows_join(&mut self, stack: &Stack, biller: &str, rows: &[UserRow]) -> Outcome {
        let mut guids: Vec<_> = rows.iter().filter_map(|row| row.user_guid.clone()).collect();
        guids.sort_unstable();
        let middle = guids.get(guids.len() / 2).cloned().unwrap_or_default();
        // A neighbour of the middle one: the last digits differ.
        let between = format!("{}0001", middle.get(..32).unwrap_or_default());
        let lowest = "00000000-0000-4000-8000-000000000001".to_owned();
        let highest = "ffffffff-ffff-4fff-bfff-ffffffffffff".to_owned();
        for (guid, number) in [lowest, between, highest].into_iter().zip(9_001..) {
            let joiner = UserRow {
                user_guid: Some(guid.clone()),
                ..UserRow::sample(biller, number)
            };
            stack.crm().add_users(biller, std::slice::from_ref(&joiner))?;
            let change = RowChange {
                before: None,
                now: Some(joiner),
            };
            self.rows.insert(guid, change);
        }
        Ok(())
    }

    /// Each role is played by another row, from the `turn`-th one on in the order of their GUIDs. One row at least stays as it is.
    pub(super) fn rows_change(
        &mut self,
        stack: &Stack,
        biller: &str,
        rows: &[UserRow],
        roles: &[Role],
        turn: usize,
    ) -> Outcome {
        let mut rows = rows.to_vec();
        rows.sort_by(|one, other| one.user_guid.cmp(&other.user_guid));
        let players = rows.len().saturating_sub(1);
        let from = turn % rows.len().max(1);
        rows.rotate_left(from);
        for (row, role) in rows.into_iter().take(players).zip(roles) {
            let guid = row.user_guid.clone().unwrap_or_default();
            let now = role.of(&row);
            let changed = match &now {
                Some(now) => stack.crm().replace_user(biller, now)?,
                None => stack.crm().remove_user(biller, &guid)?,
            };
            assert_eq!(changed, 1, "{biller}: {role:?} {guid}");
            let change = RowChange {
                before: Some(row),
                now: now.filter(|now| now.status.as_deref() != Some("deleted")),
            };
            self.rows.insert(guid, change);
        }
        Ok(())
    }
}
