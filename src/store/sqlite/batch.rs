//! Writes a run's records: journal, accounts, issues, and the users a pool held before.

use rusqlite::{Transaction, params};

use super::columns::{Guid, Micros, time};
use super::error::Fault;
use super::runs::update_leased;
use super::{accounts, billers, identity_pools};
use crate::domain::ids::OnboardingId;
use crate::domain::journal::{Entry, Recorded};
use crate::store::row::{entry_columns, json_text, recorded};
use crate::store::transition::identifier_key;
use crate::store::{Batch, Cursor, Lease, PoolUser};

pub(super) fn write(transaction: &Transaction<'_>, now: Micros, lease: &Lease, batch: &Batch) -> Result<(), Fault> {
    let id = lease.onboarding_id;
    update_run(transaction, now, lease, batch)?;
    append(transaction, now, id, &batch.entries)?;
    if let Some(pool) = &batch.pool {
        identity_pools::begin_pool(transaction, id, pool)?;
    }
    if let Some(changes) = &batch.accounts {
        accounts::change(transaction, changes)?;
    }
    if let Some((pool, users)) = batch.users_at_end {
        identity_pools::set_users_at_end(transaction, pool, users.map(clamp))?;
    }
    insert_pool_users(transaction, id, &batch.pool_users_before)?;
    insert_issues(transaction, id, batch)?;
    if batch.allowance_used {
        billers::use_up_allowance(transaction, now, id)?;
    }
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
        "updated_at = ?4, step = ifnull(?5, step), \
            generation = ifnull(?6, generation), pauses_used = iif(?7, 0, pauses_used), \
            take_overs = iif(?7 OR (?22 IS NOT NULL AND rolling_back_since IS NULL), 0, take_overs), \
            users_total = ifnull(?8, users_total), imported = ifnull(?9, imported), \
            changed = ifnull(?10, changed), deactivated = ifnull(?11, deactivated), linked = ifnull(?12, linked), \
            already_present = ifnull(?13, already_present), skipped = ifnull(?14, skipped), failed = ifnull(?15, failed), \
            user_cursor = iif(?16, ?17, user_cursor), reactivated = ifnull(?18, reactivated), tally = ifnull(?19, tally), \
            listing = ifnull(?20, listing), last_error = ifnull(?21, last_error), \
            first_cause = iif(rolling_back_since IS NULL AND (?7 OR (?22 IS NOT NULL AND ?21 IS NOT NULL)), ?21, \
                ifnull(first_cause, ?21)), \
            state = iif(?22 IS NULL, state, 'rolling_back'), reason = ifnull(?22, reason), \
            rolling_back_since = iif(?22 IS NULL, rolling_back_since, ifnull(rolling_back_since, ?4))",
        &[
            &now,
            &batch.step.map(<&str>::from),
            &batch.generation,
            &batch.is_progress,
            &progress.map(|progress| clamp(progress.users_total)),
            &progress.map(|progress| clamp(progress.imported)),
            &progress.map(|progress| clamp(progress.changed)),
            &progress.map(|progress| clamp(progress.deactivated)),
            &progress.map(|progress| clamp(progress.linked)),
            &progress.map(|progress| clamp(progress.already_present)),
            &progress.map(|progress| clamp(progress.skipped)),
            &progress.map(|progress| clamp(progress.failed)),
            &batch.cursor.is_some(),
            &batch.cursor.and_then(|cursor| match cursor {
                Cursor::Start => None,
                Cursor::At(guid) => Some(Guid(guid)),
            }),
            &progress.map(|progress| clamp(progress.reactivated)),
            &json_text(batch.tally.as_ref()),
            &json_text(batch.listing.as_ref()),
            &json_text(batch.error.as_ref()),
            &batch.rolls_back.map(<&str>::from),
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

fn insert_pool_users(transaction: &Transaction<'_>, id: OnboardingId, users: &[PoolUser]) -> Result<(), Fault> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO pool_user_before (onboarding_id, user_id, identifier_key) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO NOTHING",
    )?;
    for user in users {
        insert.execute(params![Guid(id.0), user.user_id, identifier_key(&user.identifier)])?;
    }
    Ok(())
}

fn insert_issues(transaction: &Transaction<'_>, id: OnboardingId, batch: &Batch) -> Result<(), Fault> {
    if batch.issues.is_empty() {
        return Ok(());
    }
    let mut kept: u64 = transaction.query_row(
        "SELECT count(*) FROM onboarding_issue WHERE onboarding_id = ?1",
        [Guid(id.0)],
        |row| row.get::<_, i64>(0).map(i64::unsigned_abs),
    )?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO onboarding_issue (onboarding_id, user_guid, field, code, held_by) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT DO NOTHING",
    )?;
    for issue in &batch.issues {
        if kept >= Batch::ISSUES_KEPT {
            break;
        }
        let inserted = insert.execute(params![
            Guid(id.0),
            issue.user_guid.map(Guid),
            <&str>::from(issue.field),
            <&str>::from(issue.code),
            issue.held_by
        ])?;
        kept += u64::from(inserted > 0);
    }
    transaction.execute(
        "UPDATE onboarding SET issues_total = max(issues_total, ?2) WHERE onboarding_id = ?1",
        params![Guid(id.0), clamp(batch.issues_found(kept))],
    )?;
    Ok(())
}

/// SQLite's integers are signed. No count comes near the limit.
fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
