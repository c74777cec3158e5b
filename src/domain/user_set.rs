//! Finds what rows of one biller must not share: a user name, and a verified e-mail address, which must not be the user name of
//! somebody else either.
//!
//! It takes the rows twice. The first time it keeps 8 bytes per value; two rows with the same hash are suspects. The second
//! time it compares the suspects' values, usually none (docs/decisions.md#duplicates-by-hash).

mod crossing;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

use self::crossing::Crossing;
use super::issue::{Code, Field, Issue};
use super::text::fold;
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
    /// Rows of `total` without a GUID.
    pub without_guid: u64,
}

impl Counts {
    /// Adds the numbers of other rows.
    pub fn add(&mut self, other: Self) {
        self.total += other.total;
        self.deleted += other.deleted;
        self.invalid += other.invalid;
        self.without_guid += other.without_guid;
    }

    /// Rows that stand for somebody.
    pub fn with_guid(self) -> u64 {
        self.total + self.deleted - self.without_guid
    }
}

/// The first time: takes every valid row.
#[derive(Debug)]
pub struct UserSet {
    case_insensitive: bool,
    names: Vec<u64>,
    verified: Option<Addresses>,
}

/// Of addresses that are sent as verified.
#[derive(Debug, Default)]
struct Addresses {
    all: Vec<u64>,
    /// Those that are not the user's own name, in the form of a user name.
    as_names: Vec<u64>,
}

/// The second time: takes every valid row again.
#[derive(Debug)]
pub struct Suspects {
    case_insensitive: bool,
    names: Shared,
    emails: Shared,
    crossing: Crossing,
}

/// Values that may be shared, by hash, and who has them.
#[derive(Debug, Default)]
struct Shared {
    hashes: HashSet<u64>,
    holders: HashMap<String, Vec<Uuid>>,
}

impl UserSet {
    /// `address_verified`: a verified address belongs to one user only in SecureAuth, and is nobody else's user name.
    /// `case_insensitive`: so the pool compares user names.
    pub fn new(address_verified: bool, case_insensitive: bool) -> Self {
        Self {
            case_insensitive,
            names: Vec::new(),
            verified: address_verified.then(Addresses::default),
        }
    }

    /// Takes the next row.
    pub fn add(&mut self, user: &CrmUser) {
        let name = hash(&fold(&user.user_name, self.case_insensitive));
        self.names.push(name);
        if let Some(addresses) = &mut self.verified {
            addresses.all.push(hash(&address_key(&user.email)));
            let as_name = hash(&fold(&user.email, self.case_insensitive));
            if as_name != name {
                addresses.as_names.push(as_name);
            }
        }
    }

    /// `None`: no two rows share anything.
    pub fn suspects(self) -> Option<Suspects> {
        let addresses = self.verified.unwrap_or_default();
        let suspects = Suspects {
            case_insensitive: self.case_insensitive,
            crossing: Crossing::of(&self.names, &addresses.as_names),
            names: Shared::of(self.names),
            emails: Shared::of(addresses.all),
        };
        let is_empty = suspects.names.hashes.is_empty() && suspects.emails.hashes.is_empty();
        let is_empty = is_empty && suspects.crossing.is_empty();
        (!is_empty).then_some(suspects)
    }
}

impl Suspects {
    /// Takes the next row.
    pub fn add(&mut self, user: &CrmUser) {
        let guid = user.user_guid;
        let name = fold(&user.user_name, self.case_insensitive);
        self.crossing
            .add(&name, &fold(&user.email, self.case_insensitive), guid);
        self.names.add(name, guid);
        self.emails.add(address_key(&user.email), guid);
    }

    /// The data errors of all rows that share a value.
    pub fn finish(self) -> Vec<Issue> {
        let mut issues = self.names.issues(Field::UserName);
        issues.extend(self.emails.issues(Field::Email));
        issues.extend(self.crossing.issues());
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

    fn add(&mut self, key: Cow<'_, str>, guid: Uuid) {
        if !self.hashes.is_empty() && self.hashes.contains(&hash(&key)) {
            self.holders.entry(key.into_owned()).or_default().push(guid);
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

/// SecureAuth ignores the case of addresses, whatever the pool does with user names.
fn address_key(address: &str) -> Cow<'_, str> {
    fold(address, true)
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

    fn found(mut set: UserSet, users: &[CrmUser]) -> Vec<Issue> {
        for user in users {
            set.add(user);
        }
        let Some(mut suspects) = set.suspects() else {
            return Vec::new();
        };
        for user in users {
            suspects.add(user);
        }
        suspects.finish()
    }

    fn issues(address_verified: bool, users: &[CrmUser]) -> Vec<(u128, Field)> {
        let issues = found(UserSet::new(address_verified, true), users).into_iter();
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
    fn names_that_differ_in_case_are_two_where_the_pool_tells_case_apart() {
        let users = [user(1, "Bob", "b1@x.com"), user(2, "bob", "b2@x.com")];
        assert_eq!(found(UserSet::new(true, false), &users), []);
    }

    #[test]
    fn a_verified_address_that_is_the_user_name_of_somebody_else_names_both() {
        let users = [
            user(1, "a@x.com", "a@x.com"),
            user(2, "b@x.com", "A@x.com"),
            user(3, "c@x.com", "b@X.com"),
            user(4, "d", "d@x.com"),
        ];
        assert_eq!(found(UserSet::new(false, true), &users), []);
        let held = |guid, holder| Issue::held(Uuid::from_u128(guid), Field::Email, Uuid::from_u128(holder).to_string());
        let twice = |guid| Issue::of(Some(Uuid::from_u128(guid)), Field::Email, Code::Duplicate);
        assert_eq!(
            found(UserSet::new(true, true), &users),
            [twice(1), twice(2), held(2, 1), held(3, 2)]
        );
        assert_eq!(found(UserSet::new(true, false), &users), [twice(1), twice(2)]);
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
        collided.add("a".into(), Uuid::from_u128(1));
        collided.add("b".into(), Uuid::from_u128(2));
        assert_eq!(collided.issues(Field::UserName), []);
    }
}
