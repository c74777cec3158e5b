//! Users that were in the pool already: status and name changes on a sync, and what taking back does with single users.

use std::collections::HashSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::user_payload::Outgoing;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::ic_secureauth_api::{Api, Class, PayloadMembers, PoolId, User, UserId, UserStatus, UserUpdate};
use crate::store::{Batch, LedgerRow, LedgerState, PoolUser};

/// What stood before a change, kept in the ledger to be put back.
#[derive(Serialize, Deserialize)]
struct Before {
    status: Option<UserStatus>,
    payload: Option<Map<String, Value>>,
}

impl Before {
    fn read(text: &str) -> Result<Self, StepError> {
        serde_json::from_str(text).map_err(|_| StepError::Stuck(Reason::NotTakenBack))
    }

    /// The user has these values; an activation since then is not undone.
    fn shows(&self, user: &User) -> bool {
        let status = self.status.and_then(|status| status_to_send(user.status, status));
        self.payload == user.payload && status.is_none_or(|status| user.status == Some(status))
    }
}

/// What came of the changes of a page.
#[derive(Debug, Default)]
pub(super) struct ChangeOutcome {
    pub(super) changed: Vec<LedgerRow>,
    pub(super) refused: Vec<Uuid>,
}

/// Reads the old values, writes them down, then sends the new ones.
pub(super) async fn run(
    context: &mut RunContext<'_>,
    pool: &PoolId,
    members: &PayloadMembers,
    users: &[Outgoing],
) -> Result<ChangeOutcome, StepError> {
    let mut outcome = ChangeOutcome::default();
    if users.is_empty() {
        return Ok(outcome);
    }
    let mut intents = Vec::new();
    let mut calls = Vec::new();
    for user in users {
        // The list showed the user. If it is gone for good this run fails, and the next finds it missing and imports it.
        let found = context
            .api
            .user(pool, &user.import.user_id)
            .await?
            .ok_or_else(not_visible)?;
        let before = Before {
            status: found.value.status,
            payload: found.value.payload.clone(),
        };
        let mut payload = found.value.payload.unwrap_or_default();
        for name in members.names() {
            payload.remove(name);
        }
        payload.extend(user.import.payload(members));
        let update = UserUpdate {
            status: status_to_send(found.value.status, user.import.status),
            payload: Some(payload),
            if_match: found.etag,
        };
        intents.push(LedgerRow {
            user_guid: user.user_guid,
            user_id: user.user_id,
            content_hash: user.hash.clone(),
            state: LedgerState::Changing,
            before: Some(serde_json::json!(before).to_string()),
        });
        calls.push((user, update));
    }
    context
        .write(Batch {
            entries: vec![Entry::ChangeUsers { count: intents.len() }],
            ledger: intents.clone(),
            ..Batch::default()
        })
        .await?;
    for ((user, update), mut row) in calls.into_iter().zip(intents) {
        match context.api.update_user(pool, &user.import.user_id, &update).await {
            Ok(_) => {
                row.state = LedgerState::Changed;
                outcome.changed.push(row);
            }
            Err(error) if error.is_not_found() => return Err(not_visible()),
            Err(error) if error.class() == Class::Permanent => outcome.refused.push(user.user_guid),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(outcome)
}

fn not_visible() -> StepError {
    StepError::Retry {
        reason: Reason::UsersNotVisible,
        after: None,
    }
}

/// A person who activated an account since is not sent back to `new`.
fn status_to_send(there: Option<UserStatus>, wanted: UserStatus) -> Option<UserStatus> {
    match (there, wanted) {
        (Some(UserStatus::Active), UserStatus::New) => None,
        (_, wanted) => Some(wanted),
    }
}

/// Undoes ledger rows: imported users are deleted unless they stood before, changed ones get their old values back.
pub(super) async fn take_back(
    context: &RunContext<'_>,
    pool: &PoolId,
    rows: &mut [LedgerRow],
) -> Result<(), StepError> {
    let stood_before = stood_before(context, rows).await?;
    let (api, in_flight) = (&context.api, context.parts().max_in_flight);
    let undoes: Vec<(UserId, Option<String>)> = rows
        .iter()
        .filter(|row| row.before.is_some() || !stood_before.contains(&row.user_id))
        .map(|row| (UserId::from(row.user_id), row.before.clone()))
        .collect();
    stream::iter(undoes)
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
        row.state = LedgerState::TakenBack;
    }
    Ok(())
}

/// Nothing to do where the old values show. A user is gone when neither reading nor writing finds it.
async fn put_back(api: &Api, pool: &PoolId, id: &UserId, before: &str) -> Result<(), StepError> {
    let before = Before::read(before)?;
    let found = api.user(pool, id).await?;
    if found.as_ref().is_some_and(|found| before.shows(&found.value)) {
        return Ok(());
    }
    let there = found.as_ref().and_then(|found| found.value.status);
    let is_gone = found.is_none();
    let update = UserUpdate {
        status: before.status.and_then(|status| status_to_send(there, status)),
        payload: before.payload,
        if_match: found.and_then(|found| found.etag),
    };
    match api.update_user(pool, id, &update).await {
        Err(error) if error.is_not_found() && is_gone => Ok(()),
        Err(error) if error.is_not_found() => Err(not_visible()),
        answer => Ok(answer.map(|_| ())?),
    }
}

/// Of these changed users, the ones that do not show their old values (any more): a change may have come through late.
pub(super) async fn not_put_back(
    context: &RunContext<'_>,
    pool: &PoolId,
    rows: Vec<LedgerRow>,
) -> Result<Vec<LedgerRow>, StepError> {
    let api = &context.api;
    stream::iter(rows)
        .map(|row| async move {
            let before = Before::read(row.before.as_deref().unwrap_or_default())?;
            let found = api.user(pool, &UserId::from(row.user_id)).await?;
            let shows = found.is_none_or(|found| before.shows(&found.value));
            Ok::<_, StepError>((!shows).then_some(row))
        })
        .buffer_unordered(context.parts().max_in_flight)
        .try_filter_map(|row| async move { Ok(row) })
        .try_collect()
        .await
}

/// Which of these users the pool held before the import, by id.
pub(super) async fn stood_before(context: &RunContext<'_>, rows: &[LedgerRow]) -> Result<HashSet<Uuid>, StepError> {
    let users: Vec<PoolUser> = rows
        .iter()
        .map(|row| PoolUser {
            user_id: row.user_id,
            identifier: String::new(),
        })
        .collect();
    Ok(context.store().pool_users_before(context.run.id, &users).await?)
}
