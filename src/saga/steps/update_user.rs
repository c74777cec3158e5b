//! One user's PUT: what is sent is made from what is there.

use super::super::failure::StepError;
use super::STALE_TRIES;
use crate::domain::reason::Reason;
use ic_secureauth_api::{Api, ApiError, Class, PoolId, User, UserId, UserStatus, UserUpdate, Versioned};

/// Sends what `make` makes of the user; where somebody else changed it since it was read (412), it is read again and made anew.
pub(super) async fn update(
    api: &Api,
    pool: &PoolId,
    id: &UserId,
    found: Option<Versioned<User>>,
    make: impl Fn(Option<&User>) -> UserUpdate + Send,
) -> Result<(), ApiError> {
    let mut found = found;
    let mut tries = 1;
    loop {
        let update = UserUpdate {
            if_match: found.as_ref().and_then(|found| found.etag.clone()),
            ..make(found.as_ref().map(|found| &found.value))
        };
        match api.update_user(pool, id, &update).await {
            Err(error) if error.class() == Class::Stale && tries < STALE_TRIES => found = api.user(pool, id).await?,
            answer => return answer.map(|_| ()),
        }
        tries += 1;
    }
}

/// A person who activated an account since is not sent back to `new`.
pub(super) fn status_to_send(there: Option<UserStatus>, wanted: UserStatus) -> Option<UserStatus> {
    match (there, wanted) {
        (Some(UserStatus::Active), UserStatus::New) => None,
        (_, wanted) => Some(wanted),
    }
}

/// A user that has to be there does not show, yet.
pub(super) fn not_visible() -> StepError {
    StepError::Retry {
        reason: Reason::UsersNotVisible,
        after: None,
    }
}
