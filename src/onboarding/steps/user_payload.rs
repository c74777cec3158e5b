//! A CRM user as it is sent (U2; reference 4.3): derived ids, status by setting, and a hash to see later what changed.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::run_context::RunContext;
use crate::domain::user::{CrmUser, Status};
use crate::ic_secureauth_api::{ImportUser, UserStatus};
use crate::settings::onboarding::ActiveUserStatus;

/// A user about to be sent.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) user_guid: Uuid,
    /// The derived `users.id`.
    pub(super) user_id: Uuid,
    pub(super) import: ImportUser,
    /// 32 hex digits over everything that is sent of the CRM's data.
    pub(super) hash: String,
}

impl RunContext<'_> {
    pub(super) fn outgoing(&self, user: CrmUser) -> Outgoing {
        let ids = self.derived_ids();
        let user_id = ids.user_id(user.user_guid);
        let status = match (user.status, self.settings().active_user_status) {
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
            hash: hash(&import),
            import,
        }
    }
}

fn hash(user: &ImportUser) -> String {
    let parts = (
        &user.user_name,
        &user.email,
        &user.first_name,
        &user.last_name,
        user.status.as_str(),
    );
    let canonical = serde_json::json!(parts).to_string();
    let mut hash = hex::encode(Sha256::digest(canonical));
    hash.truncate(32);
    hash
}
