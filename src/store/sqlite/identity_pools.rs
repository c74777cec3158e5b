//! Reads and writes the identity pools that runs used.

use rusqlite::{OptionalExtension, Transaction, params};

use super::columns::Guid;
use super::error::Fault;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::store::row::PoolRow;
use crate::store::{NewPool, PoolNo, PoolOrigin, PoolRecord};

pub(super) fn pool(
    transaction: &Transaction<'_>,
    biller: &BillerId,
    pool_id: &str,
) -> Result<Option<PoolRecord>, Fault> {
    let sql = "SELECT pool_no, generation, origin, case_insensitive, users_at_end FROM pool \
        WHERE biller_id = ?1 AND pool_id = ?2 ORDER BY pool_no DESC LIMIT 1";
    let row = transaction
        .prepare_cached(sql)?
        .query_row(params![biller.as_ref(), pool_id], |row| {
            Ok(PoolRow {
                no: row.get(0)?,
                generation: row.get(1)?,
                origin: row.get(2)?,
                case_insensitive: row.get(3)?,
                users_at_end: row.get(4)?,
            })
        })
        .optional()?;
    Ok(row.map(PoolRecord::try_from).transpose()?)
}

/// The id of the newest pool that runs of the biller found.
pub(super) fn found_pool(transaction: &Transaction<'_>, biller: &BillerId) -> Result<Option<String>, Fault> {
    let sql = "SELECT pool_id FROM pool WHERE biller_id = ?1 AND origin = ?2 ORDER BY pool_no DESC LIMIT 1";
    let found: &str = PoolOrigin::Found.into();
    let values = params![biller.as_ref(), found];
    Ok(transaction
        .prepare_cached(sql)?
        .query_row(values, |row| row.get(0))
        .optional()?)
}

/// Inserts the pool of the run's biller; one that is not new only if it has no row yet.
pub(super) fn begin_pool(transaction: &Transaction<'_>, id: OnboardingId, new: &NewPool) -> Result<(), Fault> {
    transaction.execute(
        "INSERT INTO pool (biller_id, pool_id, generation, origin, case_insensitive) \
         SELECT r.biller_id, ?2, ?3, ?4, ?6 FROM onboarding AS r WHERE r.onboarding_id = ?1 AND (?5 OR NOT EXISTS ( \
            SELECT 1 FROM pool AS p WHERE p.biller_id = r.biller_id AND p.pool_id = ?2))",
        params![
            Guid(id.0),
            new.pool_id,
            new.generation,
            <&str>::from(new.origin),
            new.is_new,
            new.case_insensitive
        ],
    )?;
    Ok(())
}

pub(super) fn set_users_at_end(transaction: &Transaction<'_>, pool: PoolNo, users: Option<i64>) -> Result<(), Fault> {
    transaction.execute(
        "UPDATE pool SET users_at_end = ?2 WHERE pool_no = ?1",
        params![pool.0, users],
    )?;
    Ok(())
}
