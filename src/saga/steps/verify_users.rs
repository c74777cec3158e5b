//! Checks that the pool holds the users of the ledger, although its count and its list may lag
//! (docs/decisions.md#lagging-counts).

use std::sync::Arc;
use std::time::Duration;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::compare_users;
use super::import_users::known_pool;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::settings::onboarding::Verify;
use crate::store::LedgerState;
use ic_secureauth_api::PoolId;

/// Up to this many users it is cheaper to ask for missing users by id than to wait for a lagging count.
const ASKED_FOR_AT_ONCE: u64 = 1_000;

/// Compares the pool's count. Compares the users one by one if the count differs or with `VERIFY=full`.
pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let recorded = known_pool(context)?.clone();
    let pool = PoolId::parse(&recorded.id).map_err(|_| StepError::Permanent(Reason::SecureauthRefused))?;
    let expected = imported(context).await?;
    let stood_before = match recorded.origin {
        Origin::Found => context.journal.pool_users.count,
        Origin::Intended | Origin::Created => 0,
    };
    let mut pauses = context.times().verify_pauses.clone().into_iter();
    let counts = context.journal.import.compared.is_none() && context.settings().verify == Verify::Count;
    let waits = if expected > ASKED_FOR_AT_ONCE { pauses.len() } else { 0 };
    let total = stood_before + expected;
    if (counts && is_counted(context, &pool, total, pauses.by_ref().take(waits)).await?)
        || compare_users::run(context, &pool, &mut pauses).await?
    {
        context.note(Entry::UsersVerified { expected }).await?;
    }
    Ok(())
}

/// Whether the pool's count is `total`. A lower count may lag, so it is read again after each pause. A higher one means
/// that somebody else added users.
async fn is_counted(
    context: &RunContext<'_>,
    pool: &PoolId,
    total: u64,
    mut pauses: impl Iterator<Item = Duration>,
) -> Result<bool, StepError> {
    loop {
        let found = context.api.pool(pool).await?;
        let counted = found.and_then(|found| found.value.number_of_users);
        let lags = counted.is_some_and(|counted| counted < total);
        match pauses.next() {
            Some(pause) if lags && !context.time_slice_is_over() => tokio::time::sleep(pause).await,
            _ => return Ok(counted == Some(total)),
        }
    }
}

/// How many users this run imported.
async fn imported(context: &RunContext<'_>) -> Result<u64, StepError> {
    let mut count = 0;
    let mut after = None;
    let store = Arc::clone(context.store());
    loop {
        let size = context.times().users_per_page;
        let rows = store.ledger_page(context.run.id, after, size).await?;
        let Some(last) = rows.last().map(|row| row.user_guid) else {
            return Ok(count);
        };
        after = Some(last);
        count += rows.iter().filter(|row| row.state == LedgerState::Imported).count() as u64;
    }
}
