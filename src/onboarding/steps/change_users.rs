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
use crate::ic_secureauth_api::{Api, ApiError, Class, PayloadMembers, PoolId, UserId, UserStatus, UserUpdate};
use crate::store::{Batch, LedgerRow, LedgerState, PoolUser};

/// What stood before a change, kept in the ledger to be put back.
#[derive(Serialize, Deserialize)]
struct Before {
    status: Option<UserStatus>,
    payload: Option<Map<String, Value>>,
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

async fn put_back(api: &Api, pool: &PoolId, id: &UserId, before: &str) -> Result<(), StepError> {
    let before: Before = serde_json::from_str(before).map_err(|_| StepError::Stuck(Reason::NotTakenBack))?;
    let update = UserUpdate {
        status: before.status,
        payload: before.payload,
        if_match: None,
    };
    match api.update_user(pool, id, &update).await {
        Ok(_) => Ok(()),
        Err(error) if ApiError::is_not_found(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
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
