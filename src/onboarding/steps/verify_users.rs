//! The pool holds what the ledger says, whatever its lists lag behind (reference 5.1 step 8).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::facts::Origin;
use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::import_plan;
use super::import_users::{importer, known_pool};
use super::payload_schema;
use super::pool_users::user_ids;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::ic_secureauth_api::{ApiError, MAX_CHUNK_USERS, PoolId, UserId};
use crate::settings::onboarding::Verify;
use crate::store::LedgerState;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let fact = known_pool(context)?.clone();
    let pool = PoolId::parse(&fact.id).map_err(|_| StepError::Permanent(Reason::SecureauthRefused))?;
    let expected = imported(context).await?;
    let stood_before = match fact.origin {
        Origin::Found => context.facts.pool_users.count,
        Origin::Intended | Origin::Created => 0,
    };
    let total = stood_before + expected.len() as u64;
    let mut pauses = context.times().verify_pauses.clone().into_iter();
    let mut sent_again = false;
    loop {
        if holds(context, &pool, &expected, total).await? {
            let expected = expected.len() as u64;
            return Ok(context.note(Entry::UsersVerified { expected }).await?);
        }
        match pauses.next() {
            Some(pause) if !context.slice_is_over() => tokio::time::sleep(pause).await,
            _ if sent_again => {
                return Err(StepError::Retry {
                    reason: Reason::UsersNotVisible,
                    after: None,
                });
            }
            _ => {
                send_again(context, &pool, &expected).await?;
                sent_again = true;
            }
        }
    }
}

/// By the count; by the ids where it differs; by asking for each that the list does not show.
async fn holds(
    context: &RunContext<'_>,
    pool: &PoolId,
    expected: &HashMap<Uuid, Uuid>,
    total: u64,
) -> Result<bool, StepError> {
    let counted = context
        .api
        .pool(pool)
        .await?
        .and_then(|found| found.value.number_of_users);
    if context.settings().verify == Verify::Count && counted == Some(total) {
        return Ok(true);
    }
    Ok(missing(context, pool, expected).await?.is_empty())
}

/// The GUIDs of users that neither the list nor their own id shows.
async fn missing(
    context: &RunContext<'_>,
    pool: &PoolId,
    expected: &HashMap<Uuid, Uuid>,
) -> Result<HashSet<Uuid>, StepError> {
    let listed = user_ids(&context.api, pool).await?;
    let unlisted: Vec<(Uuid, Uuid)> = expected
        .iter()
        .map(|(user_id, guid)| (*user_id, *guid))
        .filter(|(user_id, _)| !listed.contains(user_id))
        .collect();
    let api = &context.api;
    stream::iter(unlisted)
        .map(|(user_id, guid)| async move {
            let found = api.user(pool, &UserId::from(user_id)).await?;
            Ok::<_, ApiError>(found.is_none().then_some(guid))
        })
        .buffer_unordered(context.parts().max_in_flight)
        .try_filter_map(|guid| async move { Ok(guid) })
        .try_collect()
        .await
        .map_err(StepError::from)
}

/// Imports what is truly missing once more; each user is looked for right before.
async fn send_again(
    context: &mut RunContext<'_>,
    pool: &PoolId,
    expected: &HashMap<Uuid, Uuid>,
) -> Result<(), StepError> {
    let missing = missing(context, pool, expected).await?;
    tracing::warn!(users = missing.len(), "users are missing from the pool and sent again");
    let importer = importer(context)?;
    let schema = payload_schema::of_pool(context).await?;
    let mut after = None;
    loop {
        let size = context.times().users_per_page;
        let mut rows = context.store().users_page(&context.run.biller_id, after, size).await?;
        let Some(last) = rows.last().and_then(|row| row.user_guid) else {
            return Ok(());
        };
        after = Some(last);
        rows.retain(|row| row.user_guid.is_some_and(|guid| missing.contains(&guid)));
        let plan = import_plan::of(context, &schema, rows, &HashSet::new()).await?;
        for users in plan.import.chunks(MAX_CHUNK_USERS) {
            importer.send(users.to_vec(), true).await?;
        }
    }
}

/// What this run imported: SecureAuth's id → the CRM's.
async fn imported(context: &RunContext<'_>) -> Result<HashMap<Uuid, Uuid>, StepError> {
    let mut ids = HashMap::new();
    let mut after = None;
    let store = Arc::clone(context.store());
    loop {
        let size = context.times().users_per_page;
        let rows = store.ledger_page(context.run.id, after, size).await?;
        let Some(last) = rows.last().map(|row| row.user_guid) else {
            return Ok(ids);
        };
        after = Some(last);
        let imported = rows.into_iter().filter(|row| row.state == LedgerState::Imported);
        ids.extend(imported.map(|row| (row.user_id, row.user_guid)));
    }
}
