//! Verified addresses that are the user names of other people. The user name goes before the address.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::issue::{Field, Issue};
use super::hash;

/// Values that may be the user name of one user and the address of another, by hash, and who has them.
#[derive(Debug)]
pub(super) struct Crossing {
    hashes: HashSet<u64>,
    named: HashMap<String, Uuid>,
    addressed: Vec<(String, Uuid)>,
}

impl Crossing {
    /// The hashes of all user names, and of the addresses that are not their users' own names.
    pub(super) fn of(names: &[u64], addresses: &[u64]) -> Self {
        let addresses: HashSet<u64> = addresses.iter().copied().collect();
        let both = names.iter().copied().filter(|name| addresses.contains(name));
        Self {
            hashes: both.collect(),
            named: HashMap::new(),
            addressed: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Takes a user's name and address, both in the form in which the pool compares user names.
    pub(super) fn add(&mut self, name: &str, address: &str, guid: Uuid) {
        if self.hashes.is_empty() {
            return;
        }
        if self.hashes.contains(&hash(name)) {
            self.named.insert(name.to_owned(), guid);
        }
        if name != address && self.hashes.contains(&hash(address)) {
            self.addressed.push((address.to_owned(), guid));
        }
    }

    /// A data error of everybody whose address is the user name of somebody else.
    pub(super) fn issues(self) -> impl Iterator<Item = Issue> {
        let Self { named, addressed, .. } = self;
        addressed.into_iter().filter_map(move |(address, guid)| {
            let holder = named.get(&address)?;
            Some(Issue::held(guid, Field::Email, holder.to_string()))
        })
    }
}
