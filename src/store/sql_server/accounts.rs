//! Reads accounts, and reads and writes the users that a pool held before.

use std::collections::HashMap;

use serde_json::{Value, json};
use tiberius::{Row, ToSql};

use super::columns::{account_row, required, text};
use super::error::Fault;
use super::json_rows::{ROW_BY_ROW, chunks};
use super::pool::Pool;
use super::runs::update_leased;
use super::users::within;
use crate::domain::ids::OnboardingId;
use crate::store::transition::identifier_key;
use crate::store::{Account, GuidRange, HashedValue, Lease, PoolNo, PoolUser, ValueHash};

const ACCOUNT: &str = "a.UserGuid, a.UserId, a.Origin, a.[Open], a.CreatedBy, a.NameHash, a.AddressHash, a.ProfileHash, \
    a.StatusSent";

/// Puts the list into a hash table, reads all accounts of the pool once and looks them up there, for a column that no index has.
const ONE_PASS: &str = "OPTION (HASH JOIN, FORCE ORDER)";

/// The first accounts of the range: all, or those that a run created.
pub(super) async fn page(
    pool: &Pool,
    no: PoolNo,
    created_by: Option<OnboardingId>,
    range: GuidRange,
    limit: u32,
) -> Result<Vec<Account>, Fault> {
    let of_run = if created_by.is_some() {
        "AND a.CreatedBy = @P5"
    } else {
        ""
    };
    let sql = format!(
        "SELECT TOP (@P2) {ACCOUNT} FROM ciam.Account AS a WHERE a.PoolNo = @P1 {} {of_run} ORDER BY a.UserGuid",
        within("a", range, 3)
    );
    let values: [&dyn ToSql; 5] = [
        &no.0,
        &i64::from(limit),
        &range.after.unwrap_or_default(),
        &range.until.unwrap_or_default(),
        &created_by.map(|run| run.0).unwrap_or_default(),
    ];
    let mut session = pool.session().await?;
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter().map(account).collect()
}

fn account(row: &Row) -> Result<Account, Fault> {
    Ok(account_row(row)?.try_into()?)
}

/// How many accounts the pool has, all or those that a run created.
pub(super) async fn count(pool: &Pool, no: PoolNo, created_by: Option<OnboardingId>) -> Result<u64, Fault> {
    let of_run = if created_by.is_some() {
        "AND a.CreatedBy = @P2"
    } else {
        ""
    };
    let sql = format!("SELECT COUNT_BIG(*) AS Accounts FROM ciam.Account AS a WHERE a.PoolNo = @P1 {of_run}");
    let mut session = pool.session().await?;
    let run = created_by.map(|run| run.0).unwrap_or_default();
    let row = session.row(&sql, &[&no.0, &run]).await?;
    session.give_back();
    let count: i64 = match row {
        Some(row) => required(&row, "Accounts")?,
        None => 0,
    };
    Ok(count.unsigned_abs())
}

/// The accounts with one of these hashes.
pub(super) async fn by_hash(
    pool: &Pool,
    value: HashedValue,
    hashes: &[ValueHash],
    no: PoolNo,
) -> Result<Vec<Account>, Fault> {
    let (column, seek, plan) = match value {
        HashedValue::UserName => ("NameHash", "IX_Account_Name (PoolNo, NameHash)", ROW_BY_ROW),
        HashedValue::Address => ("AddressHash", "PK_Account (PoolNo)", ONE_PASS),
    };
    let sql = format!(
        "SELECT {ACCOUNT} FROM OPENJSON(@P2) WITH (Hash NVARCHAR(4000) '$.h') AS asked \
         JOIN ciam.Account AS a WITH (FORCESEEK ({seek})) \
            ON a.PoolNo = @P1 AND a.{column} = CONVERT(BINARY(16), asked.Hash, 2) {plan}"
    );
    let asked = hashes.iter().map(|hash| json!({ "h": hex::encode(hash) }));
    asked_for(pool, &sql, no, asked).await
}

/// The accounts that keep one of these ids.
pub(super) async fn by_user_id(pool: &Pool, ids: &[String], no: PoolNo) -> Result<Vec<Account>, Fault> {
    let sql = format!(
        "SELECT {ACCOUNT} FROM OPENJSON(@P2) WITH (UserId NVARCHAR(4000) '$.u') AS asked \
         JOIN ciam.Account AS a WITH (FORCESEEK (IX_Account_User (PoolNo, UserId))) \
            ON a.PoolNo = @P1 AND a.UserId IS NOT NULL \
            AND a.UserId = CONVERT(NVARCHAR(256), asked.UserId) COLLATE Latin1_General_100_BIN2 {ROW_BY_ROW}"
    );
    asked_for(pool, &sql, no, ids.iter().map(|id| json!({ "u": id }))).await
}

