//! Reads and writes accounts, and reads the users that a pool held before.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction, params};

use super::columns::{Guid, Micros, account_row};
use super::error::Fault;
use super::runs::update_leased;
use super::users::bounds;
use crate::domain::ids::OnboardingId;
use crate::store::row::status_sent;
use crate::store::transition::identifier_key;
use crate::store::{Account, AccountChanges, GuidRange, HashedValue, Lease, PoolNo, PoolUser, ValueHash};

const ACCOUNT: &str =
    "user_guid, user_id, origin, open, created_by, name_hash, address_hash, profile_hash, status_sent";

pub(super) fn change(transaction: &Transaction<'_>, changes: &AccountChanges) -> Result<(), Fault> {
    let pool = changes.pool.0;
    let mut put = transaction.prepare_cached(&format!(
        "INSERT INTO account (pool_no, {ACCOUNT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT (pool_no, user_guid) DO UPDATE SET user_id = excluded.user_id, origin = excluded.origin, \
            open = excluded.open, created_by = excluded.created_by, name_hash = excluded.name_hash, \
            address_hash = excluded.address_hash, profile_hash = excluded.profile_hash, \
            status_sent = excluded.status_sent"
    ))?;
    for account in &changes.put {
        put.execute(params![
            pool,
            Guid(account.user_guid),
            account.user_id,
            <&str>::from(account.origin),
            account.open,
            account.created_by.map(|run| Guid(run.0)),
            account.name_hash,
            account.address_hash,
            account.profile_hash,
            status_sent(account)
        ])?;
    }
    let updates = [
        ("open = 0", &changes.settled),
        ("open = 1", &changes.opened),
        ("name_hash = NULL", &changes.nameless),
        ("address_hash = NULL", &changes.addressless),
    ];
    for (set, guids) in updates {
        let sql = format!("UPDATE account SET {set} WHERE pool_no = ?1 AND user_guid = ?2");
        let mut update = transaction.prepare_cached(&sql)?;
        for guid in guids {
            update.execute(params![pool, Guid(*guid)])?;
        }
    }
    let mut remove = transaction.prepare_cached("DELETE FROM account WHERE pool_no = ?1 AND user_guid = ?2")?;
    for guid in &changes.removed {
        remove.execute(params![pool, Guid(*guid)])?;
    }
    Ok(())
}

/// The accounts with one of these hashes. Reads the pool's accounts once, because the hashes have no index.
pub(super) fn by_hash(
    transaction: &Transaction<'_>,
    value: HashedValue,
    hashes: &[ValueHash],
    pool: PoolNo,
) -> Result<Vec<Account>, Fault> {
    let hashes: Vec<String> = hashes.iter().map(hex::encode).collect();
    let column = match value {
        HashedValue::UserName => "name_hash",
        HashedValue::Address => "address_hash",
    };
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {ACCOUNT} FROM account WHERE pool_no = ?1 AND {column} IN (SELECT unhex(value) FROM json_each(?2)) \
         ORDER BY user_guid"
    ))?;
    let rows = statement.query_map(params![pool.0, serde_json::json!(hashes).to_string()], account_row)?;
    rows.map(|row| Ok(row?.try_into()?)).collect()
}

/// The accounts that keep one of these ids.
pub(super) fn by_user_id(transaction: &Transaction<'_>, ids: &[String], pool: PoolNo) -> Result<Vec<Account>, Fault> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {ACCOUNT} FROM account WHERE pool_no = ?1 AND user_id IN (SELECT value FROM json_each(?2)) \
         ORDER BY user_guid"
    ))?;
    let rows = statement.query_map(params![pool.0, serde_json::json!(ids).to_string()], account_row)?;
    rows.map(|row| Ok(row?.try_into()?)).collect()
}

/// The first accounts of the range: all, or those that a run created.
pub(super) fn page(
    transaction: &Transaction<'_>,
    pool: PoolNo,
    created_by: Option<OnboardingId>,
    range: GuidRange,
    limit: u32,
) -> Result<Vec<Account>, Fault> {
    let (after, until) = bounds(range);
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {ACCOUNT} FROM account WHERE pool_no = ?1 AND user_guid > ?2 AND user_guid <= ?3 \
            AND (?4 IS NULL OR created_by = ?4) ORDER BY user_guid LIMIT ?5"
    ))?;
    let run = created_by.map(|run| Guid(run.0));
    let rows = statement.query_map(params![pool.0, after, until, run, limit], account_row)?;
    rows.map(|row| Ok(row?.try_into()?)).collect()
}

/// How many accounts the pool has, all or those that a run created.
pub(super) fn count(
    transaction: &Transaction<'_>,
    pool: PoolNo,
    created_by: Option<OnboardingId>,
) -> Result<u64, Fault> {
    let mut statement = transaction
        .prepare_cached("SELECT count(*) FROM account WHERE pool_no = ?1 AND (?2 IS NULL OR created_by = ?2)")?;
    let run = created_by.map(|run| Guid(run.0));
    let count: i64 = statement.query_row(params![pool.0, run], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

pub(super) fn open_range(transaction: &Transaction<'_>, pool: PoolNo) -> Result<Option<GuidRange>, Fault> {
    let (first, last): (Option<Guid>, Option<Guid>) = transaction
        .prepare_cached("SELECT min(user_guid), max(user_guid) FROM account WHERE pool_no = ?1 AND open = 1")?
        .query_row([pool.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(first) = first else {
        return Ok(None);
    };
    let after: Option<Guid> = transaction
        .prepare_cached("SELECT max(user_guid) FROM account WHERE pool_no = ?1 AND user_guid < ?2")?
        .query_row(params![pool.0, first], |row| row.get(0))?;
    Ok(Some(GuidRange {
        after: after.map(|guid| guid.0),
        until: last.map(|guid| guid.0),
    }))
}

pub(super) fn pool_users_before(
    transaction: &Transaction<'_>,
    id: OnboardingId,
    users: &[PoolUser],
) -> Result<HashMap<String, String>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT user_id FROM pool_user_before WHERE onboarding_id = ?1 AND user_id = ?2 UNION ALL \
         SELECT user_id FROM pool_user_before WHERE onboarding_id = ?1 AND identifier_key = ?3 AND ?3 <> '' LIMIT 1",
    )?;
    let mut held = HashMap::new();
    for user in users {
        let key = identifier_key(&user.identifier);
        let holder: Option<String> = statement
            .query_row(params![Guid(id.0), user.user_id, key], |row| row.get(0))
            .optional()?;
        if let Some(holder) = holder {
            held.insert(user.user_id.clone(), holder);
        }
    }
    Ok(held)
}

/// Deletes rows of the leased run's `pool_user_before`; `true`: there may be more.
pub(super) fn forget_pool_users(
    transaction: &Transaction<'_>,
    now: Micros,
    lease: &Lease,
    limit: u32,
) -> Result<bool, Fault> {
    update_leased(transaction, lease, "updated_at = ?4", &[&now])?;
    let deleted = transaction.execute(
        "DELETE FROM pool_user_before WHERE onboarding_id = ?1 AND (user_id, identifier_key) IN ( \
            SELECT user_id, identifier_key FROM pool_user_before WHERE onboarding_id = ?1 LIMIT ?2)",
        params![Guid(lease.onboarding_id.0), limit],
    )?;
    Ok(deleted > 0)
}
