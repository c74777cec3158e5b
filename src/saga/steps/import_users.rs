//! Imports the CRM's users into the pool, page by page (docs/requirements.md#u2). Ledger rows and intents are written
//! before a page's calls, a checkpoint after them (docs/decisions.md#pages-are-checkpoints).

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::failure::StepError;
use super::super::journal_state::PoolState;
use super::super::run_context::RunContext;
use super::change_users::{self, ChangeOutcome};
use super::check_users;
use super::import_chunk::{Importer, Sent};
use super::import_plan::{self, Plan};
use super::payload_schema::{self, PayloadSchema};
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::user::UserRow;
use crate::store::{Batch, LedgerRow, LedgerState};
use ic_secureauth_api::MAX_CHUNK_USERS;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let invalid = context.store().users_with_issues(context.run.id).await?;
    let schema = payload_schema::of_pool(context).await?;
    loop {
        let (biller, after) = (&context.run.biller_id, context.journal.import.up_to);
        let size = context.times().users_per_page;
        let rows = context.store().users_page(biller, after, size).await?;
        let Some(last) = rows.last().and_then(|row| row.user_guid) else {
            return Ok(context.note(Entry::ImportFinished).await?);
        };
        page(context, &schema, rows, last, &invalid).await?;
        if context.time_slice_is_over() {
            return Ok(());
        }
    }
}

async fn page(
    context: &mut RunContext<'_>,
    schema: &PayloadSchema,
    rows: Vec<UserRow>,
    last: Uuid,
    invalid: &HashSet<Uuid>,
) -> Result<(), StepError> {
    let plan = import_plan::of(context, schema, rows, invalid).await?;
    tolerate(context, plan.issues.clone()).await?;
    let importer = Importer::of(context)?;
    let sent = import(context, &importer, &plan).await?;
    let changes = change_users::run(
        context,
        &importer.pool,
        &importer.settings.payload_members,
        &plan.change,
    )
    .await?;
    let refused_issues = sent.refused.iter().chain(&changes.refused).map(|guid| Issue {
        user_guid: Some(*guid),
        field: Field::User,
        code: Code::Refused,
    });
    tolerate(context, refused_issues.collect()).await?;
    checkpoint(context, plan, &sent, changes, last).await
}

/// Imports the chunks of a page, several in flight. All their intents are written first.
async fn import(context: &mut RunContext<'_>, importer: &Importer, plan: &Plan) -> Result<Sent, StepError> {
    let mut sent = Sent::default();
    if plan.import.is_empty() {
        return Ok(sent);
    }
    let before: HashMap<Uuid, String> = std::mem::take(&mut context.journal.import.open_chunks)
        .into_iter()
        .map(|chunk| (chunk.first, chunk.hash))
        .collect();
    let replay = !before.is_empty();
    let mut intents = Vec::new();
    let mut calls = Vec::new();
    for users in plan.import.chunks(MAX_CHUNK_USERS) {
        let (Some(first), Some(last)) = (users.first(), users.last()) else {
            continue;
        };
        let hash = importer.chunk(users)?.content_hash();
        let same = before.get(&first.user_guid) == Some(&hash);
        calls.push((users.to_vec(), replay && (importer.live || !same)));
        intents.push(Entry::ImportChunk {
            first: first.user_guid,
            last: last.user_guid,
            count: users.len(),
            hash,
        });
    }
    context
        .write(Batch {
            entries: intents,
            ledger: plan
                .import
                .iter()
                .map(|user| user.ledger_row(LedgerState::Importing))
                .collect(),
            ..Batch::default()
        })
        .await?;
    let chunks: Vec<Sent> = stream::iter(calls)
        .map(|(users, look_first)| importer.send(users, look_first))
        .buffer_unordered(importer.in_flight)
        .try_collect()
        .await?;
    for chunk in chunks {
        sent.extend(chunk);
    }
    Ok(sent)
}

async fn checkpoint(
    context: &mut RunContext<'_>,
    plan: Plan,
    sent: &Sent,
    changes: ChangeOutcome,
    last: Uuid,
) -> Result<(), StepError> {
    let mut progress = context.run.progress;
    let imported = plan.import.len() - sent.refused.len() - sent.present.len() + changes.changed.len();
    let already_present = plan.already_present + sent.present.len() as u64;
    progress.imported += imported as u64;
    progress.already_present += already_present;
    let mut ledger: Vec<LedgerRow> = plan.import.iter().map(|user| sent.settled(user)).collect();
    ledger.extend(changes.changed);
    tracing::debug!(imported, already_present, %last, "page imported");
    context
        .write(Batch {
            entries: vec![Entry::ImportedUpTo { last }],
            ledger,
            progress: Some(progress),
            is_progress: true,
            ..Batch::default()
        })
        .await?;
    Ok(())
}

/// Records data errors found during the import. Fails unless `ON_INVALID_USER` accepts them.
async fn tolerate(context: &mut RunContext<'_>, issues: Vec<Issue>) -> Result<(), StepError> {
    if issues.is_empty() {
        return Ok(());
    }
    let users: HashSet<Option<Uuid>> = issues.iter().map(|issue| issue.user_guid).collect();
    let found = users.len() as u64;
    let mut progress = context.run.progress;
    let checked = context.store().users_with_issues(context.run.id).await?.len() as u64;
    let verdict = check_users::verdict(checked + found, progress.users_total, context.settings());
    if verdict.is_ok() {
        progress.skipped += found;
    } else {
        progress.failed += found;
    }
    let batch = Batch {
        issues_total: Some(context.run.issues_total + issues.len() as u64),
        issues,
        progress: Some(progress),
        ..Batch::default()
    };
    context.write(batch).await?;
    verdict
}

pub(super) fn known_pool<'a>(context: &'a RunContext<'_>) -> Result<&'a PoolState, StepError> {
    let refused = || StepError::Permanent(Reason::SecureauthRefused);
    context.journal.pool.as_ref().ok_or_else(refused)
}
