//! Retention: deletes what runs that ended long ago left. Rights: the role `ciam_retention`, not the handler's own.

use std::time::Duration;

use tiberius::ToSql;
use time::PrimitiveDateTime;

use super::SqlServerStore;
use super::columns::required;
use super::error::Fault;
use super::locks::lock_purge;
use super::pool::Pool;
use super::runs::ENDED;
use crate::store::StoreError;
use crate::store::purge::{Purged, ROWS, RUNS, RunRange};

/// The run `r` ended before `@P1`, and its records are not deleted yet: the blank name is written last.
const OLD: &str = "r.FinishedAt < @P1 AND r.RequestedBy <> N''";

/// The records of the runs in a range.
const RECORDS: [&str; 2] = [
    "DELETE TOP (@P4) FROM ciam.OnboardingIssue WHERE OnboardingId IN (",
    "DELETE TOP (@P4) FROM ciam.PoolUserBefore WHERE OnboardingId IN (",
];

/// The journal can be deleted only while `ciam.JournalPurge` has a row, which nobody else sees before it is gone.
const JOURNAL: &str = "DELETE TOP (@P4) FROM ciam.OnboardingJournal WHERE OnboardingId IN (";

impl SqlServerStore {
    pub(super) async fn purge_all(&self, older_than: Duration) -> Result<Purged, StoreError> {
        let before = self
            .repeating("read the database's time", || before(&self.pool, older_than))
            .await?;
        let mut purged = Purged::default();
        // Before the journals: they say which pools were deleted.
        let pools = self
            .repeating("look for deleted pools", || dead_pools(&self.pool, before))
            .await?;
        for pool in pools {
            while let Some(rows) = self
                .repeating("delete accounts of a deleted pool", || {
                    delete_accounts(&self.pool, pool)
                })
                .await?
            {
                purged.accounts += rows;
            }
        }
        let mut after = 0;
        while let Some(range) = self
            .repeating("look for old runs", || next_runs(&self.pool, before, after))
            .await?
        {
            let [issues, pool_users] = RECORDS;
            for (statement, count) in [(issues, &mut purged.issues), (pool_users, &mut purged.pool_users)] {
                while let Some(rows) = self
                    .repeating("delete records of old runs", || {
                        delete(&self.pool, statement, before, range)
                    })
                    .await?
                {
                    *count += rows;
                }
            }
            while let Some(rows) = self
                .repeating("delete journals of old runs", || {
                    delete_journal(&self.pool, before, range)
                })
                .await?
            {
                purged.journal_entries += rows;
            }
            purged.runs += self
                .repeating("blank who asked for old runs", || blank_runs(&self.pool, before, range))
                .await?;
            after = range.until;
        }
        while let Some(rows) = self
            .repeating("blank who sent old events", || blank_events(&self.pool, before))
            .await?
        {
            purged.events += rows;
        }
        Ok(purged)
    }
}

/// The server's time, less `older_than`; asked for once, so that all statements mean the same runs.
async fn before(pool: &Pool, older_than: Duration) -> Result<PrimitiveDateTime, Fault> {
    let sql = "SELECT CAST(DATEADD(SECOND, -@P1, SYSUTCDATETIME()) AS DATETIME2(6)) AS Moment";
    let seconds = i32::try_from(older_than.as_secs()).unwrap_or(i32::MAX);
    let mut session = pool.session().await?;
    let row = session.row(sql, &[&seconds]).await?;
    session.give_back();
    match row {
        Some(row) => required(&row, "Moment"),
        None => Err(tiberius::error::Error::Protocol("no answer".into()).into()),
    }
}

/// Pools with accounts that no run can use again: a newer pool has the same id, the biller got another pool, or an old run deleted
/// it. A biller with an open or stuck run keeps all of its pools.
async fn dead_pools(pool: &Pool, before: PrimitiveDateTime) -> Result<Vec<i64>, Fault> {
    let sql = format!(
        "SELECT p.PoolNo FROM ciam.Pool AS p JOIN ciam.BillerCiam AS b ON b.BillerId = p.BillerId \
         WHERE EXISTS (SELECT 1 FROM ciam.Account AS a WHERE a.PoolNo = p.PoolNo) \
            AND NOT EXISTS (SELECT 1 FROM ciam.Onboarding AS r WHERE r.BillerId = p.BillerId AND NOT {ENDED}) \
            AND (EXISTS (SELECT 1 FROM ciam.Pool AS n \
                    WHERE n.BillerId = p.BillerId AND n.PoolId = p.PoolId AND n.PoolNo > p.PoolNo) \
                OR b.IdentityPoolId COLLATE Latin1_General_100_BIN2 <> p.PoolId \
                OR (b.IdentityPoolId IS NULL AND EXISTS (SELECT 1 FROM ciam.Onboarding AS r \
                    JOIN ciam.OnboardingJournal AS j ON j.OnboardingId = r.OnboardingId \
                    WHERE r.BillerId = p.BillerId AND {ENDED} AND r.FinishedAt < @P1 AND j.Entry = N'pool_deleted' \
                        AND JSON_VALUE(j.Detail, N'$.pool_id') COLLATE Latin1_General_100_BIN2 = p.PoolId))) \
         ORDER BY p.PoolNo"
    );
    let mut session = pool.session().await?;
    let rows = session.rows(&sql, &[&before]).await?;
    session.give_back();
    rows.iter().map(|row| required(row, "PoolNo")).collect()
}