async fn asked_for(
    pool: &Pool,
    sql: &str,
    no: PoolNo,
    asked: impl Iterator<Item = Value>,
) -> Result<Vec<Account>, Fault> {
    let mut session = pool.session().await?;
    let mut found = Vec::new();
    for chunk in chunks(asked) {
        for row in session.rows(&chunk.sql(sql), &[&no.0, chunk.value()]).await? {
            found.push(account(&row)?);
        }
    }
    session.give_back();
    Ok(found)
}

/// Only the server orders GUIDs, so it also finds the account before the first open one.
pub(super) async fn open_range(pool: &Pool, no: PoolNo) -> Result<Option<GuidRange>, Fault> {
    let sql = "SELECT last_open.UserGuid AS LastGuid, earlier.UserGuid AS EarlierGuid \
        FROM (SELECT TOP (1) a.UserGuid FROM ciam.Account AS a WHERE a.PoolNo = @P1 AND a.[Open] = 1 \
            ORDER BY a.UserGuid) AS first_open \
        CROSS APPLY (SELECT TOP (1) a.UserGuid FROM ciam.Account AS a WHERE a.PoolNo = @P1 AND a.[Open] = 1 \
            ORDER BY a.UserGuid DESC) AS last_open \
        OUTER APPLY (SELECT TOP (1) a.UserGuid FROM ciam.Account AS a \
            WHERE a.PoolNo = @P1 AND a.UserGuid < first_open.UserGuid ORDER BY a.UserGuid DESC) AS earlier";
    let mut session = pool.session().await?;
    let row = session.row(sql, &[&no.0]).await?;
    session.give_back();
    row.map(|row| {
        Ok(GuidRange {
            after: row.try_get("EarlierGuid")?,
            until: Some(required(&row, "LastGuid")?),
        })
    })
    .transpose()
}

pub(super) async fn pool_users_before(
    pool: &Pool,
    id: OnboardingId,
    users: &[PoolUser],
) -> Result<HashMap<String, String>, Fault> {
    let sql = "SELECT asked.UserId AS Asked, held.UserId AS Holder \
        FROM OPENJSON(@P2) WITH (UserId NVARCHAR(4000) '$.u', IdentifierKey NVARCHAR(4000) '$.k') AS asked \
        CROSS APPLY ( \
            SELECT TOP (1) holders.UserId FROM ( \
                SELECT b.UserId, 1 AS Place FROM ciam.PoolUserBefore AS b \
                WHERE b.OnboardingId = @P1 AND b.UserId = asked.UserId COLLATE Latin1_General_100_BIN2 \
                UNION ALL \
                SELECT b.UserId, 2 AS Place FROM ciam.PoolUserBefore AS b \
                WHERE b.OnboardingId = @P1 AND asked.IdentifierKey <> N'' \
                    AND b.IdentifierKey = asked.IdentifierKey COLLATE Latin1_General_100_BIN2) AS holders \
            ORDER BY holders.Place) AS held";
    let rows = users
        .iter()
        .map(|user| json!({ "u": user.user_id, "k": identifier_key(&user.identifier) }));
    let mut session = pool.session().await?;
    let mut held = HashMap::new();
    for chunk in chunks(rows) {
        for row in session.rows(&chunk.sql(sql), &[&id.0, chunk.value()]).await? {
            held.insert(text(&row, "Asked")?, text(&row, "Holder")?);
        }
    }
    session.give_back();
    Ok(held)
}

/// Deletes rows of the leased run's `PoolUserBefore`; `true`: there may be more.
pub(super) async fn forget_pool_users(pool: &Pool, lease: &Lease) -> Result<bool, Fault> {
    let sql = "DELETE TOP (1000) FROM ciam.PoolUserBefore WHERE OnboardingId = @P1";
    let mut transaction = pool.begin().await?;
    let deleted = transaction.changed(sql, &[&lease.onboarding_id.0]).await?;
    update_leased(&mut transaction, lease, "UpdatedAt = @now", &[]).await?;
    transaction.commit().await?;
    Ok(deleted > 0)
}
