//! Removes single user names and addresses.

use super::target::Target;
use ic_secureauth_api::{ApiError, Deleted, UserId};

/// What became of a value that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    Gone,
    /// SecureAuth answers that it is gone and shows it all the same.
    Shown,
}

impl Target {
    pub(super) async fn remove_identifier(&self, user: &UserId, identifier: &str) -> Result<Removal, ApiError> {
        let removed = self.api.remove_identifier(&self.pool, user, identifier, None).await?;
        if removed.value == Deleted::Deleted {
            return Ok(Removal::Gone);
        }
        // The account forgets the value, so a 404 alone is not believed.
        let found = self.api.user(&self.pool, user).await?;
        let is_shown = found.is_some_and(|found| {
            let mut identifiers = found.value.identifiers.iter();
            identifiers.any(|it| it.identifier == identifier)
        });
        Ok(if is_shown { Removal::Shown } else { Removal::Gone })
    }

    pub(super) async fn remove_address(&self, user: &UserId, address: &str) -> Result<Removal, ApiError> {
        let removed = self.api.remove_address(&self.pool, user, address, None).await?;
        if removed.value == Deleted::Deleted {
            return Ok(Removal::Gone);
        }
        let found = self.api.user(&self.pool, user).await?;
        let is_shown = found.is_some_and(|found| {
            let mut addresses = found.value.verifiable_addresses.iter();
            addresses.any(|it| it.address == address)
        });
        Ok(if is_shown { Removal::Shown } else { Removal::Gone })
    }
}
