//! U2: the CRM's users go into the pool, page by page; ledger and intents are written before the calls, a checkpoint after.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::facts::{Origin, PoolFact};
use super::super::failure::StepError;
use super::super::run_context::RunContext;
use super::change_users::{self, ChangeOutcome};
use super::check_users::may_skip;
use super::import_chunk::Importer;
use super::import_plan::{self, Plan};
use super::payload_schema::{self, PayloadSchema};
use super::user_payload::Outgoing;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::domain::user::UserRow;
use crate::ic_secureauth_api::{ImportSettings, MAX_CHUNK_USERS, PoolId, SchemaId};
use crate::settings::onboarding::OnInvalidUser;
use crate::store::{Batch, LedgerRow, LedgerState};

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let invalid = context.store().users_with_issues(context.run.id).await?;
    let schema = payload_schema::of_pool(context).await?;
    loop {
        let (biller, after) = (&context.run.biller_id, context.facts.import.up_to);
        let size = context.times().users_per_page;
        let rows = context.store().users_page(biller, after, size).await?;
        let Some(last) = rows.last().and_then(|row| row.user_guid) else {
            return Ok(context.note(Entry::ImportFinished).await?);
        };
        page(context, &schema, rows, last, &invalid).await?;
        if context.slice_is_over() {
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
    let importer = importer(context)?;
    let refused = import(context, &importer, &plan).await?;
    let changes = change_users::run(
        context,
        &importer.pool,
        &importer.settings.payload_members,
        &plan.change,
    )
    .await?;
    let refused_issues = refused.iter().chain(&changes.refused).map(|guid| Issue {
        user_guid: Some(*guid),
        field: Field::User,
        code: Code::Refused,
    });
    tolerate(context, refused_issues.collect()).await?;
    checkpoint(context, plan, &refused, changes, last).await
}

/// The chunks of a page, each written down before it is sent, several in flight.
async fn import(context: &mut RunContext<'_>, importer: &Importer, plan: &Plan) -> Result<HashSet<Uuid>, StepError> {
    if plan.import.is_empty() {
        return Ok(HashSet::new());
    }
    let before: HashMap<Uuid, String> = std::mem::take(&mut context.facts.import.open_chunks)
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
                .map(|user| row(user, LedgerState::Importing))
                .collect(),
            ..Batch::default()
        })
        .await?;
    let refused: Vec<Vec<Uuid>> = stream::iter(calls)
        .map(|(users, look_first)| importer.send(users, look_first))
        .buffer_unordered(importer.in_flight)
        .try_collect()
        .await?;
    Ok(refused.into_iter().flatten().collect())
}

async fn checkpoint(
    context: &mut RunContext<'_>,
    plan: Plan,
    refused: &HashSet<Uuid>,
    changes: ChangeOutcome,
    last: Uuid,
) -> Result<(), StepError> {
    let mut progress = context.run.progress;
    let imported = plan.import.len() - refused.len() + changes.changed.len();
    progress.imported += imported as u64;
    progress.already_present += plan.already_present;
    let mut ledger: Vec<LedgerRow> = plan
        .import
        .iter()
        .map(|user| {
            let state = if refused.contains(&user.user_guid) {
                LedgerState::Refused
            } else {
                LedgerState::Imported
            };
            row(user, state)
        })
        .collect();
    ledger.extend(changes.changed);
    tracing::debug!(imported, already_present = plan.already_present, %last, "page imported");
    context
        .write(Batch {
            entries: vec![Entry::ImportedUpTo { last }],
            ledger,
            progress: Some(progress),
            resets_pauses: true,
            ..Batch::default()
        })
        .await?;
    Ok(())
}

