//! A CRM user in the form in which it is sent: derived ids, the status by `ACTIVE_USER_STATUS`, and a hash that shows a
//! later sync what changed.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::naming::Subject;
use crate::domain::user::{CrmUser, Status};
use crate::settings::onboarding::ActiveUserStatus;
use crate::store::{LedgerRow, LedgerState};
use ic_secureauth_api::{ImportUser, PayloadMembers, User, UserStatus};

/// A user to be sent.
#[derive(Debug, Clone)]
pub(in super::super) struct Outgoing {
    pub(super) user_guid: Uuid,
    /// The derived id of the user in SecureAuth.
    pub(super) user_id: Uuid,
    pub(super) import: ImportUser,
    /// 32 hex digits; covers all of the CRM's data that is sent.
    pub(super) hash: String,
}

impl Subject<'_> {
    pub(super) fn outgoing(&self, user: CrmUser) -> Outgoing {
        let ids = self.derived_ids();
        let user_id = ids.user_id(user.user_guid);
        let status = match (user.status, self.settings.onboarding.active_user_status) {
            (Status::Active, ActiveUserStatus::Active) => UserStatus::Active,
            (Status::Active, ActiveUserStatus::New) | (Status::New, _) => UserStatus::New,
            (Status::Inactive, _) => UserStatus::Inactive,
        };
        let import = ImportUser {
            identifier_id: ids.identifier_id(user.user_guid),
            address_id: ids.address_id(user.user_guid),
            user_name: user.user_name,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            status,
            user_id: user_id.clone(),
        };
        Outgoing {
            user_guid: user.user_guid,
            user_id: user_id.uuid().unwrap_or_default(),
            hash: sent_hash(&import),
            import,
        }
    }
}

impl Outgoing {
    /// The ledger row of a user that has no earlier values.
    pub(super) fn ledger_row(&self, state: LedgerState) -> LedgerRow {
        LedgerRow {
            user_guid: self.user_guid,
            user_id: self.user_id,
            content_hash: self.hash.clone(),
            state,
            before: None,
        }
    }
}

fn sent_hash(user: &ImportUser) -> String {
    hash(&[
        Some(&user.user_name),
        Some(&user.email),
        user.first_name.as_deref(),
        user.last_name.as_deref(),
        Some(<&str>::from(user.status)),
    ])
}

/// The hash of the values that SecureAuth shows; equal to the hash of an import of the same values.
pub(super) fn shown_hash(user: &User, members: &PayloadMembers) -> String {
    let [first_name, last_name, _] = members.names();
    let member = |name: &str| user.payload.as_ref()?.get(name)?.as_str();
    let name = user.identifiers.iter().find(|it| it.kind == "uid");
    let email = user.verifiable_addresses.iter().find(|it| it.kind == "email");
    hash(&[
        name.map(|it| it.identifier.as_str()),
        email.map(|it| it.address.as_str()),
        member(first_name),
        member(last_name),
        user.status.map(<&str>::from),
    ])
}

/// Over user name, e-mail address, first name, last name and status, in this order.
fn hash(dependencies: &[Option<&str>; 5]) -> String {
    let canonical = serde_json::json!(dependencies).to_string();
    let mut hash = hex::encode(Sha256::digest(canonical));
    hash.truncate(32);
    hash
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ic_secureauth_api::UserId;

    fn sent() -> ImportUser {
        ImportUser {
            user_id: UserId::from(Uuid::from_u128(7)),
            identifier_id: Uuid::from_u128(8),
            address_id: Uuid::from_u128(9),
            user_name: "rsable".into(),
            email: "rsable@invoicecloud.com".into(),
            first_name: Some("demo".into()),
            last_name: None,
            status: UserStatus::Active,
        }
    }

    fn shown(first_name: &str) -> User {
        let shown = json!({
            "id": Uuid::from_u128(7), "status": "active",
            "payload": {"first_name": first_name, "user_name": "rsable", "theirs": 1},
            "identifiers": [{"identifier": "rs@x.com", "type": "email"}, {"identifier": "rsable", "type": "uid"}],
            "verifiable_addresses": [{"address": "rsable@invoicecloud.com", "type": "email"}],
        });
        serde_json::from_value(shown).expect("a user")
    }

    #[test]
    fn the_hash_of_what_is_shown_is_the_hash_of_what_was_sent_if_nothing_changed() {
        let members = PayloadMembers::default();
        assert_eq!(shown_hash(&shown("demo"), &members), sent_hash(&sent()));
        assert_ne!(shown_hash(&shown("other"), &members), sent_hash(&sent()));
    }
}
