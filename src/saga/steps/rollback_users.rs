//! Rolls back single users of a found pool (docs/ARCHITECTURE.md#rollback). Users of a pool that this run created are
//! deleted with the pool.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::update_user::{self, not_visible, status_to_send};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::{Batch, LedgerRow, LedgerState, PoolUser};
use ic_secureauth_api::{Api, PoolId, User, UserId, UserStatus, UserUpdate};

/// A user's values before a change; the ledger keeps them for the rollback.
#[derive(Serialize, Deserialize)]
pub(super) struct Before {
    pub(super) status: Option<UserStatus>,
    pub(super) payload: Option<Map<String, Value>>,
}

impl Before {
    fn read(text: &str) -> Result<Self, StepError> {
        serde_json::from_str(text).map_err(|_| StepError::Stuck(Reason::NotRolledBack))
    }

    /// The user has these values. A user who activated the account since then counts as restored.
    fn shows(&self, user: &User) -> bool {
        let status = self.status.and_then(|status| status_to_send(user.status, status));
        self.payload == user.payload && status.is_none_or(|status| user.status == Some(status))
    }
}

/// Deletes the users this run added and restores the old values of changed ones. `false`: the time slice ended first.
pub(in super::super) async fn rollback(context: &mut RunContext<'_>) -> Result<bool, StepError> {
    let Some(pool) = touched_pool(context)? else {
        return Ok(true);
    };
    let mut after = None;
    loop {
        let size = context.times().users_per_page;
        let store = Arc::clone(context.store());
        let mut rows = store.ledger_page(context.run.id, after, size).await?;
        let Some(last) = rows.last().map(|row| row.user_guid) else {
            return Ok(true);
        };
        after = Some(last);
        rows.retain(|row| row.state != LedgerState::RolledBack);
        // A page that is done already is no progress: it must not reset the pauses or end the time slice.
        if rows.is_empty() {
            continue;
        }
        roll_back(context, &pool, &mut rows).await?;
        let batch = Batch {
            ledger: rows,
            is_progress: true,
            ..Batch::default()
        };
        context.write(batch).await?;
        if context.time_slice_is_over() {
            return Ok(false);
        }
    }
}

/// The result of a recheck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Recheck {
    NothingLeft,
    /// Some users are there again; their ledger rows are marked for another rollback.
    ThereAgain,
    /// The time slice ended first; the next one continues.
    MoreToDo,
}

/// Reads every user that this run added or changed by id: the list of the whole pool would be longer, and it lags.
pub(in super::super) async fn recheck(context: &mut RunContext<'_>) -> Result<Recheck, StepError> {
    let Some(pool) = touched_pool(context)? else {
        return Ok(Recheck::NothingLeft);
    };
    let (mut after, mut clean) = match context.journal.rechecked {
        Some(recorded) => (Some(recorded.last), recorded.clean),
        None => (None, true),
    };
    loop {
        let size = context.times().users_per_page;
        let store = Arc::clone(context.store());
        let mut rows = store.ledger_page(context.run.id, after, size).await?;
        let Some(last) = rows.last().map(|row| row.user_guid) else {
            return Ok(if clean {
                Recheck::NothingLeft
            } else {
                Recheck::ThereAgain
            });
        };
        after = Some(last);
        rows.retain(|row| row.state == LedgerState::RolledBack);
        if rows.is_empty() {
            continue;
        }
        let again = there_again(context, &pool, rows).await?;
        clean &= again.is_empty();
        let batch = Batch {
            entries: vec![Entry::RecheckedUpTo { last, clean }],
            ledger: again,
            is_progress: true,
            ..Batch::default()
        };
        context.write(batch).await?;
        if context.time_slice_is_over() {
            return Ok(Recheck::MoreToDo);
        }
    }
}

