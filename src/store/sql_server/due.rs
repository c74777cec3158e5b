//! Due runs: those whose message the timer sends again.

use std::time::Duration;

use tiberius::ToSql;

use super::columns::{optional_text, required};
use super::error::Fault;
use super::pool::Pool;
use super::runs::OPEN;
use crate::domain::ids::OnboardingId;
use crate::domain::reason::Reason;
use crate::store::transition::millis;
use crate::store::{DueRun, Resend};

/// `READPAST` needs reads that lock. In a database with row versions reads lock only with `READCOMMITTEDLOCK`
/// (docs/reference/sql-server.md#row-locks).
const UNLOCKED: &str = "WITH (UPDLOCK, READPAST, ROWLOCK, READCOMMITTEDLOCK)";

/// Claims due runs in one statement. It skips rows that somebody else has locked, in the search and in the change
/// (docs/decisions.md#claims-pass-locked-rows). An engine that treats hints as advice waits for such a row instead and then
/// finds that a claimed run is no longer due.
pub(super) async fn claim(pool: &Pool, limit: u32, resend: Resend) -> Result<Vec<DueRun>, Fault> {
    // At most 2^20 times 24 days in milliseconds, which fits into a BIGINT.
    let pause = "@P2 * POWER(CAST(2 AS BIGINT), CASE WHEN r.Resends > 20 THEN 20 ELSE r.Resends END)";
    let sql = format!(
        "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
         UPDATE r SET Resends = r.Resends + 1, \
            DueAt = DATEADD(MILLISECOND, CAST(CASE WHEN {pause} > @P3 THEN @P3 ELSE {pause} END AS INT), @now) \
         OUTPUT inserted.OnboardingId AS [OnboardingId], inserted.Traceparent AS [Traceparent] \
         FROM ciam.Onboarding AS r {UNLOCKED} \
         WHERE r.DueAt <= @now AND r.OnboardingId IN ( \
            SELECT TOP (@P1) d.OnboardingId FROM ciam.Onboarding AS d {UNLOCKED} \
            WHERE {open} AND d.DueAt <= @now AND (d.LeaseUntil IS NULL OR d.LeaseUntil <= @now) \
            ORDER BY d.DueAt)",
        open = OPEN.replace("r.State", "d.State"),
    );
    let (first, longest) = (i64::from(millis(resend.first)), i64::from(millis(resend.longest)));
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 3] = [&i64::from(limit), &first, &longest];
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter()
        .map(|row| {
            Ok(DueRun {
                id: OnboardingId(required(row, "OnboardingId")?),
                traceparent: optional_text(row, "Traceparent")?,
            })
        })
        .collect()
}

/// Open runs have a due time, so its index holds them and no others. Rows that somebody else has locked are skipped: nobody waits
/// for this answer.
pub(super) async fn others_wait(pool: &Pool, id: OnboardingId) -> Result<bool, Fault> {
    let sql = "SELECT TOP (1) r.OnboardingId FROM ciam.Onboarding AS r WITH (READPAST, READCOMMITTEDLOCK) \
        WHERE r.DueAt IS NOT NULL AND r.State = N'queued' AND r.OnboardingId <> @P1";
    let mut session = pool.session().await?;
    let row = session.row(sql, &[&id.0]).await?;
    session.give_back();
    Ok(row.is_some())
}

/// Like [`claim`], this skips rows that somebody else has locked.
pub(super) async fn claim_stuck(pool: &Pool, limit: u32, every: Duration) -> Result<Vec<OnboardingId>, Fault> {
    let sql = format!(
        "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
         UPDATE r SET DueAt = DATEADD(MILLISECOND, @P2, @now) OUTPUT inserted.OnboardingId AS [OnboardingId] \
         FROM ciam.Onboarding AS r {UNLOCKED} \
         WHERE r.DueAt <= @now AND r.OnboardingId IN ( \
            SELECT TOP (@P1) d.OnboardingId FROM ciam.Onboarding AS d {UNLOCKED} \
            WHERE d.State = N'stuck' AND d.DueAt <= @now ORDER BY d.DueAt)"
    );
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 2] = [&i64::from(limit), &millis(every)];
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter()
        .map(|row| Ok(OnboardingId(required(row, "OnboardingId")?)))
        .collect()
}

pub(super) async fn postpone(pool: &Pool, id: OnboardingId, after: Duration) -> Result<(), Fault> {
    let sql = format!(
        "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
         UPDATE r SET DueAt = DATEADD(MILLISECOND, @P2, @now), Resends = 0, WaitingFor = COALESCE(r.WaitingFor, @P3) \
         FROM ciam.Onboarding AS r \
         WHERE r.OnboardingId = @P1 AND {OPEN} AND (r.LeaseUntil IS NULL OR r.LeaseUntil <= @now)"
    );
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 3] = [&id.0, &millis(after), &<&str>::from(Reason::WorkerSlot)];
    session.execute(&sql, &values).await?;
    session.give_back();
    Ok(())
}
