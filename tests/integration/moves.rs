//! People of biller 1876 who move in the CRM.

use local_stack::{Stack, UserRow};

use crate::support::Outcome;

pub(crate) const BILLER: &str = "1876";

pub(crate) fn sample(number: u32) -> UserRow {
    UserRow::sample(BILLER, number)
}

pub(crate) fn guid_of(row: &UserRow) -> String {
    row.user_guid.clone().unwrap_or_default()
}

pub(crate) fn replace(stack: &Stack, row: &UserRow) -> Outcome {
    assert_eq!(stack.crm().replace_user(BILLER, row)?, 1);
    Ok(())
}

pub(crate) fn remove(stack: &Stack, number: u32) -> Outcome {
    assert_eq!(stack.crm().remove_user(BILLER, &guid_of(&sample(number)))?, 1);
    Ok(())
}

pub(crate) fn with_name_of(number: u32, other: u32) -> UserRow {
    UserRow {
        user_name: sample(other).user_name,
        ..sample(number)
    }
}

/// Number 1 is to get the name of number 2, and that one the name of number 3, who keeps it because of a data error.
pub(crate) fn chain_names_to_somebody_entitled(stack: &Stack) -> Outcome {
    let entitled = UserRow {
        email: Some("no address".into()),
        ..sample(3)
    };
    replace(stack, &entitled)?;
    for (number, other) in [(2, 3), (1, 2)] {
        replace(stack, &with_name_of(number, other))?;
    }
    Ok(())
}

/// Numbers 2 and 42 are to get one name, so neither gets it; number 41 is to get the one that number 2 has.
pub(crate) fn share_a_new_name(stack: &Stack) -> Outcome {
    let shared = |number| UserRow {
        user_name: Some("shared.name".into()),
        ..sample(number)
    };
    replace(stack, &shared(2))?;
    stack.crm().add_users(BILLER, &[shared(42), with_name_of(41, 2)])?;
    Ok(())
}
