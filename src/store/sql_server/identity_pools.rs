//! Reads and writes the identity pools that runs used.

use tiberius::ToSql;

use super::columns::{required, text};
use super::error::Fault;
use super::pool::Pool;
use super::session::Transaction;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::store::row::PoolRow;
use crate::store::{NewPool, PoolNo, PoolOrigin, PoolRecord};

/// As all reads here it seeks: a scan of a small table would wait for rows that other runs have locked.
pub(super) async fn pool(pool: &Pool, biller: &BillerId, pool_id: &str) -> Result<Option<PoolRecord>, Fault> {
    let sql = "SELECT TOP (1) p.PoolNo, p.Generation, p.Origin, p.CaseInsensitive, p.UsersAtEnd \
        FROM ciam.Pool AS p WITH (FORCESEEK) WHERE p.BillerId = @P1 AND p.PoolId = @P2 ORDER BY p.PoolNo DESC";
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let row = session.row(sql, &[&biller_id, &pool_id]).await?;
    session.give_back();
    row.map(|row| {
        let row = PoolRow {
            no: required(&row, "PoolNo")?,
            generation: required(&row, "Generation")?,
            origin: text(&row, "Origin")?,
            case_insensitive: required(&row, "CaseInsensitive")?,
            users_at_end: row.try_get("UsersAtEnd")?,
        };
        Ok(row.try_into()?)
    })
    .transpose()
}

/// The id of the newest pool that runs of the biller found.
pub(super) async fn found_pool(pool: &Pool, biller: &BillerId) -> Result<Option<String>, Fault> {
    let sql = "SELECT TOP (1) p.PoolId FROM ciam.Pool AS p WITH (FORCESEEK) \
        WHERE p.BillerId = @P1 AND p.Origin = @P2 ORDER BY p.PoolNo DESC";
    let biller_id: &str = biller.as_ref();
    let found: &str = PoolOrigin::Found.into();
    let mut session = pool.session().await?;
    let row = session.row(sql, &[&biller_id, &found]).await?;
    session.give_back();
    row.map(|row| text(&row, "PoolId")).transpose()
}

/// Inserts the pool of the run's biller; one that is not new only if it has no row yet.
pub(super) async fn begin_pool(transaction: &mut Transaction, id: OnboardingId, new: &NewPool) -> Result<(), Fault> {
    let sql = "INSERT INTO ciam.Pool (BillerId, PoolId, Generation, Origin, CaseInsensitive) \
        SELECT r.BillerId, @P2, @P3, @P4, @P6 FROM ciam.Onboarding AS r WHERE r.OnboardingId = @P1 AND (@P5 = 1 OR NOT EXISTS ( \
            SELECT 1 FROM ciam.Pool AS p WHERE p.BillerId = r.BillerId AND p.PoolId = @P2))";
    let values: [&dyn ToSql; 6] = [
        &id.0,
        &new.pool_id,
        &i64::from(new.generation),
        &<&str>::from(new.origin),
        &new.is_new,
        &new.case_insensitive,
    ];
    transaction.execute(sql, &values).await
}

pub(super) async fn set_users_at_end(
    transaction: &mut Transaction,
    pool: PoolNo,
    users: Option<i64>,
) -> Result<(), Fault> {
    let sql = "UPDATE ciam.Pool SET UsersAtEnd = @P2 WHERE PoolNo = @P1";
    transaction.execute(sql, &[&pool.0, &users]).await
}
