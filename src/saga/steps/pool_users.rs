//! Records the users of a found pool before the import starts, because they must be neither imported nor deleted by a
//! rollback.

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::{Batch, PoolUser};
use ic_secureauth_api::{ListedUser, MAX_PAGE, PoolId, UserId};

/// Pages read between two writes to the database.
const PAGES_PER_WRITE: u32 = 10;

/// Records the pool's users in `PoolUserBefore`; continues after the last recorded page.
pub(super) async fn record(context: &mut RunContext<'_>, pool: &PoolId, fold_case: bool) -> Result<(), StepError> {
    let mut after = match &context.journal.pool_users.last {
        Some(last) => Some(UserId::parse(last).map_err(|_| StepError::Stuck(Reason::SecureauthRefused))?),
        None => None,
    };
    let mut count = context.journal.pool_users.count;
    loop {
        let mut users = Vec::new();
        let mut finished = false;
        for _ in 0..PAGES_PER_WRITE {
            let page = context.api.users_page(pool, after.as_ref(), MAX_PAGE).await?;
            count += page.len() as u64;
            users.extend(page.iter().flat_map(|user| rows(user, fold_case)));
            let Some(last) = page.last() else {
                finished = true;
                break;
            };
            after = Some(last.id.clone());
        }
        let entry = match &after {
            Some(last) if !finished => Entry::PoolUsersPaged {
                last: last.to_string(),
                count,
            },
            _ => Entry::PoolUsersRecorded { count },
        };
        context
            .write(Batch {
                pool_users_before: users,
                entries: vec![entry],
                is_progress: true,
                ..Batch::default()
            })
            .await?;
        if finished || context.time_slice_is_over() {
            return Ok(());
        }
    }
}

/// One row per identifier, and one for a user without any. An id that is no UUID cannot be ours and becomes nil.
pub(in super::super) fn rows(user: &ListedUser, fold_case: bool) -> Vec<PoolUser> {
    let user_id = user.id.uuid().unwrap_or_default();
    let row = |identifier| PoolUser { user_id, identifier };
    if user.identifiers.is_empty() {
        return vec![row(String::new())];
    }
    user.identifiers
        .iter()
        .map(|identifier| row(fold(identifier, fold_case)))
        .collect()
}

/// The form in which the pool compares an identifier.
pub(super) fn fold(identifier: &str, fold_case: bool) -> String {
    if fold_case {
        identifier.to_lowercase()
    } else {
        identifier.to_owned()
    }
}
