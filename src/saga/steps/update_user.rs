//! Updates one user; the request is made from the user's current values.

use super::STALE_TRIES;
use ic_secureauth_api::{Api, ApiError, Class, PoolId, User, UserId, UserStatus, UserUpdate, Versioned};

/// Sends the update that `make` derives from the user. If somebody else changed the user meanwhile (412), reads it
/// again and derives the update anew.
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
        // The user that was read again needs nothing any more.
        if update.status.is_none() && update.payload.is_none() {
            return Ok(());
        }
        match api.update_user(pool, id, &update).await {
            Err(error) if error.class() == Class::Stale && tries < STALE_TRIES => found = api.user(pool, id).await?,
            answer => return answer.map(|_| ()),
        }
        tries += 1;
    }
}

/// The update that takes a user's access, whoever is there.
pub(super) fn inactive(_: Option<&User>) -> UserUpdate {
    UserUpdate {
        status: Some(UserStatus::Inactive),
        ..UserUpdate::default()
    }
}

/// `None` for a person who activated the account: `active` is never set back to `new`, and whoever has enrolled a credential and
/// comes back is `active` at once (docs/decisions.md#activated-stays-activated).
pub(super) fn status_to_send(there: Option<&User>, wanted: UserStatus) -> Option<UserStatus> {
    match (there.and_then(|there| there.status), wanted) {
        (Some(UserStatus::Active), UserStatus::New) => None,
        (_, UserStatus::New) if there.is_some_and(User::has_credentials) => Some(UserStatus::Active),
        (_, wanted) => Some(wanted),
    }
}
