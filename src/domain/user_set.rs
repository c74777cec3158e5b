//! Finds what rows of one biller must not share: a user name, and a verified e-mail address.
//!
//! It takes the rows twice. The first time it keeps 8 bytes per value; two rows with the same hash are suspects. The second
//! time it compares the suspects' values, usually none (docs/decisions.md#duplicates-by-hash).

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

use super::issue::{Code, Field, Issue};
use super::user::CrmUser;

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

impl Counts {
    /// Adds the numbers of other rows.
    pub fn add(&mut self, other: Self) {
        self.total += other.total;
        self.deleted += other.deleted;
        self.invalid += other.invalid;
    }
}

/// The first time: takes every valid row.
#[derive(Debug)]
pub struct UserSet {
    names: Vec<u64>,
    emails: Option<Vec<u64>>,
}

/// The second time: takes every valid row again.
#[derive(Debug)]
pub struct Suspects {
    names: Shared,
    emails: Shared,
}

/// Values that may be shared, by hash, and who has them.
#[derive(Debug, Default)]
struct Shared {
    hashes: HashSet<u64>,
    holders: HashMap<String, Vec<Uuid>>,
}

impl UserSet {
    /// `unique_emails`: `ADDRESS_VERIFIED=true`, because a verified address belongs to one user only in SecureAuth.
    pub fn new(unique_emails: bool) -> Self {
        Self {
            names: Vec::new(),
            emails: unique_emails.then(Vec::new),
        }
    }

    /// Takes the next row.
    pub fn add(&mut self, user: &CrmUser) {
        self.names.push(hash(&key(&user.user_name)));
        if let Some(emails) = &mut self.emails {
            emails.push(hash(&key(&user.email)));
        }
    }

    /// `None`: no two rows share anything.
    pub fn suspects(self) -> Option<Suspects> {
        let suspects = Suspects {
            names: Shared::of(self.names),
            emails: Shared::of(self.emails.unwrap_or_default()),
        };
        let is_empty = suspects.names.hashes.is_empty() && suspects.emails.hashes.is_empty();
        (!is_empty).then_some(suspects)
    }
}

impl Suspects {
    /// Takes the next row.
    pub fn add(&mut self, user: &CrmUser) {
        self.names.add(&user.user_name, user.user_guid);
        self.emails.add(&user.email, user.user_guid);
    }

    /// The data errors of all rows that share a value.
    pub fn finish(self) -> Vec<Issue> {
        let mut issues = self.names.issues(Field::UserName);
        issues.extend(self.emails.issues(Field::Email));
        issues.sort_unstable();
        issues
    }
}

impl Shared {
    fn of(mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        let twice = hashes.windows(2).filter_map(|pair| match pair {
            [one, next] if one == next => Some(*one),
            _ => None,
        });
        Self {
            hashes: twice.collect(),
            holders: HashMap::new(),
        }
    }

    fn add(&mut self, value: &str, guid: Uuid) {
        if self.hashes.is_empty() {
            return;
        }
        let key = key(value);
        if self.hashes.contains(&hash(&key)) {
            self.holders.entry(key).or_default().push(guid);
        }
    }

    fn issues(self, field: Field) -> Vec<Issue> {
        let shared = self.holders.into_values().filter(|holders| holders.len() > 1);
        shared
            .flatten()
            .map(|guid| Issue::of(Some(guid), field, Code::Duplicate))
            .collect()
    }
}

/// User names and addresses are ASCII, and SecureAuth ignores their case.
fn key(value: &str) -> String {
    value.to_ascii_lowercase()
}

/// The same within one process only.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::super::user::Status;
    use super::*;

    fn user(guid: u128, name: &str, email: &str) -> CrmUser {
        CrmUser {
            user_guid: Uuid::from_u128(guid),
            user_name: name.into(),
            email: email.into(),
            first_name: None,
            last_name: None,
            status: Status::Active,
        }
    }

    fn issues(unique_emails: bool, users: &[CrmUser]) -> Vec<(u128, Field)> {
        let mut set = UserSet::new(unique_emails);
        for user in users {
            set.add(user);
        }
        let Some(mut suspects) = set.suspects() else {
            return Vec::new();
        };
        for user in users {
            suspects.add(user);
        }
        let issues = suspects.finish().into_iter();
        issues
            .filter_map(|issue| Some((issue.user_guid?.as_u128(), issue.field)))
            .collect()
    }

    #[test]
    fn every_user_of_a_shared_name_is_reported_ignoring_case() {
        let users = [
            user(1, "Bob", "b1@x.com"),
            user(2, "bob", "b2@x.com"),
            user(3, "eve", "e@x.com"),
            user(4, "BOB", "b4@x.com"),
        ];
        let name = Field::UserName;
        assert_eq!(issues(false, &users), [(1, name), (2, name), (4, name)]);
    }

    #[test]
    fn a_shared_address_matters_only_when_addresses_are_sent_as_verified() {
        let users = [user(1, "a", "s@x.com"), user(2, "b", "S@x.com")];
        assert_eq!(issues(false, &users), []);
        assert_eq!(issues(true, &users), [(1, Field::Email), (2, Field::Email)]);
    }

    #[test]
    fn two_values_with_one_hash_are_suspects_and_no_data_error() {
        let same = Shared::of(vec![7, 3, 7]);
        assert_eq!(same.hashes, HashSet::from([7]));
        let mut collided = Shared {
            hashes: HashSet::from([hash("a"), hash("b")]),
            ..Shared::default()
        };
        collided.add("a", Uuid::from_u128(1));
        collided.add("b", Uuid::from_u128(2));
        assert_eq!(collided.issues(Field::UserName), []);
    }
}
