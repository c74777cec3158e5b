//! Checks that the pool holds each user of the ledger. It reads the pool's list part by part, asks by id for a user
//! that the list omits, and sends missing users again. Memory holds one part of the list and one page of the ledger at
//! a time (docs/decisions.md#comparing-in-parts).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::failure::StepError;
use super::super::journal_state::ComparedState;
use super::super::run_context::RunContext;
use super::import_chunk::Importer;
use super::{import_plan, payload_schema};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::{Batch, LedgerRow, LedgerState};
use ic_secureauth_api::{ApiError, MAX_CHUNK_USERS, MAX_PAGE, PoolId, UserId};

/// Pages in one part of the list: the ids of 100,000 users. The ledger is read once per part.
const PAGES_PER_PART: u32 = 1_000;

/// `true`: the pool holds every user. `false`: the time slice ended first.
pub(super) async fn run(
    context: &mut RunContext<'_>,
    pool: &PoolId,
    pauses: &mut impl Iterator<Item = Duration>,
) -> Result<bool, StepError> {
    loop {
        let begun = context.journal.import.compared.clone().unwrap_or_default();
        let part = Part::read(context, pool, &begun).await?;
        if !part.is_in_the_pool(context, pool, begun.checked, pauses).await? {
            return Ok(false);
        }
        if part.until.is_none() {
            return Ok(true);
        }
        let next = ComparedState {
            after: part.until,
            ..ComparedState::default()
        };
        checkpoint(context, next).await?;
        if context.time_slice_is_over() {
            return Ok(false);
        }
    }
}

/// A part of the pool's list. Its ends are compared as text, so every user belongs to exactly one part, whatever order
/// the server uses. A user that the server listed in another part is asked for by id.
struct Part {
    after: Option<String>,
    /// `None`: up to the end of the list.
    until: Option<String>,
    listed: HashSet<Uuid>,
}

impl Part {
    /// Reads at least one page after the parts that are done. A part that an earlier time slice began keeps its end.
    async fn read(context: &RunContext<'_>, pool: &PoolId, begun: &ComparedState) -> Result<Self, StepError> {
        let parse = |id: &String| UserId::parse(id).map_err(|_| StepError::Stuck(Reason::SecureauthRefused));
        let mut last = begun.after.as_ref().map(parse).transpose()?;
        let mut listed = HashSet::new();
        let mut until = None;
        for _ in 0..PAGES_PER_PART {
            let page = context.api.users_page(pool, last.as_ref(), MAX_PAGE).await?;
            listed.extend(page.iter().filter_map(|user| user.id.uuid()));
            last = page.into_iter().last().map(|user| user.id);
            until = last.as_ref().map(ToString::to_string);
            let is_whole = begun.until.as_ref().is_some_and(|end| until.as_ref() >= Some(end));
            if until.is_none() || is_whole || context.time_slice_is_over() {
                break;
            }
        }
        Ok(Self {
            after: begun.after.clone(),
            until,
            listed,
        })
    }

    fn holds(&self, user_id: Uuid) -> bool {
        let id = user_id.to_string();
        self.after.as_ref().is_none_or(|after| id > *after) && self.until.as_ref().is_none_or(|until| id <= *until)
    }

    /// Goes through the ledger after `checked`. `false`: the time slice ended first.
    async fn is_in_the_pool(
        &self,
        context: &mut RunContext<'_>,
        pool: &PoolId,
        mut checked: Option<Uuid>,
        pauses: &mut impl Iterator<Item = Duration>,
    ) -> Result<bool, StepError> {
        let store = Arc::clone(context.store());
        loop {
            let size = context.times().users_per_page;
            let mut rows = store.ledger_page(context.run.id, checked, size).await?;
            let Some(last) = rows.last().map(|row| row.user_guid) else {
                return Ok(true);
            };
            rows.retain(|row| row.state == LedgerState::Imported);
            rows.retain(|row| self.holds(row.user_id) && !self.listed.contains(&row.user_id));
            if !rows.is_empty() {
                found(context, pool, checked, rows, pauses).await?;
                let dealt_with = ComparedState {
                    after: self.after.clone(),
                    until: self.until.clone(),
                    checked: Some(last),
                };
                checkpoint(context, dealt_with).await?;
                if context.time_slice_is_over() {
                    return Ok(false);
                }
            }
            checked = Some(last);
        }
    }
}

async fn checkpoint(context: &mut RunContext<'_>, compared: ComparedState) -> Result<(), StepError> {
    let ComparedState { after, until, checked } = compared;
    let batch = Batch {
        entries: vec![Entry::UsersCompared { after, until, checked }],
        is_progress: true,
        ..Batch::default()
    };
    Ok(context.write(batch).await?)
}

/// Asks for the unlisted users by id, with pauses, until all are found. Users still missing after the pauses are
/// imported once more.
async fn found(
    context: &mut RunContext<'_>,
    pool: &PoolId,
    page_after: Option<Uuid>,
    unlisted: Vec<LedgerRow>,
    pauses: &mut impl Iterator<Item = Duration>,
) -> Result<(), StepError> {
    let mut missing = missing(context, pool, unlisted).await?;
    let mut sent_again = false;
    while !missing.is_empty() {
        match pauses.next() {
            Some(pause) if !context.time_slice_is_over() => tokio::time::sleep(pause).await,
            _ if sent_again => {
                return Err(StepError::Retry {
                    reason: Reason::UsersNotVisible,
                    after: None,
                });
            }
            _ => {
                send_again(context, page_after, &missing).await?;
                sent_again = true;
            }
        }
        missing = self::missing(context, pool, missing).await?;
    }
    Ok(())
}

/// The users that a read by id does not find.
async fn missing(context: &RunContext<'_>, pool: &PoolId, rows: Vec<LedgerRow>) -> Result<Vec<LedgerRow>, StepError> {
    let api = &context.api;
    stream::iter(rows)
        .map(|row| async move {
            let found = api.user(pool, &UserId::from(row.user_id)).await?;
            Ok::<_, ApiError>(found.is_none().then_some(row))
        })
        .buffered(context.dependencies().max_in_flight)
        .try_filter_map(|row| async move { Ok(row) })
        .try_collect()
        .await
        .map_err(StepError::from)
}

/// Imports users of one ledger page once more, with the CRM's present values. Each is read by id right before.
async fn send_again(
    context: &mut RunContext<'_>,
    page_after: Option<Uuid>,
    missing: &[LedgerRow],
) -> Result<(), StepError> {
    tracing::warn!(users = missing.len(), "missing users are sent again");
    let importer = Importer::of(context)?;
    let schema = payload_schema::of_pool(context).await?;
    let mut guids: HashSet<Uuid> = missing.iter().map(|row| row.user_guid).collect();
    let mut after = page_after;
    while !guids.is_empty() {
        let size = context.times().users_per_page;
        let mut rows = context.store().users_page(&context.run.biller_id, after, size).await?;
        let Some(last) = rows.last().and_then(|row| row.user_guid) else {
            return Ok(());
        };
        after = Some(last);
        rows.retain(|row| row.user_guid.is_some_and(|guid| guids.contains(&guid)));
        guids.retain(|guid| !rows.iter().any(|row| row.user_guid == Some(*guid)));
        let plan = import_plan::of(context, &schema, rows, &HashSet::new()).await?;
        for users in plan.import.chunks(MAX_CHUNK_USERS) {
            let sent = importer.send(users.to_vec(), true).await?;
            let ledger = users.iter().map(|user| sent.settled(user)).collect();
            let batch = Batch {
                ledger,
                ..Batch::default()
            };
            context.write(batch).await?;
        }
    }
    Ok(())
}
