//! Takes, renews and frees worker slots.

use std::time::Duration;

use tiberius::ToSql;

use super::columns::required;
use super::error::Fault;
use super::locks::lock_worker_slots;
use super::pool::Pool;
use crate::domain::ids::WorkerId;
use crate::store::row::count;
use crate::store::transition::millis;

/// Takes a slot, under the lock for worker slots. The UPDATE checks the slot again, because a heart-beat may have
/// renewed it meanwhile.
pub(super) async fn take(pool: &Pool, worker: WorkerId, slots: u32, ttl: Duration) -> Result<Option<u32>, Fault> {
    let sql = "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
        DECLARE @slot BIGINT = 1; \
        WHILE @slot <= @P3 \
        BEGIN \
            IF NOT EXISTS (SELECT 1 FROM ciam.WorkerSlot AS w WHERE w.Slot = @slot) \
                INSERT INTO ciam.WorkerSlot (Slot) VALUES (@slot); \
            SET @slot = @slot + 1; \
        END; \
        UPDATE w SET WorkerId = @P1, HeldUntil = DATEADD(MILLISECOND, @P2, @now) \
        OUTPUT inserted.Slot AS [Slot] \
        FROM ciam.WorkerSlot AS w \
        WHERE (w.WorkerId IS NULL OR w.WorkerId = @P1 OR w.HeldUntil <= @now) AND w.Slot = ( \
            SELECT TOP (1) s.Slot FROM ciam.WorkerSlot AS s \
            WHERE s.Slot <= @P3 AND (s.WorkerId IS NULL OR s.WorkerId = @P1 OR s.HeldUntil <= @now) \
            ORDER BY CASE WHEN s.WorkerId = @P1 THEN 0 ELSE 1 END, s.Slot)";
    let mut transaction = pool.begin().await?;
    lock_worker_slots(&mut transaction, pool.lock_timeout()).await?;
    let values: [&dyn ToSql; 3] = [&worker.0, &millis(ttl), &i64::from(slots)];
    let taken = transaction.row(sql, &values).await?;
    transaction.commit().await?;
    match taken {
        Some(row) => Ok(Some(count("slot", required(&row, "Slot")?)?)),
        None => Ok(None),
    }
}

pub(super) async fn renew(pool: &Pool, worker: WorkerId, slot: u32, ttl: Duration) -> Result<bool, Fault> {
    let sql = "UPDATE ciam.WorkerSlot SET HeldUntil = DATEADD(MILLISECOND, @P3, SYSUTCDATETIME()) \
        WHERE Slot = @P1 AND WorkerId = @P2";
    let mut session = pool.heartbeat().await?;
    let values: [&dyn ToSql; 3] = [&i64::from(slot), &worker.0, &millis(ttl)];
    let renewed = session.changed(sql, &values).await?;
    session.give_back();
    Ok(renewed > 0)
}

pub(super) async fn free(pool: &Pool, worker: WorkerId, slot: u32) -> Result<(), Fault> {
    let sql = "UPDATE ciam.WorkerSlot SET WorkerId = NULL, HeldUntil = NULL WHERE Slot = @P1 AND WorkerId = @P2";
    let mut session = pool.session().await?;
    session.execute(sql, &[&i64::from(slot), &worker.0]).await?;
    session.give_back();
    Ok(())
}
