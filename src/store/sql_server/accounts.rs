//! Reads and writes accounts, and reads the users that a pool held before. Lists of GUIDs are passed as JSON and
//! looked up by seeks.

use std::collections::HashMap;

use serde_json::{Value, json};
use tiberius::{Row, ToSql};
use uuid::Uuid;

use super::columns::{account_row, required, text};
use super::error::Fault;
use super::json_rows::chunks;
use super::pool::Pool;
use super::runs::update_leased;
use super::session::Transaction;
use super::users::within;
use crate::domain::ids::OnboardingId;
use crate::store::row::status_sent;
use crate::store::transition::identifier_key;
use crate::store::{Account, AccountChanges, GuidRange, HashedValue, Lease, PoolNo, PoolUser, ValueHash};

const ACCOUNT: &str = "a.UserGuid, a.UserId, a.Origin, a.[Open], a.CreatedBy, a.NameHash, a.AddressHash, a.ProfileHash, \
    a.StatusSent";

pub(super) async fn change(transaction: &mut Transaction, changes: &AccountChanges) -> Result<(), Fault> {
    put(transaction, changes.pool, &changes.put).await?;
    let updates = [
        ("[Open] = 0", &changes.settled),
        ("[Open] = 1", &changes.opened),
        ("NameHash = NULL", &changes.nameless),
        ("AddressHash = NULL", &changes.addressless),
    ];
    for (set, accounts) in updates {
        let sql = format!(
            "UPDATE a SET {set} FROM OPENJSON(@P2) WITH (UserGuid UNIQUEIDENTIFIER '$.g') AS n \
             JOIN ciam.Account AS a WITH (FORCESEEK) ON a.PoolNo = @P1 AND a.UserGuid = n.UserGuid"
        );
        for chunk in chunks(guids(accounts)) {
            transaction
                .execute(&chunk.sql(&sql), &[&changes.pool.0, chunk.value()])
                .await?;
        }
    }
    let remove = "DELETE a FROM OPENJSON(@P2) WITH (UserGuid UNIQUEIDENTIFIER '$.g') AS n \
        JOIN ciam.Account AS a WITH (FORCESEEK) ON a.PoolNo = @P1 AND a.UserGuid = n.UserGuid";
    for chunk in chunks(guids(&changes.removed)) {
        transaction
            .execute(&chunk.sql(remove), &[&changes.pool.0, chunk.value()])
            .await?;
    }
    Ok(())
}

fn guids(guids: &[Uuid]) -> impl Iterator<Item = Value> {
    guids.iter().map(|guid| json!({ "g": guid }))
}

/// Updates the rows that exist and inserts the others. Only the worker with the run's lease writes the accounts of its pool.
async fn put(transaction: &mut Transaction, pool: PoolNo, accounts: &[Account]) -> Result<(), Fault> {
    const NEW: &str = "OPENJSON(@P2) WITH ( \
        UserGuid UNIQUEIDENTIFIER '$.g', UserId NVARCHAR(4000) '$.u', Origin NVARCHAR(4000) '$.o', [Open] BIT '$.p', \
        Mine BIT '$.m', CreatedBy UNIQUEIDENTIFIER '$.c', NameHash NVARCHAR(4000) '$.nh', AddressHash NVARCHAR(4000) '$.ah', \
        ProfileHash NVARCHAR(4000) '$.ph', StatusSent NVARCHAR(4000) '$.s') AS n";
    const CREATED_BY: &str = "CASE WHEN n.Mine = 1 THEN @P3 ELSE n.CreatedBy END";
    let sql = format!(
        "UPDATE a SET UserId = n.UserId, Origin = n.Origin, [Open] = n.[Open], CreatedBy = {CREATED_BY}, \
            NameHash = CONVERT(BINARY(16), n.NameHash, 2), AddressHash = CONVERT(BINARY(16), n.AddressHash, 2), \
            ProfileHash = CONVERT(BINARY(16), n.ProfileHash, 2), StatusSent = n.StatusSent \
         FROM {NEW} JOIN ciam.Account AS a WITH (FORCESEEK) ON a.PoolNo = @P1 AND a.UserGuid = n.UserGuid; \
         INSERT INTO ciam.Account (PoolNo, UserGuid, UserId, Origin, [Open], CreatedBy, NameHash, AddressHash, ProfileHash, \
            StatusSent) \
         SELECT @P1, n.UserGuid, n.UserId, n.Origin, n.[Open], {CREATED_BY}, CONVERT(BINARY(16), n.NameHash, 2), \
            CONVERT(BINARY(16), n.AddressHash, 2), CONVERT(BINARY(16), n.ProfileHash, 2), n.StatusSent \
         FROM {NEW} WHERE NOT EXISTS ( \
            SELECT 1 FROM ciam.Account AS a WITH (FORCESEEK) WHERE a.PoolNo = @P1 AND a.UserGuid = n.UserGuid)"
    );
    // Nearly all rows name one run, so it is sent once.
    let run = accounts.iter().find_map(|account| account.created_by);
    let mine = run.map(|run| run.0).unwrap_or_default();
    for chunk in chunks(rows(accounts, run)) {
        let values: [&dyn ToSql; 3] = [&pool.0, chunk.value(), &mine];
        transaction.execute(&chunk.sql(&sql), &values).await?;
    }
    Ok(())
}

