//! Takes, renews and frees worker slots.

use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction, params};

use super::columns::{Guid, Micros};
use super::error::Fault;
use crate::domain::ids::WorkerId;
use crate::store::row::count;

pub(super) fn take(
    transaction: &Transaction<'_>,
    now: Micros,
    worker: WorkerId,
    slots: u32,
    ttl: Duration,
) -> Result<Option<u32>, Fault> {
    let mut insert = transaction.prepare_cached("INSERT INTO worker_slot (slot) VALUES (?1) ON CONFLICT DO NOTHING")?;
    for slot in 1..=slots {
        insert.execute([slot])?;
    }
    let taken: Option<i64> = transaction
        .prepare_cached(
            "UPDATE worker_slot SET worker_id = ?1, held_until = ?2 WHERE slot = ( \
                SELECT slot FROM worker_slot \
                WHERE slot <= ?3 AND (worker_id IS NULL OR worker_id = ?1 OR held_until <= ?4) \
                ORDER BY worker_id IS ?1 DESC, slot LIMIT 1) \
             RETURNING slot",
        )?
        .query_row(params![Guid(worker.0), now.plus(ttl), slots, now], |row| row.get(0))
        .optional()?;
    Ok(taken.map(|slot| count("slot", slot)).transpose()?)
}

pub(super) fn renew(
    transaction: &Transaction<'_>,
    now: Micros,
    worker: WorkerId,
    slot: u32,
    ttl: Duration,
) -> Result<bool, Fault> {
    let renewed = transaction.execute(
        "UPDATE worker_slot SET held_until = ?3 WHERE slot = ?1 AND worker_id = ?2",
        params![slot, Guid(worker.0), now.plus(ttl)],
    )?;
    Ok(renewed > 0)
}

pub(super) fn free(transaction: &Transaction<'_>, worker: WorkerId, slot: u32) -> Result<(), Fault> {
    transaction.execute(
        "UPDATE worker_slot SET worker_id = NULL, held_until = NULL WHERE slot = ?1 AND worker_id = ?2",
        params![slot, Guid(worker.0)],
    )?;
    Ok(())
}
