//! Accounts whose users may be gone, because somebody deleted them by hand. Whoever has a valid row and no user any more is imported,
//! also in a found pool, where the lost user was only linked (docs/ARCHITECTURE.md#accounts).

use std::collections::HashSet;

use uuid::Uuid;

use super::calls::Landed;
use super::person::user_id;
use super::producer::Producer;
use super::reader::Page;
use super::settled::Settled;
use super::target::Target;
use super::task::Row;
use crate::domain::issue::Issue;
use crate::store::{Account, PoolUser, StoreError};

/// Whose users may be gone.
#[derive(Debug)]
pub(super) enum Doubt {
    /// Nobody's, as far as is known.
    Nobody,
    /// Those that were not in the pool when this run listed it.
    NotListed,
    /// Those of these people.
    Of(HashSet<Uuid>),
}

/// An account whose user may be gone and is never changed: linked, or of a leaver who keeps access.
pub(super) struct Doubted {
    pub(super) page: u32,
    pub(super) account: Account,
    pub(super) row: Row,
    /// What is reported if the user is there.
    pub(super) issue: Option<Issue>,
}

impl Producer<'_> {
    /// The people of the page whose users may be gone.
    pub(super) async fn doubted(&self, page: &Page) -> Result<HashSet<Uuid>, StoreError> {
        let accounts = page.users.iter().filter_map(|user| user.account.as_ref());
        match self.doubt {
            Doubt::Nobody => Ok(HashSet::new()),
            Doubt::Of(people) => Ok(accounts
                .map(|it| it.user_guid)
                .filter(|it| people.contains(it))
                .collect()),
            Doubt::NotListed => {
                // Users that this run imported came after the list, and users of open accounts are read in any case.
                let older = accounts.filter(|it| !it.open && it.created_by != Some(self.target.run));
                let keys: Vec<(Uuid, PoolUser)> = older
                    .map(|account| (account.user_guid, key(&self.target.user_id(account).to_string())))
                    .collect();
                if keys.is_empty() {
                    return Ok(HashSet::new());
                }
                let asked: Vec<PoolUser> = keys.iter().map(|(_, key)| key.clone()).collect();
                let listed = self.store.pool_users_before(self.target.run, &asked).await?;
                let missing = keys.into_iter().filter(|(_, key)| !listed.contains_key(&key.user_id));
                Ok(missing.map(|(user, _)| user).collect())
            }
        }
    }
}

/// Finds the user by its id only.
fn key(user_id: &str) -> PoolUser {
    PoolUser {
        user_id: user_id.to_owned(),
        identifier: String::new(),
    }
}

impl Target {
    /// Looks for the user of an account that is left alone. One look may be answered by a cache, so several have to find nobody.
    pub(super) async fn find(&self, doubted: Doubted) -> Landed {
        let Doubted {
            page,
            account,
            row,
            issue,
        } = doubted;
        let id = user_id(&account, &self.values.ids);
        for pause in &self.lag_pauses {
            tokio::time::sleep(*pause).await;
            match self.api.user(&self.pool, &id).await {
                Ok(Some(_)) => {
                    let there = Settled::with(page, account, None);
                    return Landed::done(vec![Settled { issue, ..there }]);
                }
                Ok(None) => {}
                Err(error) => return Landed::failed(error.into()),
            }
        }
        let Row::Valid(wanted) = row else {
            return Landed::done(vec![Settled::gone(page, account.user_guid)]);
        };
        Landed::done(vec![match self.holders_of_derived(std::iter::once(&wanted)).await {
            Ok(holders) => match holders.get(&account.user_guid) {
                None => {
                    self.flow.miss(1);
                    Settled::unlinked(wanted.unknown_account())
                }
                Some(other) => Settled::linked_no_more(page, account.user_guid, *other),
            },
            Err(error) => return Landed::failed(error.into()),
        }])
    }
}
