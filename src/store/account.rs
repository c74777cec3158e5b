//! What the database knows of pools and of the accounts in them (docs/ARCHITECTURE.md#accounts).

use strum::{EnumString, IntoStaticStr, VariantNames};
use uuid::Uuid;

use crate::domain::ids::OnboardingId;
use crate::domain::user::Status;

/// The key of a row of `Pool`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PoolNo(pub i64);

/// Who created a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum PoolOrigin {
    /// A run of the biller.
    Created,
    /// Somebody else: it existed before the biller's first run with it.
    Found,
}

/// A pool that a run begins to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPool {
    /// Its id in SecureAuth.
    pub pool_id: String,
    /// The generation of the derived ids of its accounts.
    pub generation: u32,
    /// Who created it.
    pub origin: PoolOrigin,
    /// It ignores case when it compares identifiers.
    pub case_insensitive: bool,
    /// This run created it: it gets a row of its own, without accounts. Otherwise it keeps the row that it has.
    pub is_new: bool,
}

/// A row of `Pool`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolRecord {
    /// The row's key.
    pub no: PoolNo,
    /// The generation of the derived ids of its accounts.
    pub generation: u32,
    /// Who created it.
    pub origin: PoolOrigin,
    /// It ignores case when it compares identifiers.
    pub case_insensitive: bool,
    /// Its number of users when a run had last verified them.
    pub users_at_end: Option<u64>,
}

/// How an account came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AccountOrigin {
    /// A run imported the user, or adopted it (`ADOPT_EXISTING_USERS`).
    Imported,
    /// The user was in a found pool before: counted, never changed.
    Linked,
}

/// The first 16 bytes of the SHA-256 of a value that was sent.
pub type ValueHash = [u8; 16];

/// What accounts are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashedValue {
    /// Fast for any number of hashes: SQL Server has an index.
    UserName,
    /// Reads all accounts of the pool.
    Address,
}

/// A row of `Account`: what is known of one user in one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user's GUID in the CRM.
    pub user_guid: Uuid,
    /// The user's id in SecureAuth; `None` where it is the derived one.
    pub user_id: Option<String>,
    /// Imported or linked.
    pub origin: AccountOrigin,
    /// A call that touches the user was or will be sent, and its outcome is not recorded.
    pub open: bool,
    /// The run that imported the user; of several the last one.
    pub created_by: Option<OnboardingId>,
    /// Of the user name that was sent; of a linked user the one by which the pool showed it. `None`: not known.
    pub name_hash: Option<ValueHash>,
    /// Of the e-mail address that was sent; of a linked user the one that the CRM had then. `None`: not known.
    pub address_hash: Option<ValueHash>,
    /// Of the profile that was sent; `None`: not known.
    pub profile_hash: Option<ValueHash>,
    /// The status that was sent; `None`: the status that SecureAuth shows decides.
    pub status_sent: Option<Status>,
    /// Without a known status only: a call was to give access back to a user who had none, and its outcome is not recorded.
    pub returning: bool,
}

impl Account {
    /// Of a user that a found pool held before, under this id.
    #[must_use]
    pub fn linked(user_guid: Uuid, user_id: String) -> Self {
        Self {
            user_guid,
            user_id: Some(user_id),
            origin: AccountOrigin::Linked,
            open: false,
            created_by: None,
            name_hash: None,
            address_hash: None,
            profile_hash: None,
            status_sent: None,
            returning: false,
        }
    }

    /// The same, as long as nothing is known of what the user has.
    #[must_use]
    pub fn without_hashes(self) -> Self {
        Self {
            name_hash: None,
            address_hash: None,
            profile_hash: None,
            ..self
        }
    }

    /// The account of a user that a run has brought in line: linked no more.
    #[must_use]
    pub fn adopted(self) -> Self {
        Self {
            origin: AccountOrigin::Imported,
            ..self
        }
    }
}

/// Changes of accounts of one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChanges {
    /// The pool.
    pub pool: PoolNo,
    /// Rows that are inserted or replaced.
    pub put: Vec<Account>,
    /// GUIDs of rows that are settled as they are: no longer open.
    pub settled: Vec<Uuid>,
    /// GUIDs of rows that are opened and otherwise stay as they are.
    pub opened: Vec<Uuid>,
    /// GUIDs of open rows whose users have lost their user name: it is not known any more.
    pub nameless: Vec<Uuid>,
    /// GUIDs of open rows whose users have lost their e-mail address: it is not known any more.
    pub addressless: Vec<Uuid>,
    /// GUIDs of rows that are deleted.
    pub removed: Vec<Uuid>,
}

impl AccountChanges {
    /// No changes.
    pub fn of(pool: PoolNo) -> Self {
        Self {
            pool,
            put: Vec::new(),
            settled: Vec::new(),
            opened: Vec::new(),
            nameless: Vec::new(),
            addressless: Vec::new(),
            removed: Vec::new(),
        }
    }
}

/// GUIDs in the database's own order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuidRange {
    /// Exclusive; `None`: from the first.
    pub after: Option<Uuid>,
    /// Inclusive; `None`: to the last.
    pub until: Option<Uuid>,
}

/// How far a run has dealt with the accounts of its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// At the first account.
    Start,
    /// Every account up to this GUID is settled.
    At(Uuid),
}

/// A user that a found pool held before the import; one value for each identifier of the user.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PoolUser {
    /// The user's id in SecureAuth.
    pub user_id: String,
    /// One identifier, lower-cased where the pool ignores case; empty for a user without identifiers.
    pub identifier: String,
}

impl std::fmt::Debug for PoolUser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PoolUser({})", self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_spelled_as_they_are_stored() {
        assert_eq!(PoolOrigin::VARIANTS, ["created", "found"]);
        assert_eq!(AccountOrigin::VARIANTS, ["imported", "linked"]);
    }
}
