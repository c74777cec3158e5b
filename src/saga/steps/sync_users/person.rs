//! A user of the CRM and the account that it has or is to get.

use uuid::Uuid;

use super::target::Values;
use super::values::{Hashes, Parts, fold};
use crate::domain::ids::OnboardingId;
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

    pub(super) fn user_guid(&self) -> Uuid {
        self.user.user_guid
    }

    /// The derived id of the user in SecureAuth.
    pub(in super::super::super) fn user_id(&self, values: &Values) -> UserId {
        values.ids.user_id(self.user.user_guid)
    }

    pub(super) fn user_name(&self) -> &str {
        &self.user.user_name
    }

    pub(super) fn hashes(&self) -> Hashes {
        self.hashes
    }

    pub(super) fn status(&self) -> Status {
        self.status
    }

    /// The settled account differs in what a later run changes: profile and status.
    pub(super) fn differs_from(&self, account: &Account) -> bool {
        account.profile_hash != self.hashes.profile || account.status_sent != Some(self.status)
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
        }
    }

    /// The keys that would find the user in a pool.
    pub(in super::super::super) fn keys(&self, values: &Values) -> PoolUser {
        PoolUser {
            user_id: self.user_id(values).to_string(),
            identifier: fold(&self.user.user_name, values.case_insensitive),
        }
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

/// The id of an account's user in SecureAuth. An id that is kept is one that SecureAuth showed.
pub(super) fn user_id(account: &Account, ids: &DerivedIds) -> UserId {
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
