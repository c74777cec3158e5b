//! Finds what rows of one biller must not share: GUID, user name, and a verified e-mail address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use uuid::Uuid;

use super::issue::{Code, Field, Issue};
use super::user::{Checked, CrmUser, UserRow};

/// Takes all rows of a biller, one after the other. Keeps two or three short keys per row, not the row.
#[derive(Debug)]
pub struct UserSet {
    guids: HashMap<Uuid, Rows>,
    names: HashMap<Box<str>, Seen>,
    emails: Option<HashMap<Box<str>, Seen>>,
    counts: Counts,
    issues: Vec<Issue>,
}

/// How many rows share a GUID.
#[derive(Debug, Default)]
struct Rows {
    all: u64,
    not_deleted: u64,
}

/// The first row with a key, and whether its duplicate was reported already.
#[derive(Debug)]
struct Seen {
    first: Uuid,
    reported: bool,
}

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that are not `deleted`.
    pub total: u64,
    /// Rows with `deleted`.
    pub deleted: u64,
    /// Rows of `total` with a data error.
    pub invalid: u64,
}

impl UserSet {
    /// `unique_emails`: `ADDRESS_VERIFIED=true`, because a verified address belongs to one user only in SecureAuth.
    pub fn new(unique_emails: bool) -> Self {
        Self {
            guids: HashMap::new(),
            names: HashMap::new(),
            emails: unique_emails.then(HashMap::new),
            counts: Counts::default(),
            issues: Vec::new(),
        }
    }

    /// Takes the next row. `judge` finds further data errors of a user whose row is valid by itself.
    pub fn add(&mut self, row: UserRow, judge: impl FnOnce(&CrmUser) -> Vec<Issue>) {
        let guid = row.user_guid;
        let checked = row.check();
        let deleted = matches!(checked, Ok(Checked::Deleted(_)));
        self.count(guid, deleted);
        match checked {
            Ok(Checked::Deleted(_)) => {}
            Ok(Checked::User(user)) => match judge(&user) {
                issues if issues.is_empty() => self.find_duplicates(&user),
                issues => self.issues.extend(issues),
            },
            Err(issues) => self.issues.extend(issues),
        }
    }

    fn count(&mut self, guid: Option<Uuid>, deleted: bool) {
        if deleted {
            self.counts.deleted += 1;
        } else {
            self.counts.total += 1;
        }
        let Some(guid) = guid else {
            self.counts.invalid += u64::from(!deleted);
            return;
        };
        let rows = self.guids.entry(guid).or_default();
        rows.all += 1;
        rows.not_deleted += u64::from(!deleted);
        if rows.all > 1 {
            self.issues.push(duplicate(guid, Field::UserGuid));
        }
    }

    fn find_duplicates(&mut self, user: &CrmUser) {
        let guid = user.user_guid;
        let name = user.user_name.to_ascii_lowercase().into_boxed_str();
        report_duplicate(&mut self.names, name, guid, Field::UserName, &mut self.issues);
        if let Some(emails) = &mut self.emails {
            let email = user.email.to_ascii_lowercase().into_boxed_str();
            report_duplicate(emails, email, guid, Field::Email, &mut self.issues);
        }
    }

    /// The counts, and every data error once, sorted.
    pub fn finish(mut self) -> (Counts, Vec<Issue>) {
        self.issues.sort_unstable();
        self.issues.dedup();
        let mut guids: Vec<Uuid> = self.issues.iter().filter_map(|issue| issue.user_guid).collect();
        guids.dedup();
        self.counts.invalid += guids
            .iter()
            .filter_map(|guid| self.guids.get(guid))
            .map(|rows| rows.not_deleted)
            .sum::<u64>();
        (self.counts, self.issues)
    }
}

fn duplicate(guid: Uuid, field: Field) -> Issue {
    Issue {
        user_guid: Some(guid),
        field,
        code: Code::Duplicate,
    }
}