/// Records data errors found on the way, and stops unless `ON_INVALID_USER` lets them pass.
async fn tolerate(context: &mut RunContext<'_>, issues: Vec<Issue>) -> Result<(), StepError> {
    if issues.is_empty() {
        return Ok(());
    }
    let users: HashSet<Option<Uuid>> = issues.iter().map(|issue| issue.user_guid).collect();
    let found = users.len() as u64;
    let settings = context.settings();
    let mut progress = context.run.progress;
    let checked = context.store().users_with_issues(context.run.id).await?.len() as u64;
    let skip = settings.on_invalid_user == OnInvalidUser::Skip
        && may_skip(checked + found, progress.users_total, settings.max_skipped_percent);
    if skip {
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
    if skip {
        Ok(())
    } else {
        Err(StepError::Permanent(Reason::InvalidUsers))
    }
}

pub(super) fn importer(context: &RunContext<'_>) -> Result<Importer, StepError> {
    let refused = || StepError::Permanent(Reason::SecureauthRefused);
    let pool = known_pool(context)?;
    let settings = context.settings();
    let live = context
        .facts
        .organization
        .as_ref()
        .is_none_or(|organization| organization.live);
    Ok(Importer {
        api: context.api.clone(),
        tenant_id: context.parts().tenant_id.clone(),
        pool: PoolId::parse(&pool.id).map_err(|_| refused())?,
        settings: ImportSettings {
            payload_schema_id: SchemaId::parse(&pool.payload_schema_id).map_err(|_| refused())?,
            metadata_schema_id: SchemaId::parse(&pool.metadata_schema_id).ok(),
            address_verified: settings.address_verified,
            payload_members: payload_schema::members(context)?,
            recorded_at: context.run.created_at,
        },
        live: live || pool.origin == Origin::Found,
        attempts: context.parts().attempts,
        in_flight: context.parts().max_in_flight,
    })
}

pub(super) fn known_pool<'a>(context: &'a RunContext<'_>) -> Result<&'a PoolFact, StepError> {
    let refused = || StepError::Permanent(Reason::SecureauthRefused);
    context.facts.pool.as_ref().ok_or_else(refused)
}

fn row(user: &Outgoing, state: LedgerState) -> LedgerRow {
    LedgerRow {
        user_guid: user.user_guid,
        user_id: user.user_id,
        content_hash: user.hash.clone(),
        state,
        before: None,
    }
}

/// In a pool that stood before: deletes the users this run added and puts the old values of changed ones back
/// (reference 5.3 R4). Users of a pool of ours go with it. `true` when all is undone; goes on in the next slice otherwise.
pub(in super::super) async fn undo(context: &mut RunContext<'_>) -> Result<bool, StepError> {
    let found = context
        .facts
        .pool
        .as_ref()
        .is_some_and(|pool| pool.origin == Origin::Found);
    if !found || !context.facts.import.touched {
        return Ok(true);
    }
    let pool = PoolId::parse(&known_pool(context)?.id).map_err(|_| StepError::Stuck(Reason::NotTakenBack))?;
    let mut after = None;
    loop {
        let size = context.times().users_per_page;
        let store = Arc::clone(context.store());
        let mut rows = store.ledger_page(context.run.id, after, size).await?;
        let Some(last) = rows.last().map(|row| row.user_guid) else {
            return Ok(true);
        };
        after = Some(last);
        rows.retain(|row| row.state != LedgerState::TakenBack);
        // Pages that are done already are no progress: neither do they reset the pauses nor fill a slice.
        if rows.is_empty() {
            continue;
        }
        change_users::take_back(context, &pool, &mut rows).await?;
        let batch = Batch {
            ledger: rows,
            resets_pauses: true,
            ..Batch::default()
        };
        context.write(batch).await?;
        if context.slice_is_over() {
            return Ok(false);
        }
    }
}

/// Users of this run that are in the pool again, or are changed again, are marked to be undone once more; `true` when there
/// are none.
pub(in super::super) async fn nothing_left(
    context: &mut RunContext<'_>,
    pool: &PoolId,
    there: &HashSet<Uuid>,
) -> Result<bool, StepError> {
    let mut after = None;
    let mut clean = true;
    loop {
        let size = context.times().users_per_page;
        let store = Arc::clone(context.store());
        let rows = store.ledger_page(context.run.id, after, size).await?;
        let Some(last) = rows.last().map(|row| row.user_guid) else {
            return Ok(clean);
        };
        after = Some(last);
        let undone = rows.into_iter().filter(|row| row.state == LedgerState::TakenBack);
        let (changed, mut again): (Vec<_>, Vec<_>) = undone.partition(|row| row.before.is_some());
        again.retain(|row| there.contains(&row.user_id) && row.user_id != Uuid::nil());
        let stood_before = change_users::stood_before(context, &again).await?;
        again.retain(|row| !stood_before.contains(&row.user_id));
        again.extend(change_users::not_put_back(context, pool, changed).await?);
        if again.is_empty() {
            continue;
        }
        clean = false;
        for row in &mut again {
            row.state = if row.before.is_some() {
                LedgerState::Changed
            } else {
                LedgerState::Imported
            };
        }
        let batch = Batch {
            ledger: again,
            ..Batch::default()
        };
        context.write(batch).await?;
    }
}
