//! Writes a run's records: journal, ledger, issues, and the users a pool held before.

use rusqlite::{Transaction, params};

use super::columns::{Guid, Micros, time};
use super::error::Fault;
use super::runs::update_leased;
use crate::domain::ids::OnboardingId;
use crate::domain::issue::Issue;
use crate::domain::journal::{Entry, Recorded};
use crate::store::row::{entry_columns, recorded};
use crate::store::transition::identifier_key;
use crate::store::{Batch, Lease, LedgerRow, PoolUser};

pub(super) fn write(transaction: &Transaction<'_>, now: Micros, lease: &Lease, batch: &Batch) -> Result<(), Fault> {
    let id = lease.onboarding_id;
    update_run(transaction, now, lease, batch)?;
    append(transaction, now, id, &batch.entries)?;
    upsert_ledger(transaction, now, id, &batch.ledger)?;
    insert_pool_users(transaction, id, &batch.pool_users_before)?;
    insert_issues(transaction, id, &batch.issues)?;
    if let Some(generation) = batch.generation {
        transaction.execute(
            "UPDATE biller_ciam SET generation = ?2, updated_at = ?3 \
             WHERE biller_id = (SELECT biller_id FROM onboarding WHERE onboarding_id = ?1)",
            params![Guid(id.0), generation, now],
        )?;
    }
    Ok(())
}

fn update_run(transaction: &Transaction<'_>, now: Micros, lease: &Lease, batch: &Batch) -> Result<(), Fault> {
    let progress = batch.progress;
    update_leased(
        transaction,
        lease,
        "updated_at = ?4, step = ifnull(?5, step), issues_total = ifnull(?6, issues_total), \
            generation = ifnull(?7, generation), pauses_used = iif(?8, 0, pauses_used), \
            take_overs = iif(?8, 0, take_overs), \
            users_total = ifnull(?9, users_total), imported = ifnull(?10, imported), \
            already_present = ifnull(?11, already_present), skipped = ifnull(?12, skipped), failed = ifnull(?13, failed)",
        &[
            &now,
            &batch.step.map(<&str>::from),
            &batch.issues_total.map(clamp),
            &batch.generation,
            &batch.is_progress,
            &progress.map(|progress| clamp(progress.users_total)),
            &progress.map(|progress| clamp(progress.imported)),
            &progress.map(|progress| clamp(progress.already_present)),
            &progress.map(|progress| clamp(progress.skipped)),
            &progress.map(|progress| clamp(progress.failed)),
        ],
    )
}

/// Appends to the run's journal; positions go on from the last one.
pub(super) fn append(
    transaction: &Transaction<'_>,
    now: Micros,
    id: OnboardingId,
    entries: &[Entry],
) -> Result<(), Fault> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO onboarding_journal (onboarding_id, seq, written_at, entry, detail) \
         SELECT ?1, ifnull(max(seq), 0) + 1, ?2, ?3, ?4 FROM onboarding_journal WHERE onboarding_id = ?1",
    )?;
    for entry in entries {
        let (name, detail) = entry_columns(entry);
        insert.execute(params![Guid(id.0), now, name, detail])?;
    }
    Ok(())
}

pub(super) fn journal(transaction: &Transaction<'_>, id: OnboardingId) -> Result<Vec<Recorded>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT seq, written_at, entry, detail FROM onboarding_journal WHERE onboarding_id = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([Guid(id.0)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let (entry, detail): (String, String) = (row.get(2)?, row.get(3)?);
        entries.push(recorded(row.get(0)?, time(row, 1)?, &entry, &detail)?);
    }
    Ok(entries)
}

/// Inserts or updates ledger rows. Earlier values are written once and never overwritten.
fn upsert_ledger(
    transaction: &Transaction<'_>,
    now: Micros,
    id: OnboardingId,
    rows: &[LedgerRow],
) -> Result<(), Fault> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO onboarded_user (onboarding_id, user_guid, user_id, content_hash, state, prior_values, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (onboarding_id, user_guid) DO UPDATE SET user_id = excluded.user_id, \
            content_hash = excluded.content_hash, state = excluded.state, \
            prior_values = ifnull(prior_values, excluded.prior_values), updated_at = excluded.updated_at",
    )?;
    for row in rows {
        upsert.execute(params![
            Guid(id.0),
            Guid(row.user_guid),
            Guid(row.user_id),
            row.content_hash,
            <&str>::from(row.state),
            row.before,
            now
        ])?;
    }
    Ok(())
}

fn insert_pool_users(transaction: &Transaction<'_>, id: OnboardingId, users: &[PoolUser]) -> Result<(), Fault> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO pool_user_before (onboarding_id, user_id, identifier_key) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO NOTHING",
    )?;
    for user in users {
        insert.execute(params![
            Guid(id.0),
            Guid(user.user_id),
            identifier_key(&user.identifier)
        ])?;
    }
    Ok(())
}

fn insert_issues(transaction: &Transaction<'_>, id: OnboardingId, issues: &[Issue]) -> Result<(), Fault> {
    if issues.is_empty() {
        return Ok(());
    }
    let mut kept: u64 = transaction.query_row(
        "SELECT count(*) FROM onboarding_issue WHERE onboarding_id = ?1",
        [Guid(id.0)],
        |row| row.get::<_, i64>(0).map(i64::unsigned_abs),
    )?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO onboarding_issue (onboarding_id, user_guid, field, code) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO NOTHING",
    )?;
    for issue in issues {
        if kept >= Batch::ISSUES_KEPT {
            break;
        }
        let inserted = insert.execute(params![
            Guid(id.0),
            issue.user_guid.map(Guid),
            <&str>::from(issue.field),
            <&str>::from(issue.code)
        ])?;
        kept += u64::from(inserted > 0);
    }
    Ok(())
}

/// SQLite's integers are signed. No count comes near the limit.
fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
