//! Sends changed status and profile of users that an earlier run imported (docs/decisions.md#status-and-profile-only).

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::rollback_users::Before;
use super::update_user::{self, not_visible, status_to_send};
use super::user_payload::Outgoing;
use crate::domain::journal::Entry;
use crate::store::{Batch, LedgerRow, LedgerState};
use ic_secureauth_api::{Api, Class, PayloadMembers, PoolId, User, UserId, UserUpdate, Versioned};

/// The ledger rows of the users that were changed, and the users that SecureAuth refused.
#[derive(Debug, Default)]
pub(super) struct ChangeOutcome {
    pub(super) changed: Vec<LedgerRow>,
    pub(super) refused: Vec<uuid::Uuid>,
}

/// Reads the old values, writes them to the ledger, then sends the new ones.
pub(super) async fn run(
    context: &mut RunContext<'_>,
    pool: &PoolId,
    members: &PayloadMembers,
    users: &[Outgoing],
) -> Result<ChangeOutcome, StepError> {
    if users.is_empty() {
        return Ok(ChangeOutcome::default());
    }
    let (api, in_flight) = (&context.api, context.dependencies().max_in_flight);
    let reads: Vec<_> = users.iter().map(|user| read(api, pool, &user.import.user_id)).collect();
    let found: Vec<_> = stream::iter(reads).buffered(in_flight).try_collect().await?;
    let intents: Vec<LedgerRow> = users
        .iter()
        .zip(&found)
        .map(|(user, found)| intent(user, found))
        .collect();
    context
        .write(Batch {
            entries: vec![Entry::ChangeUsers { count: intents.len() }],
            ledger: intents.clone(),
            ..Batch::default()
        })
        .await?;
    let api = &context.api;
    let calls = users.iter().zip(found);
    let calls: Vec<_> = calls
        .map(|(user, found)| change(api, pool, members, user, found))
        .collect();
    let accepted: Vec<bool> = stream::iter(calls).buffered(in_flight).try_collect().await?;
    let mut outcome = ChangeOutcome::default();
    for (mut row, accepted) in intents.into_iter().zip(accepted) {
        if accepted {
            row.state = LedgerState::Changed;
            outcome.changed.push(row);
        } else {
            outcome.refused.push(row.user_guid);
        }
    }
    Ok(outcome)
}

/// The pool's list showed the user, so a missing one is waited for. If it stays away this run fails, and the next run
/// imports it.
async fn read(api: &Api, pool: &PoolId, id: &UserId) -> Result<Versioned<User>, StepError> {
    api.user(pool, id).await?.ok_or_else(not_visible)
}

fn intent(user: &Outgoing, found: &Versioned<User>) -> LedgerRow {
    let before = Before {
        status: found.value.status,
        payload: found.value.payload.clone(),
    };
    LedgerRow {
        before: Some(serde_json::json!(before).to_string()),
        ..user.ledger_row(LedgerState::Changing)
    }
}

/// `false` when SecureAuth refuses this user's data.
async fn change(
    api: &Api,
    pool: &PoolId,
    members: &PayloadMembers,
    user: &Outgoing,
    found: Versioned<User>,
) -> Result<bool, StepError> {
    let changes = |there: Option<&User>| changes(user, there, members);
    match update_user::update(api, pool, &user.import.user_id, Some(found), changes).await {
        Ok(()) => Ok(true),
        Err(error) if error.is_not_found() => Err(not_visible()),
        Err(error) if error.class() == Class::Permanent => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Replaces the CRM's members of the payload and keeps all others.
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
