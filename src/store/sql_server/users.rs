//! Reads the CRM's users, and which of them have issues.

use std::collections::HashSet;

use tiberius::{Row, ToSql};
use uuid::Uuid;

use super::columns::required;
use super::crm_text;
use super::error::{Fault, refused};
use super::pool::Pool;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::user::UserRow;
use crate::store::GuidRange;

/// The rows of biller `@P1` in `ciam.BillerUser AS u`. The first condition uses the index: an id is ASCII, and a
/// VARCHAR is compared with VARCHAR and NVARCHAR columns without converting every row. The second condition compares
/// byte for byte, because the view's collation may treat two spellings as equal; no id ends with a blank, so blanks are padding.
const OF_BILLER: &str = "u.BillerId = CONVERT(VARCHAR(64), @P1) \
    AND CONVERT(VARBINARY(256), CONVERT(NVARCHAR(128), RTRIM(u.BillerId))) = CONVERT(VARBINARY(256), @P1)";

/// A plan that fits a biller of three users reads a biller of a million row by row, and the other way round.
const OF_ITS_OWN: &str = "OPTION (RECOMPILE)";

/// GUIDs of one statement.
const GUIDS: usize = 50;

/// The columns of `ciam.BillerUser AS u` that [`user`] reads.
fn columns() -> String {
    let texts = ["UserName", "FirstName", "LastName", "Email", "Status"];
    format!(
        "u.UserGuid, {}",
        texts.map(|name| crm_text::column("u", name)).join(", ")
    )
}

fn user(row: &Row) -> Result<UserRow, Fault> {
    Ok(UserRow {
        user_guid: row.try_get("UserGuid").map_err(|_| {
            refused(
                "read users",
                "ciam.BillerUser.UserGuid is no UNIQUEIDENTIFIER (sample_crm_other_keys.sql has the remedy)",
            )
        })?,
        user_name: crm_text::read(row, "UserName")?,
        first_name: crm_text::read(row, "FirstName")?,
        last_name: crm_text::read(row, "LastName")?,
        email: crm_text::read(row, "Email")?,
        status: crm_text::read(row, "Status")?,
    })
}

/// The first `limit` rows of the range, and all other rows with the last one's GUID. Only the server compares GUIDs, because
/// it orders them in its own way (docs/reference/sql-server.md#guids).
pub(super) async fn page(pool: &Pool, biller: &BillerId, range: GuidRange, limit: u32) -> Result<Vec<UserRow>, Fault> {
    let within = within("u", range, 3);
    let columns = columns();
    let sql = format!(
        "SELECT {columns} FROM ciam.BillerUser AS u \
         WHERE {OF_BILLER} {within} AND u.UserGuid <= ( \
            SELECT TOP (1) page.UserGuid FROM ( \
                SELECT TOP (@P2) u.UserGuid FROM ciam.BillerUser AS u \
                WHERE {OF_BILLER} {within} AND u.UserGuid IS NOT NULL \
                ORDER BY u.UserGuid) AS page \
            ORDER BY page.UserGuid DESC) \
         ORDER BY u.UserGuid {OF_ITS_OWN}"
    );
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 4] = [
        &biller_id,
        &i64::from(limit),
        &range.after.unwrap_or_default(),
        &range.until.unwrap_or_default(),
    ];
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter().map(user).collect()
}

/// The rows with one of these GUIDs. The list is one of parameters, so that the view's index is used; the last GUID fills it up, so
/// that the statement's text is always the same.
pub(super) async fn with_guids(pool: &Pool, biller: &BillerId, guids: &[Uuid]) -> Result<Vec<UserRow>, Fault> {
    let list: Vec<String> = (2..2 + GUIDS).map(|number| format!("@P{number}")).collect();
    let sql = format!(
        "SELECT {} FROM ciam.BillerUser AS u WHERE {OF_BILLER} AND u.UserGuid IN ({}) {OF_ITS_OWN}",
        columns(),
        list.join(", ")
    );
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let mut found = Vec::new();
    for some in guids.chunks(GUIDS) {
        let filled = some.iter().chain(some.last().into_iter().cycle()).take(GUIDS);
        let mut values: Vec<&dyn ToSql> = vec![&biller_id];
        values.extend(filled.map(|guid| guid as &dyn ToSql));
        for row in session.rows(&sql, &values).await? {
            found.push(user(&row)?);
        }
    }
    session.give_back();
    Ok(found)
}

pub(super) async fn without_guid(pool: &Pool, biller: &BillerId) -> Result<u64, Fault> {
    let sql = format!(
        "SELECT COUNT_BIG(*) AS Users FROM ciam.BillerUser AS u WHERE {OF_BILLER} AND u.UserGuid IS NULL {OF_ITS_OWN}"
    );
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let row = session.row(&sql, &[&biller_id]).await?;
    session.give_back();
    let users: i64 = match row {
        Some(row) => required(&row, "Users")?,
        None => 0,
    };
    Ok(users.unsigned_abs())
}

pub(super) async fn with_issues(pool: &Pool, id: OnboardingId, range: GuidRange) -> Result<HashSet<Uuid>, Fault> {
    let sql = format!(
        "SELECT DISTINCT i.UserGuid FROM ciam.OnboardingIssue AS i \
         WHERE i.OnboardingId = @P1 AND i.UserGuid IS NOT NULL {}",
        within("i", range, 2)
    );
    let values: [&dyn ToSql; 3] = [
        &id.0,
        &range.after.unwrap_or_default(),
        &range.until.unwrap_or_default(),
    ];
    let mut session = pool.session().await?;
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter().map(|row| required(row, "UserGuid")).collect()
}

/// The conditions of a range, whose ends are the parameters `first` and the one after it. An end that is open has no condition,
/// so that the server can seek.
pub(super) fn within(table: &str, range: GuidRange, first: u32) -> String {
    let after = range.after.map(|_| format!("AND {table}.UserGuid > @P{first} "));
    let until = range.until.map(|_| format!("AND {table}.UserGuid <= @P{}", first + 1));
    after.unwrap_or_default() + &until.unwrap_or_default()
}
