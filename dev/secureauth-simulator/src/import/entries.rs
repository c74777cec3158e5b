//! The records of an import, grouped by user.

use std::collections::HashMap;

use super::records::{AddressRecord, CredentialRecord, IdentifierRecord, UserRecord};

/// One user of an import with its sub-records. Without `user`: sub-records of a user that has to be in
/// the pool already (row 67).
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) user: Option<UserRecord>,
    pub(super) user_id: Option<String>,
    pub(super) identifiers: Vec<IdentifierRecord>,
    pub(super) addresses: Vec<AddressRecord>,
    pub(super) credentials: Vec<CredentialRecord>,
}

impl Entry {
    /// Its name in `details` (row 77).
    pub(super) fn name(&self) -> &str {
        self.user_id.as_deref().unwrap_or("a user without id")
    }
}

/// Users in their order, then users that only sub-records name.
#[derive(Debug, Default)]
pub(super) struct Entries {
    list: Vec<Entry>,
    by_user: HashMap<String, usize>,
}

impl Entries {
    pub(super) fn new(users: Vec<UserRecord>) -> Self {
        let mut entries = Self::default();
        for user in users {
            let user_id = user.id.clone().filter(|id| !id.is_empty());
            if let Some(id) = &user_id {
                // Of two users with one id, the first gets the sub-records. The second is refused later.
                entries.by_user.entry(id.clone()).or_insert(entries.list.len());
            }
            entries.list.push(Entry {
                user: Some(user),
                user_id,
                ..Entry::default()
            });
        }
        entries
    }

    /// The entry of a sub-record's user.
    pub(super) fn of(&mut self, user_id: Option<&str>) -> &mut Entry {
        let user_id = user_id.unwrap_or_default();
        let next = self.list.len();
        let index = *self.by_user.entry(user_id.to_owned()).or_insert(next);
        if index == next {
            self.list.push(Entry {
                user_id: Some(user_id.to_owned()),
                ..Entry::default()
            });
        }
        #[expect(clippy::indexing_slicing, reason = "the index is of this list, or was just pushed")]
        &mut self.list[index]
    }

    pub(super) fn into_list(self) -> Vec<Entry> {
        self.list
    }
}
