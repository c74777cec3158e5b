//! Records the users of a found pool before the import starts, because they must be neither imported nor deleted by a
//! rollback.

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::sync_users::fold;
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
    if after.is_none()
        && let Some(count) = unchanged(context, pool).await?
    {
        return Ok(context.note(Entry::PoolUsersRecorded { count }).await?);
    }
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

/// The pool's number of users if it is the one that an earlier run left: then the accounts tell who is in the pool.
async fn unchanged(context: &RunContext<'_>, pool: &PoolId) -> Result<Option<u64>, StepError> {
    let record = context.store().pool(&context.run.biller_id, pool.as_str()).await?;
    let Some(at_end) = record.and_then(|record| record.users_at_end) else {
        return Ok(None);
    };
    let found = context.api.pool(pool).await?.ok_or_else(StepError::not_shown)?;
    Ok(found.value.number_of_users.filter(|count| *count == at_end))
}

/// One row per identifier, and one for a user without any.
pub(in super::super) fn rows(user: &ListedUser, fold_case: bool) -> Vec<PoolUser> {
    let row = |identifier| PoolUser {
        user_id: user.id.to_string(),
        identifier,
    };
    if user.identifiers.is_empty() {
        return vec![row(String::new())];
    }
    user.identifiers
        .iter()
        .map(|identifier| row(fold(identifier, fold_case)))
        .collect()
}
