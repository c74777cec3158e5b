//! Ends the sessions of a disabled biller's users, at most 100 users a call. The organization is deactivated already, so a
//! refusal is reported and the others' sessions end all the same; SecureAuth that stays away is reported and does not keep the run
//! from ending.

use tracing::{info, warn};

use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::end_sessions::{self, Ended};
use super::leavers::Known;
use super::sync_users::task::has_no_access;
use crate::domain::issue::Issue;
use crate::domain::journal::Entry;
use crate::domain::listing::{ListedRange, Listing};
use crate::store::{Batch, Cursor, GuidRange, PoolOrigin};
use ic_secureauth_api::{ApiError, Class, MAX_PAGE, MAX_REVOKED_USERS, PoolId, UserId};

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let stored = context.store().biller(&context.run.biller_id, 0).await?;
    let pool = stored.and_then(|view| view.biller.identity_pool_id);
    let known = match &pool {
        Some(pool) => Known::of(context.subject(), pool).await?,
        None => None,
    };
    let (Some(known), Some(Ok(pool))) = (known, pool.map(PoolId::parse)) else {
        return ended(context, None).await;
    };
    loop {
        let next = match known.record.origin {
            PoolOrigin::Created => of_accounts(context, &known).await?,
            PoolOrigin::Found => match of_pool(context, &pool).await {
                Ok(next) => next,
                Err(error) => return give_up(context, error).await,
            },
        };
        let Some((users, batch)) = next else {
            info!("the sessions of the biller's users are ended as far as SecureAuth lets them end");
            return ended(context, None).await;
        };
        let mut issue = None;
        if !users.is_empty() {
            match end_sessions::end(&context.api, &pool, &users).await {
                // No other users' sessions could be ended either.
                Ok(none @ Ended::NotGranted) => return ended(context, none.issue()).await,
                Ok(done) => issue = done.issue(),
                Err(error) => return give_up(context, error).await,
            }
        }
        let batch = Batch {
            issues: issue.into_iter().collect(),
            is_progress: true,
            ..batch
        };
        context.write(batch).await?;
        if context.time_slice_is_over() {
            return Ok(());
        }
    }
}

/// The next users, and what is recorded when their sessions are ended.
type Next = Option<(Vec<UserId>, Batch)>;

async fn of_accounts(context: &RunContext<'_>, known: &Known) -> Result<Next, StepError> {
    let range = GuidRange {
        after: context.run.user_cursor,
        until: None,
    };
    let size = u32::try_from(MAX_REVOKED_USERS).unwrap_or(u32::MAX);
    let accounts = context.store().accounts_page(known.record.no, range, size).await?;
    let Some(last) = accounts.last().map(|account| account.user_guid) else {
        return Ok(None);
    };
    let with_access = accounts
        .iter()
        .filter(|account| account.open || !has_no_access(account));
    let users = with_access.map(|account| known.user_id(account)).collect();
    let batch = Batch {
        cursor: Some(Cursor::At(last)),
        ..Batch::default()
    };
    Ok(Some((users, batch)))
}

/// A found pool holds people without accounts, too.
async fn of_pool(context: &RunContext<'_>, pool: &PoolId) -> Result<Next, ApiError> {
    let listing = context.run.listing.as_ref();
    let after = listing.and_then(|listing| listing.0.first()?.after.clone());
    let after = after.and_then(|id| UserId::parse(id).ok());
    let page = context.api.users_page(pool, after.as_ref(), MAX_PAGE).await?;
    let users: Vec<UserId> = page.into_iter().map(|user| user.id).collect();
    let Some(last) = users.last() else { return Ok(None) };
    let range = ListedRange {
        after: Some(last.to_string()),
        ..ListedRange::default()
    };
    let batch = Batch {
        listing: Some(Listing(vec![range])),
        ..Batch::default()
    };
    Ok(Some((users, batch)))
}

/// SecureAuth stays away: the run pauses, or ends without the sessions that are left.
async fn give_up(context: &mut RunContext<'_>, error: ApiError) -> Result<(), StepError> {
    // A call that was not sent says nothing about SecureAuth.
    if error.class() == Class::NotStarted || !pauses_are_used_up(context) {
        return Err(error.into());
    }
    warn!(%error, "SecureAuth stays away; sessions live on until they expire");
    ended(context, Some(end_sessions::not_revoked())).await
}

/// A revocation that fails once more is given up: it never fails a run.
pub(super) fn pauses_are_used_up(context: &RunContext<'_>) -> bool {
    usize::try_from(context.run.pauses_used).unwrap_or(usize::MAX) >= context.saga.schedules.run.len()
}

async fn ended(context: &mut RunContext<'_>, issue: Option<Issue>) -> Result<(), StepError> {
    // A disable run has no other issues.
    let in_part = issue.is_some() || context.run.issues_total > 0;
    let batch = Batch {
        entries: vec![Entry::SessionsRevoked { in_part }],
        issues: issue.into_iter().collect(),
        ..Batch::default()
    };
    Ok(context.write(batch).await?)
}
