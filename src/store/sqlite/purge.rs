//! Retention: deletes what runs that ended long ago left.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::SqliteStore;
use super::columns::Micros;
use super::error::Fault;
use super::runs::ENDED;
use crate::store::StoreError;
use crate::store::purge::{Purged, ROWS, RUNS, RunRange};

/// The run ended before `?1`, and its records are not deleted yet: the blank name is written last.
const OLD: &str = "finished_at < ?1 AND requested_by <> ''";

/// The records of the runs in a range: table and key. The journal is a third.
const RECORDS: [(&str, &str); 2] = [
    ("onboarding_issue", "issue_no"),
    ("pool_user_before", "onboarding_id, user_id, identifier_key"),
];

impl SqliteStore {
    pub(super) async fn purge_all(&self, older_than: Duration) -> Result<Purged, StoreError> {
        let (before, pools) = self
            .read("look for deleted pools", move |transaction, now| {
                let before = now.minus(older_than);
                Ok((before, dead_pools(transaction, before)?))
            })
            .await?;
        let mut purged = Purged::default();
        // Before the journals: they say which pools were deleted.
        for pool in pools {
            while let Some(rows) = self
                .write("delete accounts of a deleted pool", move |transaction, _| {
                    delete_accounts(transaction, pool)
                })
                .await?
            {
                purged.accounts += rows;
            }
        }
        let mut after = 0;
        while let Some(range) = self
            .read("look for old runs", move |transaction, _| {
                next_runs(transaction, before, after)
            })
            .await?
        {
            let [issues, pool_users] = RECORDS;
            for (records, count) in [(issues, &mut purged.issues), (pool_users, &mut purged.pool_users)] {
                while let Some(rows) = self
                    .write("delete records of old runs", move |transaction, _| {
                        delete(transaction, records, before, range)
                    })
                    .await?
                {
                    *count += rows;
                }
            }
            while let Some(rows) = self
                .write("delete journals of old runs", move |transaction, _| {
                    delete_journal(transaction, before, range)
                })
                .await?
            {
                purged.journal_entries += rows;
            }
            purged.runs += self
                .write("blank who asked for old runs", move |transaction, _| {
                    blank_runs(transaction, before, range)
                })
                .await?;
            after = range.until;
        }
        while let Some(rows) = self
            .write("blank who sent old events", move |transaction, _| {
                blank_events(transaction, before)
            })
            .await?
        {
            purged.events += rows;
        }
        Ok(purged)
    }
}

/// Pools with accounts that no run can use again: a newer pool has the same id, the biller got another pool, or an old run deleted
/// it. A biller with an open or stuck run keeps all of its pools.
fn dead_pools(transaction: &Transaction<'_>, before: Micros) -> Result<Vec<i64>, Fault> {
    let mut statement = transaction.prepare(&format!(
        "SELECT p.pool_no FROM pool AS p JOIN biller_ciam AS b ON b.biller_id = p.biller_id \
         WHERE EXISTS (SELECT 1 FROM account AS a WHERE a.pool_no = p.pool_no) \
            AND NOT EXISTS (SELECT 1 FROM onboarding WHERE biller_id = p.biller_id AND NOT {ENDED}) \
            AND (EXISTS (SELECT 1 FROM pool AS n \
                    WHERE n.biller_id = p.biller_id AND n.pool_id = p.pool_id AND n.pool_no > p.pool_no) \
                OR b.identity_pool_id <> p.pool_id \
                OR (b.identity_pool_id IS NULL AND EXISTS (SELECT 1 FROM onboarding AS r \
                    JOIN onboarding_journal AS j ON j.onboarding_id = r.onboarding_id \
                    WHERE r.biller_id = p.biller_id AND {ENDED} AND r.finished_at < ?1 AND j.entry = 'pool_deleted' \
                        AND json_extract(j.detail, '$.pool_id') = p.pool_id))) \
         ORDER BY p.pool_no"
    ))?;
    let rows = statement.query_map([before], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `None`: there are no more. A pool without its accounts is listed again by whoever should come to use it.
fn delete_accounts(transaction: &Transaction<'_>, pool: i64) -> Result<Option<u64>, Fault> {
    transaction.execute("UPDATE pool SET users_at_end = NULL WHERE pool_no = ?1", [pool])?;
    let deleted = transaction.execute(
        "DELETE FROM account WHERE pool_no = ?1 AND user_guid IN ( \
            SELECT user_guid FROM account WHERE pool_no = ?1 LIMIT ?2)",
        params![pool, ROWS],
    )?;
    Ok(some(deleted))
}

/// The next runs to purge, in the order in which they were accepted.
fn next_runs(transaction: &Transaction<'_>, before: Micros, after: i64) -> Result<Option<RunRange>, Fault> {
    let sql = format!(
        "SELECT max(run_no) FROM (SELECT run_no FROM onboarding \
         WHERE run_no > ?2 AND {OLD} AND {ENDED} ORDER BY run_no LIMIT ?3)"
    );
    let last: Option<i64> = transaction.query_row(&sql, params![before, after, RUNS], |row| row.get(0))?;
    Ok(last.map(|until| RunRange { after, until }))
}

fn delete(
    transaction: &Transaction<'_>,
    (table, key): (&str, &str),
    before: Micros,
    range: RunRange,
) -> Result<Option<u64>, Fault> {
    let sql = format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE onboarding_id IN ( \
            SELECT onboarding_id FROM onboarding WHERE run_no > ?2 AND run_no <= ?3 AND {OLD} AND {ENDED}) LIMIT ?4)"
    );
    let deleted = transaction.execute(&sql, params![before, range.after, range.until, ROWS])?;
    Ok(some(deleted))
}

fn delete_journal(transaction: &Transaction<'_>, before: Micros, range: RunRange) -> Result<Option<u64>, Fault> {
    transaction.execute("INSERT INTO journal_purge (finished_before) VALUES (?1)", [before])?;
    let deleted = delete(transaction, ("onboarding_journal", "onboarding_id, seq"), before, range)?;
    transaction.execute("DELETE FROM journal_purge", [])?;
    Ok(deleted)
}

fn blank_runs(transaction: &Transaction<'_>, before: Micros, range: RunRange) -> Result<u64, Fault> {
    let sql =
        format!("UPDATE onboarding SET requested_by = '' WHERE run_no > ?2 AND run_no <= ?3 AND {OLD} AND {ENDED}");
    let changed = transaction.execute(&sql, params![before, range.after, range.until])?;
    Ok(some(changed).unwrap_or_default())
}

fn blank_events(transaction: &Transaction<'_>, before: Micros) -> Result<Option<u64>, Fault> {
    let sql = format!(
        "UPDATE onboarding_event SET requested_by = '' WHERE (biller_id, event_id) IN ( \
            SELECT e.biller_id, e.event_id FROM onboarding_event AS e \
            WHERE e.received_at < ?1 AND e.requested_by <> '' AND (e.onboarding_id IS NULL OR EXISTS ( \
                SELECT 1 FROM onboarding AS r \
                WHERE r.onboarding_id = e.onboarding_id AND r.finished_at < ?1 AND {ENDED})) LIMIT ?2)"
    );
    let changed = transaction.execute(&sql, params![before, ROWS])?;
    Ok(some(changed))
}

/// A number of rows; `None` for none.
fn some(rows: usize) -> Option<u64> {
    u64::try_from(rows).ok().filter(|rows| *rows > 0)
}
