//! Reads the CRM's users, the ledger, and the users a pool held before.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt;
use serde_json::json;
use tiberius::{Row, ToSql};
use uuid::Uuid;

use super::columns::{ledger_row, optional_text, required};
use super::error::Fault;
use super::json_rows::chunks;
use super::pool::Pool;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::user::UserRow;
use crate::store::transition::identifier_key;
use crate::store::{LedgerRow, PoolUser};

/// The rows of biller `@P1` in `ciam.BillerUser AS u`. The first condition uses the index: an id is ASCII, and a
/// VARCHAR is compared with VARCHAR and NVARCHAR columns without converting every row. The second condition compares
/// byte for byte, because the view's collation may treat two spellings as equal.
const OF_BILLER: &str = "u.BillerId = CONVERT(VARCHAR(64), @P1) \
    AND CONVERT(VARBINARY(256), CONVERT(NVARCHAR(128), u.BillerId)) = CONVERT(VARBINARY(256), @P1)";

const USER: &str = "u.UserGuid, u.UserName, u.FirstName, u.LastName, u.Email, u.Status";

fn user(row: &Row) -> Result<UserRow, Fault> {
    Ok(UserRow {
        user_guid: row.try_get("UserGuid")?,
        user_name: optional_text(row, "UserName")?,
        first_name: optional_text(row, "FirstName")?,
        last_name: optional_text(row, "LastName")?,
        email: optional_text(row, "Email")?,
        status: optional_text(row, "Status")?,
    })
}

/// Calls `take` with every row as it arrives.
pub(super) async fn each(pool: &Pool, biller: &BillerId, take: &mut (dyn FnMut(UserRow) + Send)) -> Result<(), Fault> {
    let sql = format!("SELECT {USER} FROM ciam.BillerUser AS u WHERE {OF_BILLER}");
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 1] = [&biller_id];
    let answer = session.client()?.query(sql, &values).await?;
    let mut rows = answer.into_row_stream();
    while let Some(row) = rows.try_next().await? {
        take(user(&row)?);
    }
    drop(rows);
    session.give_back();
    Ok(())
}

/// The next `limit` rows, and all other rows with the last one's GUID. Only the server compares GUIDs, because it
/// orders them in its own way (docs/reference/sql-server.md#guids).
pub(super) async fn page(
    pool: &Pool,
    biller: &BillerId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<UserRow>, Fault> {
    let further = further("u", after);
    let sql = format!(
        "SELECT {USER} FROM ciam.BillerUser AS u \
         WHERE {OF_BILLER} {further} AND u.UserGuid <= ( \
            SELECT TOP (1) page.UserGuid FROM ( \
                SELECT TOP (@P2) u.UserGuid FROM ciam.BillerUser AS u \
                WHERE {OF_BILLER} {further} AND u.UserGuid IS NOT NULL \
                ORDER BY u.UserGuid) AS page \
            ORDER BY page.UserGuid DESC) \
         ORDER BY u.UserGuid"
    );
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 3] = [&biller_id, &i64::from(limit), &after];
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter().map(user).collect()
}

pub(super) async fn with_issues(pool: &Pool, id: OnboardingId) -> Result<HashSet<Uuid>, Fault> {
    let sql = "SELECT DISTINCT i.UserGuid FROM ciam.OnboardingIssue AS i \
        WHERE i.OnboardingId = @P1 AND i.UserGuid IS NOT NULL";
    let mut session = pool.session().await?;
    let rows = session.rows(sql, &[&id.0]).await?;
    session.give_back();
    rows.iter().map(|row| required(row, "UserGuid")).collect()
}

pub(super) async fn ledger_page(
    pool: &Pool,
    id: OnboardingId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<LedgerRow>, Fault> {
    let sql = format!(
        "SELECT TOP (@P2) l.UserGuid, l.UserId, l.ContentHash, l.State, l.PriorValues \
         FROM ciam.OnboardedUser AS l WHERE l.OnboardingId = @P1 {} ORDER BY l.UserGuid",
        further("l", after)
    );
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 3] = [&id.0, &i64::from(limit), &after];
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter().map(ledger).collect()
}

/// The condition that skips earlier pages. On the first page there is none, so that the server can seek.
fn further(table: &str, after: Option<Uuid>) -> String {
    after.map_or_else(String::new, |_| format!("AND {table}.UserGuid > @P3"))
}

fn ledger(row: &Row) -> Result<LedgerRow, Fault> {
    Ok(ledger_row(row)?.try_into()?)
}

/// Looks from the biller's newest run backwards, with two seeks per user and run instead of a scan of the ledger.
pub(super) async fn earlier_ledger(
    pool: &Pool,
    biller: &BillerId,
    pool_id: &str,
    user_guids: &[Uuid],
) -> Result<HashMap<Uuid, LedgerRow>, Fault> {
    let sql = "SELECT found.UserGuid, found.UserId, found.ContentHash, found.State, found.PriorValues \
        FROM OPENJSON(@P3) WITH (UserGuid UNIQUEIDENTIFIER '$.g') AS asked \
        CROSS APPLY ( \
            SELECT TOP (1) l.UserGuid, l.UserId, l.ContentHash, l.State, l.PriorValues \
            FROM ciam.Onboarding AS r \
            JOIN ciam.OnboardedUser AS l ON l.OnboardingId = r.OnboardingId AND l.UserGuid = asked.UserGuid \
            WHERE r.BillerId = @P1 AND r.PoolId = @P2 AND r.State = N'succeeded' \
            ORDER BY r.RunNo DESC) AS found";
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let mut found = HashMap::new();
    for chunk in chunks(user_guids.iter().map(|guid| json!({ "g": guid }))) {
        let values: [&dyn ToSql; 3] = [&biller_id, &pool_id, &chunk];
        for row in session.rows(sql, &values).await? {
            let row = ledger(&row)?;
            found.insert(row.user_guid, row);
        }
    }
    session.give_back();
    Ok(found)
}

pub(super) async fn pool_users_before(
    pool: &Pool,
    id: OnboardingId,
    users: &[PoolUser],
) -> Result<HashSet<Uuid>, Fault> {
    let sql = "SELECT DISTINCT asked.UserId \
        FROM OPENJSON(@P2) WITH (UserId UNIQUEIDENTIFIER '$.u', IdentifierKey NVARCHAR(4000) '$.k') AS asked \
        WHERE EXISTS ( \
                SELECT 1 FROM ciam.PoolUserBefore AS b WHERE b.OnboardingId = @P1 AND b.UserId = asked.UserId) \
            OR (asked.IdentifierKey <> N'' AND EXISTS ( \
                SELECT 1 FROM ciam.PoolUserBefore AS b WHERE b.OnboardingId = @P1 \
                    AND b.IdentifierKey = asked.IdentifierKey COLLATE Latin1_General_100_BIN2))";
    let rows = users
        .iter()
        .map(|user| json!({ "u": user.user_id, "k": identifier_key(&user.identifier) }));
    let mut session = pool.session().await?;
    let mut held = HashSet::new();
    for chunk in chunks(rows) {
        for row in session.rows(sql, &[&id.0, &chunk]).await? {
            held.insert(required(&row, "UserId")?);
        }
    }
    session.give_back();
    Ok(held)
}