fn rows(accounts: &[Account], run: Option<OnboardingId>) -> impl Iterator<Item = Value> {
    accounts.iter().map(move |account| {
        let is_mine = run.is_some() && account.created_by == run;
        json!({
            "g": account.user_guid,
            "u": account.user_id,
            "o": <&str>::from(account.origin),
            "p": u8::from(account.open),
            "m": is_mine.then_some(1),
            "c": account.created_by.filter(|_| !is_mine).map(|run| run.0),
            "nh": account.name_hash.map(hex::encode),
            "ah": account.address_hash.map(hex::encode),
            "ph": account.profile_hash.map(hex::encode),
            "s": status_sent(account),
        })
    })
}

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
    let column = match value {
        HashedValue::UserName => "NameHash",
        HashedValue::Address => "AddressHash",
    };
    let sql = format!(
        "SELECT {ACCOUNT} FROM OPENJSON(@P2) WITH (Hash NVARCHAR(4000) '$.h') AS asked \
         JOIN ciam.Account AS a WITH (FORCESEEK) \
            ON a.PoolNo = @P1 AND a.{column} = CONVERT(BINARY(16), asked.Hash, 2)"
    );
    let asked = hashes.iter().map(|hash| json!({ "h": hex::encode(hash) }));
    asked_for(pool, &sql, no, asked).await
}

/// The accounts that keep one of these ids.
pub(super) async fn by_user_id(pool: &Pool, ids: &[String], no: PoolNo) -> Result<Vec<Account>, Fault> {
    let sql = format!(
        "SELECT {ACCOUNT} FROM OPENJSON(@P2) WITH (UserId NVARCHAR(4000) '$.u') AS asked \
         JOIN ciam.Account AS a WITH (FORCESEEK) ON a.PoolNo = @P1 AND a.UserId IS NOT NULL \
            AND a.UserId = CONVERT(NVARCHAR(256), asked.UserId) COLLATE Latin1_General_100_BIN2"
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::Status;
    use crate::store::AccountOrigin;
    use crate::store::sql_server::json_rows::Chunk;

    fn bytes(chunks: &[Chunk]) -> usize {
        let lengths = chunks.iter().map(|chunk| match chunk {
            Chunk::Ascii(bytes) => bytes.len(),
            Chunk::Text(text) => 2 * text.len(),
        });
        lengths.sum()
    }

    /// An import writes each account once and settles it once.
    #[test]
    fn an_imported_account_takes_at_most_260_bytes_of_rows() {
        let run = OnboardingId(Uuid::from_u128(7));
        let account = |number: u128| Account {
            user_id: None,
            origin: AccountOrigin::Imported,
            open: true,
            created_by: Some(run),
            name_hash: Some(number.to_be_bytes()),
            address_hash: Some(number.to_be_bytes()),
            profile_hash: Some(number.to_be_bytes()),
            status_sent: Some(Status::Active),
            returning: false,
            ..Account::linked(Uuid::from_u128(number), String::new())
        };
        let accounts: Vec<_> = (0..100).map(account).collect();
        let settled: Vec<_> = accounts.iter().map(|account| account.user_guid).collect();
        let sent = bytes(&chunks(rows(&accounts, Some(run)))) + bytes(&chunks(guids(&settled)));
        assert!(sent <= 260 * accounts.len(), "{sent}");
    }
}
