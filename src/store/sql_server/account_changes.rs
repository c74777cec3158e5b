//! Changes accounts. Lists of accounts are passed as JSON and looked up by seeks.

use serde_json::{Value, json};
use tiberius::ToSql;
use uuid::Uuid;

use super::error::Fault;
use super::json_rows::{ROW_BY_ROW, chunks};
use super::session::Transaction;
use crate::domain::ids::OnboardingId;
use crate::store::row::status_sent;
use crate::store::{Account, AccountChanges, AccountOrigin, PoolNo};

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
             JOIN ciam.Account AS a WITH (FORCESEEK) ON a.PoolNo = @P1 AND a.UserGuid = n.UserGuid {ROW_BY_ROW}"
        );
        for chunk in chunks(guids(accounts)) {
            transaction
                .execute(&chunk.sql(&sql), &[&changes.pool.0, chunk.value()])
                .await?;
        }
    }
    let remove = format!(
        "DELETE a FROM OPENJSON(@P2) WITH (UserGuid UNIQUEIDENTIFIER '$.g') AS n \
         JOIN ciam.Account AS a WITH (FORCESEEK) ON a.PoolNo = @P1 AND a.UserGuid = n.UserGuid {ROW_BY_ROW}"
    );
    for chunk in chunks(guids(&changes.removed)) {
        transaction
            .execute(&chunk.sql(&remove), &[&changes.pool.0, chunk.value()])
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
    const ORIGIN: &str = "COALESCE(n.Origin, N'imported')";
    const OPEN: &str = "COALESCE(n.[Open], 1)";
    const CREATED_BY: &str = "CASE WHEN n.Mine = 1 THEN @P3 ELSE n.CreatedBy END";
    let sql = format!(
        "UPDATE a SET UserId = n.UserId, Origin = {ORIGIN}, [Open] = {OPEN}, CreatedBy = {CREATED_BY}, \
            NameHash = CONVERT(BINARY(16), n.NameHash, 2), AddressHash = CONVERT(BINARY(16), n.AddressHash, 2), \
            ProfileHash = CONVERT(BINARY(16), n.ProfileHash, 2), StatusSent = n.StatusSent \
         FROM {NEW} JOIN ciam.Account AS a WITH (FORCESEEK) ON a.PoolNo = @P1 AND a.UserGuid = n.UserGuid {ROW_BY_ROW}; \
         INSERT INTO ciam.Account (PoolNo, UserGuid, UserId, Origin, [Open], CreatedBy, NameHash, AddressHash, ProfileHash, \
            StatusSent) \
         SELECT @P1, n.UserGuid, n.UserId, {ORIGIN}, {OPEN}, {CREATED_BY}, CONVERT(BINARY(16), n.NameHash, 2), \
            CONVERT(BINARY(16), n.AddressHash, 2), CONVERT(BINARY(16), n.ProfileHash, 2), n.StatusSent \
         FROM {NEW} WHERE NOT EXISTS ( \
            SELECT 1 FROM ciam.Account AS a WITH (FORCESEEK) WHERE a.PoolNo = @P1 AND a.UserGuid = n.UserGuid) {ROW_BY_ROW}"
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

/// Nearly all rows are of imported accounts, and open. So that is left out.
fn rows(accounts: &[Account], run: Option<OnboardingId>) -> impl Iterator<Item = Value> {
    accounts.iter().map(move |account| {
        let is_mine = run.is_some() && account.created_by == run;
        json!({
            "g": account.user_guid,
            "u": account.user_id,
            "o": (account.origin != AccountOrigin::Imported).then(|| <&str>::from(account.origin)),
            "p": (!account.open).then_some(0),
            "m": is_mine.then_some(1),
            "c": account.created_by.filter(|_| !is_mine).map(|run| run.0),
            "nh": account.name_hash.map(hex::encode),
            "ah": account.address_hash.map(hex::encode),
            "ph": account.profile_hash.map(hex::encode),
            "s": status_sent(account),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::Status;
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
    fn an_imported_account_takes_at_most_230_bytes_of_rows() {
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
        assert!(sent <= 230 * accounts.len(), "{sent}");
    }
}
