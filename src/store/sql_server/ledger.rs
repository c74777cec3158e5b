//! Writes the ledger.

use std::collections::HashSet;

use serde_json::json;
use tiberius::ToSql;
use uuid::Uuid;

use super::error::Fault;
use super::json_rows::{chunks, last_of_each_user};
use super::session::{PAIRS, Transaction};
use crate::domain::ids::OnboardingId;
use crate::store::LedgerRow;

/// Updates the rows that exist and inserts the others. This transaction has locked the run's row, so nobody else inserts.
pub(super) async fn upsert(transaction: &mut Transaction, id: OnboardingId, rows: &[LedgerRow]) -> Result<(), Fault> {
    const NEW: &str = "OPENJSON(@P2) WITH ( \
        UserGuid UNIQUEIDENTIFIER '$.g', UserId UNIQUEIDENTIFIER '$.u', ContentHash NVARCHAR(4000) '$.h', \
        State NVARCHAR(4000) '$.s') AS n";
    let sql = format!(
        "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
         UPDATE l SET UserId = n.UserId, ContentHash = n.ContentHash, State = n.State, UpdatedAt = @now \
         FROM ciam.OnboardedUser AS l JOIN {NEW} ON n.UserGuid = l.UserGuid \
         WHERE l.OnboardingId = @P1; \
         INSERT INTO ciam.OnboardedUser (OnboardingId, UserGuid, UserId, ContentHash, State, UpdatedAt) \
         SELECT @P1, n.UserGuid, n.UserId, n.ContentHash, n.State, @now FROM {NEW} \
         WHERE NOT EXISTS ( \
            SELECT 1 FROM ciam.OnboardedUser AS l WHERE l.OnboardingId = @P1 AND l.UserGuid = n.UserGuid)"
    );
    let last = last_of_each_user(rows).into_iter().map(|row| {
        json!({
            "g": row.user_guid,
            "u": row.user_id,
            "h": row.content_hash,
            "s": <&str>::from(row.state),
        })
    });
    for chunk in chunks(last) {
        transaction.execute(&sql, &[&id.0, &chunk]).await?;
    }
    keep_old_values(transaction, id, rows).await
}

/// Earlier values are written once and never overwritten. They are passed as parameters and not as JSON, because not every
/// engine's `OPENJSON` decodes escaped characters.
async fn keep_old_values(transaction: &mut Transaction, id: OnboardingId, rows: &[LedgerRow]) -> Result<(), Fault> {
    for chunk in first_old_values(rows).chunks(PAIRS) {
        let pairs = (1..=chunk.len()).map(|row| format!("(@P{}, @P{})", 2 * row, 2 * row + 1));
        let sql = format!(
            "UPDATE l SET PriorValues = n.PriorValues \
             FROM ciam.OnboardedUser AS l JOIN (VALUES {}) AS n (UserGuid, PriorValues) ON n.UserGuid = l.UserGuid \
             WHERE l.OnboardingId = @P1 AND l.PriorValues IS NULL",
            pairs.collect::<Vec<_>>().join(", ")
        );
        let mut values: Vec<&dyn ToSql> = vec![&id.0];
        for (guid, before) in chunk {
            values.extend([guid as &dyn ToSql, before]);
        }
        transaction.execute(&sql, &values).await?;
    }
    Ok(())
}

/// The first earlier values of each user.
fn first_old_values(rows: &[LedgerRow]) -> Vec<(Uuid, &str)> {
    let mut seen = HashSet::new();
    rows.iter()
        .filter_map(|row| Some((row.user_guid, row.before.as_deref()?)))
        .filter(|(user, _)| seen.insert(*user))
        .collect()
}
