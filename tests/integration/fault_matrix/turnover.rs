//! The people of [`Scenario::Turnover`](super::scenario::Scenario): every kind of change at once.

use local_stack::{Stack, UserRow};

use crate::support::Outcome;

/// Number of people whom the CRM has before the run.
const BEFORE: u32 = 12;

/// The CRM's rows when the biller becomes active. One person is inactive and returns with the run.
pub(super) fn before(biller: &str) -> Vec<UserRow> {
    let mut rows = UserRow::samples(biller, BEFORE);
    for row in &mut rows {
        if row.user_guid == UserRow::sample(biller, 7).user_guid {
            *row = with_status(biller, 7, "inactive");
        }
    }
    rows
}

/// The CRM's rows when the run begins.
pub(super) fn rows(biller: &str) -> Vec<UserRow> {
    let sample = |number| UserRow::sample(biller, number);
    let named_as = |number, other| UserRow {
        user_name: sample(other).user_name,
        ..sample(number)
    };
    let text = |text: &str| Some(text.to_owned());
    vec![
        // Names rotate among three people.
        named_as(1, 2),
        named_as(2, 3),
        named_as(3, 1),
        // The fourth row is gone, and a joiner has its name.
        named_as(13, 4),
        with_status(biller, 5, "deleted"),
        with_status(biller, 6, "inactive"),
        // Returns.
        sample(7),
        // The same person under a new GUID.
        UserRow {
            user_guid: sample(108).user_guid,
            ..sample(8)
        },
        UserRow {
            first_name: text("Changed"),
            last_name: text("Profile"),
            ..sample(9)
        },
        UserRow {
            email: text(&format!("changed.{biller}@example.com")),
            ..sample(10)
        },
        // As they were.
        sample(11),
        sample(12),
        // A joiner.
        sample(14),
    ]
}

/// Gives the CRM its new rows.
pub(super) fn happens(stack: &Stack, biller: &str) -> Outcome {
    for row in before(biller) {
        let guid = row.user_guid.unwrap_or_default();
        assert_eq!(stack.crm().remove_user(biller, &guid)?, 1);
    }
    stack.crm().add_users(biller, &rows(biller))?;
    Ok(())
}

fn with_status(biller: &str, number: u32, status: &str) -> UserRow {
    UserRow {
        status: Some(status.to_owned()),
        ..UserRow::sample(biller, number)
    }
}
