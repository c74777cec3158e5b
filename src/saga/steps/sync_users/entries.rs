//! Adds and removes single user names and addresses.

use super::conflict::Part;
use super::target::Target;
use ic_secureauth_api::{ApiError, Deleted, IdentifierType, NewAddress, NewIdentifier, UserId};

/// What became of a value that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    Gone,
    /// SecureAuth answers that it is gone and shows it all the same.
    Shown,
}

impl Target {
    pub(super) async fn add(&self, user: &UserId, part: Part, value: &str) -> Result<(), ApiError> {
        let (api, pool) = (&self.api, &self.pool);
        match part {
            Part::UserName => {
                let new = NewIdentifier {
                    identifier: value.to_owned(),
                    kind: IdentifierType::Uid,
                };
                let key = self.key("add-identifier");
                api.add_identifier(pool, user, &new, &key, None).await.map(drop)
            }
            Part::Address => {
                let settings = &self.settings;
                let new = NewAddress::email(value, settings.address_verified, settings.address_allowed_for_2fa);
                let key = self.key("add-address");
                api.add_address(pool, user, &new, &key, None).await.map(drop)
            }
        }
    }

    /// A user name is an identifier of any type.
    pub(super) async fn remove(&self, user: &UserId, part: Part, value: &str) -> Result<Removal, ApiError> {
        let (api, pool) = (&self.api, &self.pool);
        let removed = match part {
            Part::UserName => api.remove_identifier(pool, user, value, None).await?,
            Part::Address => api.remove_address(pool, user, value, None).await?,
        };
        if removed.value == Deleted::Deleted {
            return Ok(Removal::Gone);
        }
        // The account forgets the value, so a 404 alone is not believed.
        let is_shown = api.user(pool, user).await?.is_some_and(|found| match part {
            Part::UserName => found.value.identifiers.iter().any(|it| it.identifier == value),
            Part::Address => found.value.verifiable_addresses.iter().any(|it| it.address == value),
        });
        Ok(if is_shown { Removal::Shown } else { Removal::Gone })
    }
}