/// The found pool, if this run may have changed users in it.
fn touched_pool(context: &RunContext<'_>) -> Result<Option<PoolId>, StepError> {
    let journal = &context.journal;
    let found = journal.pool.as_ref().filter(|pool| pool.origin == Origin::Found);
    let Some(pool) = found.filter(|_| journal.import.touched) else {
        return Ok(None);
    };
    let id = PoolId::parse(&pool.id).map_err(|_| StepError::Stuck(Reason::NotRolledBack))?;
    Ok(Some(id))
}

/// Rolls back ledger rows: deletes imported users, unless the pool held them before, and restores changed ones.
async fn roll_back(context: &RunContext<'_>, pool: &PoolId, rows: &mut [LedgerRow]) -> Result<(), StepError> {
    let stood_before = stood_before(context, rows).await?;
    let (api, in_flight) = (&context.api, context.dependencies().max_in_flight);
    let rollbacks: Vec<(UserId, Option<String>)> = rows
        .iter()
        .filter(|row| row.before.is_some() || !stood_before.contains(&row.user_id))
        .map(|row| (UserId::from(row.user_id), row.before.clone()))
        .collect();
    stream::iter(rollbacks)
        .map(|(id, before)| async move {
            match before {
                Some(before) => put_back(api, pool, &id, &before).await,
                None => api.delete_user(pool, &id).await.map(|_| ()).map_err(StepError::from),
            }
        })
        .buffer_unordered(in_flight)
        .try_collect::<()>()
        .await?;
    for row in rows {
        row.state = LedgerState::RolledBack;
    }
    Ok(())
}

/// Restores a user's old values, unless it shows them already. A user is gone when neither a read nor a write finds it.
async fn put_back(api: &Api, pool: &PoolId, id: &UserId, before: &str) -> Result<(), StepError> {
    let before = Before::read(before)?;
    let found = api.user(pool, id).await?;
    if found.as_ref().is_some_and(|found| before.shows(&found.value)) {
        return Ok(());
    }
    let is_gone = found.is_none();
    let old_values = |found: Option<&User>| {
        let there = found.and_then(|found| found.status);
        UserUpdate {
            status: before.status.and_then(|status| status_to_send(there, status)),
            payload: before.payload.clone(),
            if_match: None,
        }
    };
    match update_user::update(api, pool, id, found, old_values).await {
        Err(error) if error.is_not_found() && is_gone => Ok(()),
        Err(error) if error.is_not_found() => Err(not_visible()),
        answer => Ok(answer?),
    }
}

/// The users that are in the pool again, or do not show their old values, because a late call took effect. Their rows
/// get the state that another rollback acts on.
async fn there_again(
    context: &RunContext<'_>,
    pool: &PoolId,
    mut rows: Vec<LedgerRow>,
) -> Result<Vec<LedgerRow>, StepError> {
    let stood_before = stood_before(context, &rows).await?;
    rows.retain(|row| row.before.is_some() || !stood_before.contains(&row.user_id));
    let api = &context.api;
    stream::iter(rows)
        .map(|mut row| async move {
            let found = api.user(pool, &UserId::from(row.user_id)).await?;
            let before = row.before.as_deref().map(Before::read).transpose()?;
            let is_rolled_back = match (&before, &found) {
                (_, None) => true,
                (Some(before), Some(found)) => before.shows(&found.value),
                (None, Some(_)) => false,
            };
            row.state = match before {
                Some(_) => LedgerState::Changed,
                None => LedgerState::Imported,
            };
            Ok::<_, StepError>((!is_rolled_back).then_some(row))
        })
        .buffer_unordered(context.dependencies().max_in_flight)
        .try_filter_map(|row| async move { Ok(row) })
        .try_collect()
        .await
}

/// The users that the pool held before the import, by id.
async fn stood_before(context: &RunContext<'_>, rows: &[LedgerRow]) -> Result<HashSet<Uuid>, StepError> {
    let users: Vec<PoolUser> = rows
        .iter()
        .map(|row| PoolUser {
            user_id: row.user_id,
            identifier: String::new(),
        })
        .collect();
    Ok(context.store().pool_users_before(context.run.id, &users).await?)
}
