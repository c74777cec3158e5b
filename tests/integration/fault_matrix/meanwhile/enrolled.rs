//! Nobody loses an enrolled credential, unless a rollback deletes the pool that the run created.

use local_stack::Stack;

use super::super::invariant::Before;
use super::super::snapshot::Snapshot;
use super::Meanwhile;
use crate::support::pools_of;

impl Meanwhile {
    /// Every user of the biller's pools enrolls a password. Where the organization is deactivated nobody can.
    pub(super) fn everybody_enrolls(&mut self, stack: &Stack, biller: &str) {
        for pool in pools_of(stack, biller) {
            let users = stack.simulator().pool_users(&pool, None, usize::MAX);
            for user in users.unwrap_or_default() {
                if stack.simulator().enroll(&pool, &user.id) {
                    let key = (pool.clone(), user.id);
                    self.credentials.insert(key, user.credentials + 1);
                }
            }
        }
    }

    /// An administrator deletes the first user that is not somebody else's.
    pub(super) fn one_is_removed(&mut self, stack: &Stack, biller: &str) {
        for pool in pools_of(stack, biller) {
            let users = stack.simulator().pool_users(&pool, None, usize::MAX);
            let mut ours = users.unwrap_or_default().into_iter();
            let Some(user) = ours.find(|user| !user.id.starts_with("theirs")) else {
                continue;
            };
            if stack.simulator().remove_user(&pool, &user.id) {
                self.credentials.remove(&(pool, user.id.clone()));
                self.removed.insert(user.id);
            }
        }
    }
}

/// Asserts that everybody who has enrolled a credential has it. `rolled_back`: the run was, and a pool that it created went with its
/// users.
pub(in super::super) fn are_kept(before: &Before<'_>, rolled_back: bool, now: &Snapshot) -> Result<(), String> {
    let found = &before.snapshot.secureauth.pools;
    let mut expected = before.meanwhile.credentials.clone();
    for (pool_id, pool) in found {
        for user in pool.users.values() {
            let key = (pool_id.clone(), user.id.clone());
            expected.entry(key).or_insert(user.credentials);
        }
    }
    expected.retain(|(pool_id, _), count| *count > 0 && (!rolled_back || found.contains_key(pool_id)));
    for ((pool_id, id), count) in expected {
        let pool = now.secureauth.pools.get(&pool_id);
        match pool.and_then(|pool| pool.users.get(&id)) {
            Some(user) if user.credentials < count => {
                return Err(format!(
                    "user {id} lost a credential: {} of {count} are left",
                    user.credentials
                ));
            }
            None => {
                return Err(format!(
                    "user {id} of pool {pool_id}, who enrolled a credential, is gone"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
