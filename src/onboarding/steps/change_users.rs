//! Users that were in the pool already: status and name changes on a sync.

use serde_json::{Map, Value};

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::take_back_users::Before;
use super::update_user::{self, not_visible, status_to_send};
use super::user_payload::Outgoing;
use crate::domain::journal::Entry;
use crate::ic_secureauth_api::{Class, PayloadMembers, PoolId, User, UserUpdate};
use crate::store::{Batch, LedgerRow, LedgerState};

/// What came of the changes of a page.
#[derive(Debug, Default)]
pub(super) struct ChangeOutcome {
    pub(super) changed: Vec<LedgerRow>,
    pub(super) refused: Vec<uuid::Uuid>,
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
        intents.push(LedgerRow {
            user_guid: user.user_guid,
            user_id: user.user_id,
            content_hash: user.hash.clone(),
            state: LedgerState::Changing,
            before: Some(serde_json::json!(before).to_string()),
        });
        calls.push((user, found));
    }
    context
        .write(Batch {
            entries: vec![Entry::ChangeUsers { count: intents.len() }],
            ledger: intents.clone(),
            ..Batch::default()
        })
        .await?;
    for ((user, found), mut row) in calls.into_iter().zip(intents) {
        let changes = |there: Option<&User>| changes(user, there, members);
        match update_user::update(&context.api, pool, &user.import.user_id, Some(found), changes).await {
            Ok(()) => {
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

/// The CRM's values, in a profile whose other members stay as they are.
fn changes(user: &Outgoing, there: Option<&User>, members: &PayloadMembers) -> UserUpdate {
    let mut payload: Map<String, Value> = there.and_then(|there| there.payload.clone()).unwrap_or_default();
    for name in members.names() {
        payload.remove(name);
    }
    payload.extend(user.import.payload(members));
    UserUpdate {
        status: status_to_send(there.and_then(|there| there.status), user.import.status),
        payload: Some(payload),
        if_match: None,
    }
}