fn report_duplicate(
    seen: &mut HashMap<Box<str>, Seen>,
    key: Box<str>,
    guid: Uuid,
    field: Field,
    issues: &mut Vec<Issue>,
) {
    match seen.entry(key) {
        Entry::Vacant(place) => {
            place.insert(Seen {
                first: guid,
                reported: false,
            });
        }
        Entry::Occupied(mut place) => {
            let known = place.get_mut();
            if !known.reported {
                known.reported = true;
                issues.push(duplicate(known.first, field));
            }
            issues.push(duplicate(guid, field));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(guid: u128, name: &str, email: &str) -> UserRow {
        UserRow {
            user_guid: Some(Uuid::from_u128(guid)),
            user_name: Some(name.into()),
            email: Some(email.into()),
            status: Some("active".into()),
            ..UserRow::default()
        }
    }

    fn fine(_: &CrmUser) -> Vec<Issue> {
        Vec::new()
    }

    fn issues(unique_emails: bool, rows: Vec<UserRow>) -> Vec<(Option<u128>, Field)> {
        let mut set = UserSet::new(unique_emails);
        for row in rows {
            set.add(row, fine);
        }
        let (_, issues) = set.finish();
        issues
            .into_iter()
            .map(|issue| (issue.user_guid.map(|guid| guid.as_u128()), issue.field))
            .collect()
    }

    #[test]
    fn both_users_of_a_shared_name_are_reported_ignoring_case() {
        let rows = vec![
            row(1, "Bob", "b1@x.com"),
            row(2, "bob", "b2@x.com"),
            row(3, "eve", "e@x.com"),
        ];
        assert_eq!(
            issues(false, rows),
            [(Some(1), Field::UserName), (Some(2), Field::UserName)]
        );
    }

    #[test]
    fn a_shared_address_matters_only_when_addresses_are_sent_as_verified() {
        let rows = || vec![row(1, "a", "s@x.com"), row(2, "b", "S@x.com")];
        assert_eq!(issues(false, rows()), []);
        assert_eq!(issues(true, rows()), [(Some(1), Field::Email), (Some(2), Field::Email)]);
    }

    #[test]
    fn a_repeated_guid_is_one_data_error() {
        let rows = vec![row(1, "a", "a@x.com"), row(1, "b", "b@x.com")];
        assert_eq!(issues(false, rows), [(Some(1), Field::UserGuid)]);
    }

    #[test]
    fn every_row_with_a_data_error_counts_once() {
        let mut set = UserSet::new(true);
        set.add(row(1, "a", "a@x.com"), fine);
        set.add(row(1, "b", "b@x.com"), fine);
        set.add(row(2, "A", "A@x.com"), fine);
        set.add(UserRow::default(), fine);
        set.add(UserRow::default(), fine);
        set.add(row(3, "fine", "fine@x.com"), fine);
        let (counts, _) = set.finish();
        assert_eq!((counts.total, counts.invalid), (6, 5));
    }

    #[test]
    fn an_invalid_user_does_not_make_the_next_user_of_its_name_a_duplicate() {
        let mut set = UserSet::new(false);
        let unfit = |user: &CrmUser| {
            vec![Issue {
                user_guid: Some(user.user_guid),
                field: Field::FirstName,
                code: Code::Invalid,
            }]
        };
        set.add(row(1, "a", "a@x.com"), unfit);
        set.add(row(2, "a", "a@x.com"), fine);
        let (counts, issues) = set.finish();
        assert_eq!((counts.total, counts.invalid, issues.len()), (2, 1, 1));
    }

    #[test]
    fn a_deleted_user_may_share_its_name_with_its_successor() {
        let mut deleted = row(1, "a", "a@x.com");
        deleted.status = Some("deleted".into());
        let mut set = UserSet::new(true);
        set.add(deleted, fine);
        set.add(row(2, "a", "a@x.com"), fine);
        let (counts, issues) = set.finish();
        assert_eq!((counts.total, counts.deleted, counts.invalid), (1, 1, 0));
        assert_eq!(issues, []);
    }
}
