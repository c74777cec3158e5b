//! What changes in the world at one moment of a run.

use local_stack::{Stack, UserRow};

use super::super::scenario::{Course, Scenario};
use super::Meanwhile;
use super::rows::Role;
use crate::support::Outcome;

/// What changes in the world at one moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Rows join the CRM.
    Joined,
    /// Rows leave the CRM.
    Left,
    /// Rows of the CRM change.
    Changed,
    /// Rows join, leave and change.
    Rows,
    /// Everybody in the biller's pools enrolls a credential.
    Enrolled,
    /// Rows join, leave and change, and everybody enrolls.
    RowsAndEnrolled,
    /// An administrator activates the organization, and everybody enrolls at once.
    ActivatedByHand,
    DeactivatedByHand,
    /// An administrator deletes one user.
    RemovedByHand,
}

impl Change {
    pub(super) const ALL: [Self; 9] = [
        Self::Rows,
        Self::Joined,
        Self::RowsAndEnrolled,
        Self::Left,
        Self::ActivatedByHand,
        Self::Changed,
        Self::Enrolled,
        Self::DeactivatedByHand,
        Self::RemovedByHand,
    ];

    /// Whether it changes anything where these operations were called before.
    pub(super) fn is_possible(self, course: Course, called: &[&str]) -> bool {
        let scenario = course.scenario;
        match self {
            Self::Joined | Self::Left | Self::Changed | Self::Rows => true,
            Self::Enrolled | Self::RowsAndEnrolled => scenario.starts_active(),
            Self::ActivatedByHand | Self::DeactivatedByHand => {
                scenario != Scenario::NewBiller || called.contains(&"create_organization")
            }
            Self::RemovedByHand => scenario.starts_active() || called.contains(&crate::support::IMPORT),
        }
    }

    /// Makes the change and notes it. `turn` says which rows change.
    pub(super) fn happens(
        self,
        stack: &Stack,
        (course, biller): (Course, &str),
        turn: usize,
        meanwhile: &mut Meanwhile,
    ) -> Outcome {
        let rows: Vec<UserRow> = course.wished_users(biller);
        let leave = [Role::Removed, Role::Deleted];
        let change = [Role::Inactive, Role::Renamed, Role::Moved, Role::SignsInAnew];
        match self {
            Self::Joined => meanwhile.rows_join(stack, biller, &rows)?,
            Self::Left => meanwhile.rows_change(stack, biller, &rows, &leave, turn)?,
            Self::Changed => meanwhile.rows_change(stack, biller, &rows, &change, turn)?,
            Self::Rows | Self::RowsAndEnrolled => {
                let mut roles = [change.as_slice(), &leave].concat();
                roles.rotate_left(turn % leave.len());
                meanwhile.rows_change(stack, biller, &rows, &roles, turn)?;
                meanwhile.rows_join(stack, biller, &rows)?;
            }
            Self::ActivatedByHand | Self::DeactivatedByHand => {
                let deactivated = self == Self::DeactivatedByHand;
                if stack.simulator().set_deactivated(biller, deactivated) {
                    meanwhile.flag = Some(deactivated);
                }
            }
            Self::RemovedByHand => meanwhile.one_is_removed(stack, biller),
            Self::Enrolled => {}
        }
        if matches!(self, Self::Enrolled | Self::RowsAndEnrolled | Self::ActivatedByHand) {
            meanwhile.everybody_enrolls(stack, biller);
        }
        Ok(())
    }
}
