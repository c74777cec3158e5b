//! Reads the CRM's users, and which of them have issues.

use std::collections::HashSet;

use rusqlite::{Row, Transaction, params};
use uuid::Uuid;

use super::columns::{Guid, crm_text};
use super::error::Fault;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::user::UserRow;
use crate::store::GuidRange;

const USER: &str = "user_guid, user_name, first_name, last_name, email, status";

fn user(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    Ok(UserRow {
        user_guid: row.get::<_, Option<Guid>>(0)?.map(|guid| guid.0),
        user_name: crm_text(row, 1)?,
        first_name: crm_text(row, 2)?,
        last_name: crm_text(row, 3)?,
        email: crm_text(row, 4)?,
        status: crm_text(row, 5)?,
    })
}

/// The first `limit` rows of the range, and all other rows with the last one's GUID.
pub(super) fn page(
    transaction: &Transaction<'_>,
    biller: &BillerId,
    range: GuidRange,
    limit: u32,
) -> Result<Vec<UserRow>, Fault> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {USER} FROM ciam_biller_user WHERE biller_id = ?1 AND user_guid > ?2 AND user_guid <= ?3 \
         ORDER BY user_guid LIMIT ?4"
    ))?;
    let (after, until) = bounds(range);
    let rows = statement.query_map(params![biller.as_ref(), after, until, limit], user)?;
    let mut rows: Vec<UserRow> = rows.collect::<Result<_, _>>()?;
    let Some(last) = rows.last().and_then(|row| row.user_guid) else {
        return Ok(rows);
    };
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {USER} FROM ciam_biller_user WHERE biller_id = ?1 AND user_guid = ?2"
    ))?;
    let repeated = statement.query_map(params![biller.as_ref(), Guid(last)], user)?;
    rows.retain(|row| row.user_guid != Some(last));
    for row in repeated {
        rows.push(row?);
    }
    Ok(rows)
}

/// The rows with one of these GUIDs.
pub(super) fn with_guids(
    transaction: &Transaction<'_>,
    biller: &BillerId,
    guids: &[Uuid],
) -> Result<Vec<UserRow>, Fault> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {USER} FROM ciam_biller_user WHERE biller_id = ?1 AND user_guid = ?2"
    ))?;
    let mut found = Vec::new();
    for guid in guids {
        let rows = statement.query_map(params![biller.as_ref(), Guid(*guid)], user)?;
        for row in rows {
            found.push(row?);
        }
    }
    Ok(found)
}

pub(super) fn without_guid(transaction: &Transaction<'_>, biller: &BillerId) -> Result<u64, Fault> {
    let mut statement = transaction
        .prepare_cached("SELECT count(*) FROM ciam_biller_user WHERE biller_id = ?1 AND user_guid IS NULL")?;
    let rows: i64 = statement.query_row([biller.as_ref()], |row| row.get(0))?;
    Ok(rows.unsigned_abs())
}

pub(super) fn with_issues(
    transaction: &Transaction<'_>,
    id: OnboardingId,
    range: GuidRange,
) -> Result<HashSet<Uuid>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT DISTINCT user_guid FROM onboarding_issue \
         WHERE onboarding_id = ?1 AND ifnull(user_guid, '') > ?2 AND ifnull(user_guid, '') <= ?3",
    )?;
    let (after, until) = bounds(range);
    let guids = statement.query_map(params![Guid(id.0), after, until], |row| row.get::<_, Guid>(0))?;
    Ok(guids.map(|guid| guid.map(|guid| guid.0)).collect::<Result<_, _>>()?)
}

/// The texts between which the GUIDs of a range are: every GUID's text is greater than the empty text and less than `g`.
pub(super) fn bounds(range: GuidRange) -> (String, String) {
    let text = |guid: Uuid| guid.hyphenated().to_string();
    (
        range.after.map(text).unwrap_or_default(),
        range.until.map_or_else(|| "g".to_owned(), text),
    )
}
