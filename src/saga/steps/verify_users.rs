//! Checks that the pool holds the users of the accounts, although its count and its list may lag
//! (docs/decisions.md#lagging-counts).

use std::time::Duration;

use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::compare_users;
use super::sync_users::{self, Pass, Target};
use crate::domain::journal::Entry;
use crate::settings::onboarding::Verify;
use crate::store::Batch;

/// Up to this many users it is cheaper to ask for missing users by id than to wait for a lagging count.
const ASKED_FOR_AT_ONCE: u64 = 1_000;

/// Compares the pool's count. Compares the users one by one if the count differs or with `VERIFY=full`.
pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let target = Target::of(context).await?;
    // A time slice that ended within the comparison may have left accounts open.
    if !sync_users::settle_open(context, &target, Pass::Again).await? {
        return Ok(());
    }
    let created = context.store().count_created(target.record.no, context.run.id).await?;
    let expected = context.journal.sync.users_before + created;
    let mut pauses = context.times().verify_pauses.clone().into_iter();
    let waits = if created > ASKED_FOR_AT_ONCE { pauses.len() } else { 0 };
    let counts = context.journal.sync.compared.is_none() && context.settings().verify == Verify::Count;
    let counted = if counts && is_counted(context, &target, expected, pauses.by_ref().take(waits)).await? {
        Some(expected)
    } else if compare_users::run(context, &target, &mut pauses).await? {
        None
    } else {
        return Ok(());
    };
    let progress = sync_users::counters(context, &target).await?;
    let batch = Batch {
        entries: vec![Entry::UsersVerified { counted }],
        users_at_end: Some((
            target.record.no,
            counted.filter(|_| !sync_users::may_be_unlinked(context, &target)),
        )),
        progress: Some(progress),
        ..Batch::default()
    };
    Ok(context.write(batch).await?)
}

/// Whether the pool's count is `total`. A lower count may lag, so it is read again after each pause. A higher one means
/// that somebody else added users.
async fn is_counted(
    context: &RunContext<'_>,
    target: &Target,
    total: u64,
    mut pauses: impl Iterator<Item = Duration>,
) -> Result<bool, StepError> {
    loop {
        let found = context.api.pool(&target.pool).await?;
        // Somebody may have deleted the pool by hand.
        let found = found
            .filter(|found| !found.value.deleted)
            .ok_or_else(StepError::not_shown)?;
        let counted = found.value.number_of_users;
        let lags = counted.is_some_and(|counted| counted < total);
        match pauses.next() {
            Some(pause) if lags && !context.time_slice_is_over() => tokio::time::sleep(pause).await,
            _ => return Ok(counted == Some(total)),
        }
    }
}
