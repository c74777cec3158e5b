//! Who is in a pool, as its list shows it.

use std::collections::{HashMap, HashSet};

use super::super::step_error::StepError;
use super::super::steps::pool_users;
use crate::store::PoolRecord;
use ic_secureauth_api::{MAX_PAGE, Pool, ReadOnlyApi, UserId};

/// The ids and user names that a pool's list shows. A run records them in `PoolUserBefore`. A preview writes nothing,
/// so it holds them in memory, about 150 bytes per user; `plan` is a process of its own.
#[derive(Default)]
pub(super) struct Listed {
    ids: HashSet<UserId>,
    identifiers: HashMap<String, UserId>,
    /// A run lists the pool, too.
    is_listed_by_runs: bool,
}

impl Listed {
    /// Nothing is read of a pool of the biller where the accounts tell who is in it. They do not know the user names that linked
    /// people have. `accounts`: how many there are.
    pub(super) async fn read(
        api: &ReadOnlyApi,
        pool: &Pool,
        record: Option<PoolRecord>,
        accounts: u64,
        is_own: bool,
    ) -> Result<Self, StepError> {
        let at_end = record.and_then(|record| record.users_at_end);
        let is_unchanged = at_end.is_some() && at_end == pool.number_of_users;
        let mut listed = Self {
            is_listed_by_runs: !is_unchanged,
            ..Self::default()
        };
        if is_own && is_unchanged && at_end == Some(accounts) {
            return Ok(listed);
        }
        let mut after = None;
        loop {
            let page = api.users_page(&pool.id, after.as_ref(), MAX_PAGE).await?;
            for user in &page {
                listed.ids.insert(user.id.clone());
                for row in pool_users::rows(user, pool.identifier_case_insensitive) {
                    listed.identifiers.insert(row.identifier, user.id.clone());
                }
            }
            after = page.into_iter().last().map(|user| user.id);
            if after.is_none() {
                return Ok(listed);
            }
        }
    }

    /// Who has the id or the user name, judged as with `PoolUserBefore`.
    pub(super) fn holder(&self, user_id: &str, identifier: &str) -> Option<UserId> {
        let by_id = UserId::parse(user_id).ok().filter(|id| self.ids.contains(id));
        by_id.or_else(|| self.holder_of_name(identifier).cloned())
    }

    /// Who has the user name.
    pub(super) fn holder_of_name(&self, identifier: &str) -> Option<&UserId> {
        self.identifiers.get(identifier)
    }

    /// The list shows the user.
    pub(super) fn holds(&self, id: &UserId) -> bool {
        self.ids.contains(id)
    }

    /// A run would look for the user, because the list does not show it.
    pub(super) fn lacks(&self, id: &UserId) -> bool {
        self.is_listed_by_runs && !self.ids.contains(id)
    }
}
