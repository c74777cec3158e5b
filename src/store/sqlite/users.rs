//! Reads the CRM's users, the ledger, and the users a pool held before.

use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::columns::{Guid, ledger_row};
use super::error::Fault;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::user::UserRow;
use crate::store::transition::identifier_key;
use crate::store::{LedgerRow, PoolUser};

const USER: &str = "user_guid, user_name, first_name, last_name, email, status";

fn user(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    Ok(UserRow {
        user_guid: row.get::<_, Option<Guid>>(0)?.map(|guid| guid.0),
        user_name: row.get(1)?,
        first_name: row.get(2)?,
        last_name: row.get(3)?,
        email: row.get(4)?,
        status: row.get(5)?,
    })
}

/// Passes every user of a biller to `take`, in groups of `size`; stops when `take` returns false.
pub(super) fn each(
    transaction: &Transaction<'_>,
    biller: &BillerId,
    size: usize,
    mut take: impl FnMut(Vec<UserRow>) -> bool,
) -> Result<(), Fault> {
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {USER} FROM ciam_biller_user WHERE biller_id = ?1"))?;
    let mut rows = statement.query([biller.as_ref()])?;
    let mut group = Vec::with_capacity(size);
    while let Some(row) = rows.next()? {
        group.push(user(row)?);
        if group.len() >= size && !take(std::mem::take(&mut group)) {
            return Ok(());
        }
    }
    take(group);
    Ok(())
}

/// The next `limit` rows, and all other rows with the last one's GUID.
pub(super) fn page(
    transaction: &Transaction<'_>,
    biller: &BillerId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<UserRow>, Fault> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {USER} FROM ciam_biller_user WHERE biller_id = ?1 AND user_guid > ?2 AND user_guid <= ( \
            SELECT max(user_guid) FROM (SELECT user_guid FROM ciam_biller_user \
                WHERE biller_id = ?1 AND user_guid > ?2 ORDER BY user_guid LIMIT ?3)) \
         ORDER BY user_guid"
    ))?;
    let rows = statement.query_map(params![biller.as_ref(), text(after), limit], user)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn with_issues(transaction: &Transaction<'_>, id: OnboardingId) -> Result<HashSet<Uuid>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT DISTINCT user_guid FROM onboarding_issue WHERE onboarding_id = ?1 AND user_guid IS NOT NULL",
    )?;
    let guids = statement.query_map([Guid(id.0)], |row| row.get::<_, Guid>(0))?;
    Ok(guids.map(|guid| guid.map(|guid| guid.0)).collect::<Result<_, _>>()?)
}

pub(super) fn ledger_page(
    transaction: &Transaction<'_>,
    id: OnboardingId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<LedgerRow>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM onboarded_user WHERE onboarding_id = ?1 AND user_guid > ?2 ORDER BY user_guid LIMIT ?3",
    )?;
    let rows = statement.query_map(params![Guid(id.0), text(after), limit], ledger_row)?;
    rows.map(|row| Ok(row?.try_into()?)).collect()
}

pub(super) fn earlier_ledger(
    transaction: &Transaction<'_>,
    biller: &BillerId,
    pool_id: &str,
    user_guids: &[Uuid],
) -> Result<HashMap<Uuid, LedgerRow>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT onboarded_user.* FROM onboarding JOIN onboarded_user USING (onboarding_id) \
         WHERE biller_id = ?1 AND pool_id = ?2 AND onboarding.state = 'succeeded' AND user_guid = ?3 \
         ORDER BY run_no DESC LIMIT 1",
    )?;
    let mut found = HashMap::new();
    for guid in user_guids {
        let row = statement
            .query_row(params![biller.as_ref(), pool_id, Guid(*guid)], ledger_row)
            .optional()?;
        if let Some(row) = row {
            found.insert(*guid, row.try_into()?);
        }
    }
    Ok(found)
}

pub(super) fn pool_users_before(
    transaction: &Transaction<'_>,
    id: OnboardingId,
    users: &[PoolUser],
) -> Result<HashSet<Uuid>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM pool_user_before WHERE onboarding_id = ?1 AND user_id = ?2) \
            OR (?3 <> '' AND EXISTS (SELECT 1 FROM pool_user_before WHERE onboarding_id = ?1 AND identifier_key = ?3))",
    )?;
    let mut held = HashSet::new();
    for user in users {
        let key = identifier_key(&user.identifier);
        let is_held: bool = statement.query_row(params![Guid(id.0), Guid(user.user_id), key], |row| row.get(0))?;
        if is_held {
            held.insert(user.user_id);
        }
    }
    Ok(held)
}

/// The text after which a page begins. It is empty for the first page: every GUID's text is greater.
fn text(after: Option<Uuid>) -> String {
    after.map_or_else(String::new, |guid| guid.hyphenated().to_string())
}
