//! Brings the accounts of the pool in line with the CRM's users (docs/ARCHITECTURE.md#accounts).
//!
//! One pass goes through the CRM's rows and the accounts beside them. `reader` reads a page of both, `task` decides what is
//! to be done for each user, `producer` opens the accounts and hands out the `work`, `window` keeps calls in flight, `calls`
//! makes them, and `settle` records what came of each. A replay is the same pass again.

mod calls;
mod change;
mod claim;
mod conflict;
mod deleted;
mod doubt;
mod doubtful_names;
mod entries;
mod leave;
mod link;
mod look;
pub(in super::super) mod names;
mod person;
mod producer;
pub(in super::super) mod reader;
mod settle;
mod settled;
mod sort;
mod target;
pub(in super::super) mod task;
mod values;
mod window;
mod work;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::mpsc;
use uuid::Uuid;

use self::doubt::Doubt;
pub(in super::super) use self::doubtful_names::DoubtfulNames;
pub(in super::super) use self::person::Wanted;
pub(super) use self::person::user_id;
pub(super) use self::target::Target;
pub(in super::super) use self::target::Values;
pub(super) use self::values::fold;
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::{check_users, identity_provider};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::run::Progress;
use crate::store::{Batch, GuidRange};

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Everybody: it moves the cursor.
    Whole,
    /// Accounts that are open.
    Open,
    /// Accounts whose users the pool does not show. They were counted when they were settled first.
    Again,
}

/// Results of calls that wait to be recorded.
const EVENTS: usize = 64;

/// Passes over open accounts after the first one: each brings in line what the one before had to leave open.
const PASSES: u32 = 5;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    wait_out(context).await?;
    let target = Target::of(context).await?;
    if !context.journal.sync.started {
        let batch = Batch {
            entries: vec![Entry::SyncStarted {
                users_before: context.journal.pool_users.count,
            }],
            // From now on the number that an earlier run left proves nothing.
            users_at_end: Some((target.record.no, None)),
            ..Batch::default()
        };
        context.write(batch).await?;
    }
    // An earlier time slice may have recorded data errors and ended before it could act on them.
    let progress = context.run.progress;
    check_users::verdict(
        context.run.kind,
        invalid(context),
        progress.users_total,
        context.settings(),
    )?;
    let all = GuidRange {
        after: context.run.user_cursor,
        until: None,
    };
    let doubt = if context.run.listing.is_some() && !target.created {
        Doubt::NotListed
    } else {
        Doubt::Nobody
    };
    if context.journal.idp_checked {
        if !context.journal.sync.finished && !pass(context, &target, all, Pass::Whole, &doubt).await? {
            return Ok(());
        }
    } else {
        let check = identity_provider::reading(context, &target.pool)?;
        let (passed, check) = tokio::join!(pass(context, &target, all, Pass::Whole, &doubt), check);
        identity_provider::judge_again(context, &target.pool, check?).await?;
        if !passed? || !context.journal.idp_checked {
            return Ok(());
        }
    }
    if !settle_open(context, &target, Pass::Open).await? {
        return Ok(());
    }
    deleted::link(context, &target).await?;
    if settle_open(context, &target, Pass::Open).await? {
        finish(context, &target).await?;
    }
    Ok(())
}

/// Brings every open account in line and waits until no call without an answer can take effect any more. `false`: the time
/// slice ended first.
pub(super) async fn settle_open(context: &mut RunContext<'_>, target: &Target, why: Pass) -> Result<bool, StepError> {
    for _ in 0..PASSES.max(target.attempts) {
        wait_out(context).await?;
        claim::make_way(context, target, target.flow.take_claims()).await?;
        match context.store().open_range(target.record.no).await? {
            None => return Ok(true),
            Some(open) if !pass(context, target, open, why, &Doubt::Nobody).await? => return Ok(false),
            Some(_) => {}
        }
    }
    Err(StepError::not_shown())
}

