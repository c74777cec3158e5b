//! Finds out who has a user name or an address that SecureAuth refuses because somebody has it (409).

use super::change::Brought;
use super::claim::Claim;
use super::names::{Holder, Right};
use super::person::{Person, Wanted, user_id};
use super::settled::Settled;
use super::target::Target;
use super::task::Row;
use super::values::{Hashes, address_hash, name_hash};
use crate::domain::issue::Field;
use crate::store::{Account, AccountOrigin, HashedValue, StoreError, ValueHash};
use ic_secureauth_api::{ApiError, DerivedIds, User};

/// What is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    UserName,
    Address,
}

impl Part {
    pub(super) fn field(self) -> Field {
        match self {
            Self::UserName => Field::UserName,
            Self::Address => Field::Email,
        }
    }

    pub(super) fn of(self, hashes: Hashes) -> Option<ValueHash> {
        match self {
            Self::UserName => hashes.name,
            Self::Address => hashes.address,
        }
    }

    pub(super) fn hashed(self) -> HashedValue {
        match self {
            Self::UserName => HashedValue::UserName,
            Self::Address => HashedValue::Address,
        }
    }
}

/// Who has the value, as SecureAuth shows it.
pub(super) enum Who {
    Nobody,
    Itself,
    Another(Box<User>),
}

/// What follows from the holder.
pub(super) enum Conflict {
    /// The holder has no right to it: its taker waits.
    Claimed,
    /// The holder, by GUID, is entitled to it.
    Held(String),
    /// The holder, by its id in SecureAuth, has no account.
    Stranger(String),
}

impl Target {
    pub(super) async fn holder(&self, person: &Person, part: Part) -> Result<Who, ApiError> {
        let wanted = &person.wanted;
        let found = match part {
            Part::UserName => self.api.find_user_by_identifier(&self.pool, wanted.user_name()).await?,
            Part::Address => self.api.find_user_by_address(&self.pool, wanted.email()).await?,
        };
        let id = user_id(&person.account, &self.values.ids);
        Ok(match found.map(|found| found.value) {
            None => Who::Nobody,
            Some(holder) if holder.id == id => Who::Itself,
            Some(holder) => Who::Another(Box::new(holder)),
        })
    }

    /// What follows for somebody who has a user, and is to get a value that another one has.
    pub(super) async fn conflict(&self, person: &Person, holder: &User, part: Part) -> Result<Conflict, StoreError> {
        self.judge(person, holder, part, false).await
    }

    /// `is_new`: the person has no user.
    async fn judge(&self, person: &Person, holder: &User, part: Part, is_new: bool) -> Result<Conflict, StoreError> {
        let Some(account) = self.account_of(holder).await? else {
            return Ok(Conflict::Stranger(holder.id.to_string()));
        };
        let guid = account.user_guid;
        if self.policy.leaves_alone(&account) {
            return Ok(Conflict::Held(guid.to_string()));
        }
        let wanted = person.wanted.hashes();
        let has_right = |_, row: &Wanted| part.of(wanted) == part.of(row.hashes());
        let rights = self.names().judged(&[guid], has_right).await?;
        let right = rights.get(&guid).copied().unwrap_or(Right::Gone);
        let is_same_person = is_new && self.live && self.is_rekeyed(&account, holder, right, &person.wanted);
        if right == Right::Entitled || is_same_person {
            return Ok(Conflict::Held(guid.to_string()));
        }
        self.flow
            .claim(Claim::of(part, &person.wanted, person.account.clone(), account));
        Ok(Conflict::Claimed)
    }

    /// The CRM gave the holder a new GUID after the check. Only the next check gives it to the account, if the account is settled with
    /// this name and this address.
    fn is_rekeyed(&self, account: &Account, holder: &User, right: Right, wanted: &Wanted) -> bool {
        let account = if account.open || account.origin == AccountOrigin::Linked {
            self.as_shown(account.clone(), holder)
        } else {
            account.clone()
        };
        !wanted.renames(&account) && Holder { account, right }.is_of(wanted)
    }

    /// Somebody else has the user name or the address of a user who was to be imported. In a found pool the person is linked to a user
    /// without an account, but not to an id of the form of ours: accounts do not keep those, so whose it is cannot be looked up once
    /// somebody gave the user another name and address by hand.
    pub(super) async fn give_way(&self, person: &Person, holder: &User, part: Part) -> Result<Brought, StoreError> {
        let settled = match self.judge(person, holder, part, true).await? {
            Conflict::Claimed => return Ok(Brought::Waiting),
            Conflict::Stranger(holder)
                if self.is_found() && part == Part::UserName && !DerivedIds::may_be_user_id(&holder) =>
            {
                let row = Row::Valid(person.wanted.clone());
                let known = self.known(person.account.user_guid, &row, holder);
                Settled::known(Some(person.page), &row, known)
            }
            Conflict::Stranger(held_by) | Conflict::Held(held_by) => Settled::held(person, part, held_by),
        };
        Ok(Brought::Settled(settled))
    }

    /// The account of a user that SecureAuth shows: found by the id that it keeps, else by its user names, or by its addresses once it
    /// has given them up.
    async fn account_of(&self, user: &User) -> Result<Option<Account>, StoreError> {
        let kept = self
            .store
            .accounts_by_user_id(&[user.id.to_string()], self.record.no)
            .await?;
        if let Some(account) = kept.into_iter().next() {
            return Ok(Some(account));
        }
        let ignores_case = self.values.case_insensitive;
        let names = user
            .identifiers
            .iter()
            .map(|it| name_hash(&it.identifier, ignores_case));
        let addresses = user.verifiable_addresses.iter().map(|it| address_hash(&it.address));
        let hashes: [(HashedValue, Vec<ValueHash>); 2] = [
            (HashedValue::UserName, names.collect()),
            (HashedValue::Address, addresses.collect()),
        ];
        for (value, hashes) in hashes {
            let mut accounts = self
                .store
                .accounts_by(value, &hashes, self.record.no)
                .await?
                .into_iter();
            let is_its = |account: &Account| user_id(account, &self.values.ids) == user.id;
            if let Some(account) = accounts.find(is_its) {
                return Ok(Some(account));
            }
        }
        Ok(None)
    }
}
