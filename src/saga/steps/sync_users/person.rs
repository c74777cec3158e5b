//! A user of the CRM and the account that it has or is to get.

use uuid::Uuid;

use super::names::Holder;
use super::target::Values;
use super::values::{Hashes, Parts};
use crate::domain::ids::OnboardingId;
use crate::domain::issue::{Field, Issue};
use crate::domain::user::{CrmUser, Status};
use crate::settings::onboarding::ActiveUserStatus;
use crate::store::{Account, AccountOrigin, PoolUser};
use ic_secureauth_api::{DerivedIds, ImportUser, UserId, UserStatus};

/// What the account of a user is to hold.
#[derive(Debug, Clone)]
pub(in super::super::super) struct Wanted {
    user: CrmUser,
    hashes: Hashes,
    status: Status,
}

impl Wanted {
    pub(super) fn new(user: CrmUser, values: &Values) -> Self {
        let parts = Parts {
            user_name: Some(&user.user_name),
            email: Some(&user.email),
            first_name: user.first_name.as_deref(),
            last_name: user.last_name.as_deref(),
            payload_user_name: Some(&user.user_name),
        };
        let status = match (user.status, values.active_user_status) {
            (Status::Active, ActiveUserStatus::New) => Status::New,
            (status, _) => status,
        };
        Self {
            hashes: Hashes::of(parts, values.case_insensitive),
            status,
            user,
        }
    }

    pub(in super::super::super) fn user_guid(&self) -> Uuid {
        self.user.user_guid
    }

    /// The derived id of the user in SecureAuth.
    pub(in super::super::super) fn user_id(&self, values: &Values) -> UserId {
        values.ids.user_id(self.user.user_guid)
    }

    pub(super) fn user_name(&self) -> &str {
        &self.user.user_name
    }

    pub(in super::super) fn hashes(&self) -> Hashes {
        self.hashes
    }

    pub(super) fn status(&self) -> Status {
        self.status
    }

    pub(super) fn email(&self) -> &str {
        &self.user.email
    }

    /// The account holds something else than the CRM has now.
    pub(in super::super::super) fn differs_from(&self, account: &Account) -> bool {
        !self.differences(account).is_empty()
    }

    /// The account has another user name.
    pub(in super::super::super) fn renames(&self, account: &Account) -> bool {
        account.name_hash != self.hashes.name
    }

    /// What the account holds otherwise than the CRM, in words.
    pub(in super::super::super) fn differences(&self, account: &Account) -> Vec<&'static str> {
        let members = [
            ("user name", account.name_hash != self.hashes.name),
            ("e-mail", account.address_hash != self.hashes.address),
            ("profile", account.profile_hash != self.hashes.profile),
            ("status", account.status_sent != Some(self.status)),
        ];
        members
            .into_iter()
            .filter_map(|(member, differs)| differs.then_some(member))
            .collect()
    }

    /// The user is to have no access.
    pub(in super::super::super) fn is_inactive(&self) -> bool {
        self.status == Status::Inactive
    }

    /// The open account of a user of whom only the id is known to be in the pool, or nothing at all.
    pub(super) fn unknown_account(&self) -> Account {
        Account {
            user_guid: self.user.user_guid,
            user_id: None,
            origin: AccountOrigin::Imported,
            open: true,
            created_by: None,
            name_hash: None,
            address_hash: None,
            profile_hash: None,
            status_sent: None,
            returning: false,
        }
    }

    /// The open account of a user that the run is about to import.
    pub(super) fn new_account(&self, run: OnboardingId) -> Account {
        Account {
            user_guid: self.user.user_guid,
            user_id: None,
            origin: AccountOrigin::Imported,
            open: true,
            created_by: Some(run),
            name_hash: self.hashes.name,
            address_hash: self.hashes.address,
            profile_hash: self.hashes.profile,
            status_sent: Some(self.status),
            returning: false,
        }
    }

    /// The data error of a user whose name the holder is entitled to.
    pub(super) fn held_by(&self, holder: &Holder) -> Issue {
        let held_by = holder.account.user_guid.to_string();
        Issue::held(self.user_guid(), Field::UserName, held_by)
    }

    /// The keys that would find the user in a pool.
    pub(in super::super::super) fn keys(&self, values: &Values) -> PoolUser {
        values.keys(self.user.user_guid, &self.user.user_name)
    }

    pub(super) fn import(&self, ids: &DerivedIds) -> ImportUser {
        let guid = self.user.user_guid;
        ImportUser {
            user_id: ids.user_id(guid),
            identifier_id: ids.identifier_id(guid),
            address_id: ids.address_id(guid),
            user_name: self.user.user_name.clone(),
            email: self.user.email.clone(),
            first_name: self.user.first_name.clone(),
            last_name: self.user.last_name.clone(),
            status: sent(self.status),
        }
    }
}

/// One user in the work of a pass.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// The page that the user was read with.
    pub(super) page: u32,
    pub(super) wanted: Wanted,
    /// The account as it was before the run opened it.
    pub(super) account: Account,
}

impl Person {
    /// The account as it is written before any call. A status that a call is to change is not known from then on.
    pub(super) fn opened(&self) -> Account {
        let wanted = self.wanted.status();
        let had_no_access = self.account.returning || self.account.status_sent == Some(Status::Inactive);
        Account {
            open: true,
            status_sent: self.account.status_sent.filter(|sent| *sent == wanted),
            returning: had_no_access && wanted != Status::Inactive,
            ..self.account.clone()
        }
    }

    /// The account is one of a user whom a call has reached before.
    pub(super) fn is_known(&self) -> bool {
        self.account.address_hash.is_some() || self.account.profile_hash.is_some()
    }

    /// A call has reached the user before, under another name than the CRM has now.
    pub(super) fn has_another_name(&self) -> bool {
        self.is_known() && self.wanted.renames(&self.account)
    }

    /// An earlier call about the status had no outcome. If the user is inactive now, as the CRM says, that call did it; of any other
    /// status the account does not tell which one the user had before.
    pub(super) fn status_was_to_change(&self) -> bool {
        self.account.open && self.is_known() && self.account.status_sent.is_none()
    }

    /// An earlier call without an outcome brought about a value that the account holds otherwise. A value that is not known proves
    /// nothing: users who gave a name up were counted already.
    pub(super) fn value_was_to_change(&self, now: &Account) -> bool {
        let before = &self.account;
        let values = [
            (before.name_hash, now.name_hash),
            (before.address_hash, now.address_hash),
            (before.profile_hash, now.profile_hash),
        ];
        before.open && values.iter().any(|(before, now)| before.is_some() && before != now)
    }
}

/// Nothing is known of the account's user, and no call can have reached it.
pub(super) fn is_unknown(account: &Account) -> bool {
    account.user_id.is_none() && account.name_hash.is_none() && account.profile_hash.is_none()
}

/// The id of an account's user in SecureAuth. An id that is kept is one that SecureAuth showed.
pub(in super::super) fn user_id(account: &Account, ids: &DerivedIds) -> UserId {
    let kept = account.user_id.as_deref().and_then(|id| UserId::parse(id).ok());
    kept.unwrap_or_else(|| ids.user_id(account.user_guid))
}

/// A status as SecureAuth spells it.
pub(super) fn sent(status: Status) -> UserStatus {
    match status {
        Status::Active => UserStatus::Active,
        Status::Inactive => UserStatus::Inactive,
        Status::New => UserStatus::New,
    }
}