/// `None`: there are no more. A pool without its accounts is listed again by whoever should come to use it.
async fn delete_accounts(pool: &Pool, no: i64) -> Result<Option<u64>, Fault> {
    let mut transaction = pool.begin().await?;
    let forget = "UPDATE ciam.Pool SET UsersAtEnd = NULL WHERE PoolNo = @P1";
    transaction.execute(forget, &[&no]).await?;
    let sql = "DELETE TOP (@P2) FROM ciam.Account WHERE PoolNo = @P1";
    let deleted = transaction.changed(sql, &[&no, &i64::from(ROWS)]).await?;
    transaction.commit().await?;
    Ok(some(deleted))
}

/// The next runs to purge, in the order in which they were accepted.
async fn next_runs(pool: &Pool, before: PrimitiveDateTime, after: i64) -> Result<Option<RunRange>, Fault> {
    let sql = format!(
        "SELECT MAX(old.RunNo) AS LastNo FROM ( \
            SELECT TOP (@P3) r.RunNo FROM ciam.Onboarding AS r \
            WHERE r.RunNo > @P2 AND {OLD} AND {ENDED} ORDER BY r.RunNo) AS old"
    );
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 3] = [&before, &after, &i64::from(RUNS)];
    let row = session.row(&sql, &values).await?;
    session.give_back();
    let last = match row {
        Some(row) => row.try_get("LastNo")?,
        None => None,
    };
    Ok(last.map(|until| RunRange { after, until }))
}

/// The statement with the runs of the range; `@P1` is the time, `@P2` and `@P3` are the range. Only the runs of the range are read:
/// a scan would wait for rows that open runs have locked.
fn of_runs(statement: &str) -> String {
    format!(
        "{statement}SELECT r.OnboardingId FROM ciam.Onboarding AS r WITH (FORCESEEK (UX_Onboarding_RunNo (RunNo))) \
         WHERE r.RunNo > @P2 AND r.RunNo <= @P3 AND {OLD} AND {ENDED})"
    )
}

async fn delete(
    pool: &Pool,
    statement: &str,
    before: PrimitiveDateTime,
    range: RunRange,
) -> Result<Option<u64>, Fault> {
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 4] = [&before, &range.after, &range.until, &i64::from(ROWS)];
    let deleted = session.changed(&of_runs(statement), &values).await?;
    session.give_back();
    Ok(some(deleted))
}

async fn delete_journal(pool: &Pool, before: PrimitiveDateTime, range: RunRange) -> Result<Option<u64>, Fault> {
    let mut transaction = pool.begin().await?;
    lock_purge(&mut transaction, pool.lock_timeout()).await?;
    let allow = "INSERT INTO ciam.JournalPurge (FinishedBefore) VALUES (@P1)";
    transaction.execute(allow, &[&before]).await?;
    let values: [&dyn ToSql; 4] = [&before, &range.after, &range.until, &i64::from(ROWS)];
    let deleted = transaction.changed(&of_runs(JOURNAL), &values).await?;
    transaction.execute("DELETE FROM ciam.JournalPurge", &[]).await?;
    transaction.commit().await?;
    Ok(some(deleted))
}

async fn blank_runs(pool: &Pool, before: PrimitiveDateTime, range: RunRange) -> Result<u64, Fault> {
    let sql = format!(
        "UPDATE r SET RequestedBy = N'' FROM ciam.Onboarding AS r WITH (FORCESEEK) \
         WHERE r.RunNo > @P2 AND r.RunNo <= @P3 AND {OLD} AND {ENDED}"
    );
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 3] = [&before, &range.after, &range.until];
    let changed = session.changed(&sql, &values).await?;
    session.give_back();
    Ok(some(changed).unwrap_or_default())
}

async fn blank_events(pool: &Pool, before: PrimitiveDateTime) -> Result<Option<u64>, Fault> {
    let sql = format!(
        "UPDATE TOP (@P2) e SET RequestedBy = N'' FROM ciam.OnboardingEvent AS e \
         WHERE e.ReceivedAt < @P1 AND e.RequestedBy <> N'' AND (e.OnboardingId IS NULL OR EXISTS ( \
            SELECT 1 FROM ciam.Onboarding AS r \
            WHERE r.OnboardingId = e.OnboardingId AND r.FinishedAt < @P1 AND {ENDED}))"
    );
    let mut session = pool.session().await?;
    let changed = session.changed(&sql, &[&before, &i64::from(ROWS)]).await?;
    session.give_back();
    Ok(some(changed))
}

/// A number of rows; `None` for none.
fn some(rows: i32) -> Option<u64> {
    u64::try_from(rows).ok().filter(|rows| *rows > 0)
}
