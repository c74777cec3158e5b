//! What a sync does not do yet. The oracle is lenient here and nowhere else; when a sync follows leavers and renamed users, these
//! rules become exact.

use local_stack::UserRow;

use super::RowChange;
use super::choice::Choice;

/// What SecureAuth may hold of a changed row after another run that met no trouble.
pub(super) fn afterwards(change: &RowChange) -> Choice {
    match (&change.before, &change.now) {
        (before, Some(now)) => Choice::one_of(with_names_and_addresses_of(now, before.as_ref().unwrap_or(now))),
        (Some(before), None) => left(before),
        (None, None) => Choice::one_of(Vec::new()).or_absent(),
    }
}

/// A user whose row is gone or says `deleted` stays as it was, or is deactivated, or is not there.
pub(super) fn left(before: &UserRow) -> Choice {
    Choice::only(before.clone()).or_absent().or_any_profile()
}

/// The row, also with another row's user name and e-mail address, which do not move yet.
pub(super) fn with_names_and_addresses_of(row: &UserRow, other: &UserRow) -> Vec<UserRow> {
    let names = [&row.user_name, &other.user_name];
    let with = |name: &Option<String>, email: &Option<String>| UserRow {
        user_name: name.clone(),
        email: email.clone(),
        ..row.clone()
    };
    let rows = names.map(|name| [with(name, &row.email), with(name, &other.email)]);
    rows.into_iter().flatten().collect()
}