/// Looks once more for users of linked people of the range. Whoever has a valid row and no user any more is imported. `false`: the
/// time slice ended first.
pub(super) async fn find_linked(
    context: &mut RunContext<'_>,
    target: &Target,
    range: GuidRange,
    people: HashSet<Uuid>,
) -> Result<bool, StepError> {
    if people.is_empty() {
        return Ok(true);
    }
    let doubt = Doubt::Of(people);
    Ok(pass(context, target, range, Pass::Again, &doubt).await? && settle_open(context, target, Pass::Again).await?)
}

/// Waits until calls without an answer can no longer take effect: nothing may be sent again before, and no organization may
/// go live. An error if that is after the end of the time slice.
async fn wait_out(context: &RunContext<'_>) -> Result<(), StepError> {
    let Some(late) = context.guard.late().filter(|late| !late.is_zero()) else {
        return Ok(());
    };
    if tokio::time::Instant::now() + late >= context.time_slice_end {
        return Err(StepError::retry(Reason::PreviousWorker, Some(late)));
    }
    tokio::time::sleep(late).await;
    Ok(())
}

/// One pass over a range of users. Reading, calling and recording go on side by side. `false`: the time slice ended first.
async fn pass(
    context: &mut RunContext<'_>,
    target: &Target,
    range: GuidRange,
    why: Pass,
    doubt: &Doubt,
) -> Result<bool, StepError> {
    let (works, ready) = mpsc::channel(2 * target.in_flight);
    let (events, results) = mpsc::channel(EVENTS);
    let producer = producer::Producer {
        target,
        store: Arc::clone(context.store()),
        leavers_before: context.run.tally.guarded(),
        has_issues: context.run.issues_total > 0,
        doubt,
        works,
        events: events.clone(),
    };
    let (handed_out, called, settled) = tokio::join!(
        producer.run(range),
        window::Window::new(target, events).run(ready),
        settle::run(context, target, results, why),
    );
    let missing = target.flow.take_missing();
    if missing > 0 {
        tracing::warn!(
            users = missing,
            "the pool lacks users of accounts; their people are imported again"
        );
    }
    settled?;
    called?;
    handed_out?;
    Ok(!target.flow.was_cut())
}

/// A found pool may hold people whom only a run without data errors links, so the next run has to list it again.
pub(super) fn may_be_unlinked(context: &RunContext<'_>, target: &Target) -> bool {
    target.is_found() && invalid(context) > 0
}

/// Users with a data error that the run knows.
fn invalid(context: &RunContext<'_>) -> u64 {
    let progress = context.run.progress;
    progress.skipped.saturating_sub(context.journal.users_deleted) + progress.failed
}

/// Takes the final counts from the accounts.
async fn finish(context: &mut RunContext<'_>, target: &Target) -> Result<(), StepError> {
    let progress = counters(context, target).await?;
    let mut tally = context.run.tally.clone();
    if !target.created {
        let accounts = context.store().count_accounts(target.record.no).await?;
        let in_the_pool = context.journal.sync.users_before + progress.imported;
        tally.without_row = in_the_pool.saturating_sub(accounts);
    }
    let batch = Batch {
        entries: vec![Entry::SyncFinished],
        tally: Some(tally),
        progress: Some(progress),
        is_progress: true,
        ..Batch::default()
    };
    Ok(context.write(batch).await?)
}

/// The counters as they stand. Users that were imported once more count once, and whoever is in no other counter was as the CRM has it.
pub(super) async fn counters(context: &RunContext<'_>, target: &Target) -> Result<Progress, StepError> {
    let imported = context.store().count_created(target.record.no, context.run.id).await?;
    let (before, tally) = (context.run.progress, &context.run.tally);
    // Of the deactivated users these have no valid row, so the total does not count them.
    let without_row = tally.leavers + tally.barred;
    let deactivated = before.deactivated.saturating_sub(without_row);
    let others = invalid(context) + imported + before.changed + deactivated + before.reactivated + before.linked;
    let already_present = if target.created {
        0
    } else {
        before.users_total.saturating_sub(others)
    };
    Ok(Progress {
        imported,
        already_present,
        ..before
    })
}
