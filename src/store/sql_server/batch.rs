//! Writes a run's records: journal, accounts, issues, and the users a pool held before. Rows without free text are passed as
//! JSON, in chunks.

use serde_json::json;
use tiberius::ToSql;
use uuid::Uuid;

use super::columns::{or_empty, required, text, time};
use super::error::Fault;
use super::json_rows::{chunks, distinct, numbered_chunks};
use super::pool::Pool;
use super::runs::update_leased;
use super::session::Transaction;
use super::{account_changes, billers, identity_pools};
use crate::domain::ids::OnboardingId;
use crate::domain::journal::{Entry, Recorded};
use crate::store::row::{entry_columns, json_text, recorded};
use crate::store::transition::identifier_key;
use crate::store::{Batch, Cursor, Lease, PoolUser};

pub(super) async fn write(pool: &Pool, lease: &Lease, batch: &Batch) -> Result<(), Fault> {
    let id = lease.onboarding_id;
    let mut transaction = pool.begin().await?;
    append(&mut transaction, id, &batch.entries).await?;
    if let Some(pool) = &batch.pool {
        identity_pools::begin_pool(&mut transaction, id, pool).await?;
    }
    if let Some(changes) = &batch.accounts {
        account_changes::change(&mut transaction, changes).await?;
    }
    if let Some((pool, users)) = batch.users_at_end {
        identity_pools::set_users_at_end(&mut transaction, pool, users.map(clamp)).await?;
    }
    insert_pool_users(&mut transaction, id, &batch.pool_users_before).await?;
    let issues_total = insert_issues(&mut transaction, id, batch).await?;
    if batch.allowance_used {
        billers::use_up_allowance(&mut transaction, id).await?;
    }
    if let Some(generation) = batch.generation {
        let sql = "UPDATE b SET Generation = @P2, UpdatedAt = SYSUTCDATETIME() \
            FROM ciam.BillerCiam AS b JOIN ciam.Onboarding AS r ON r.BillerId = b.BillerId \
            WHERE r.OnboardingId = @P1";
        let values: [&dyn ToSql; 2] = [&id.0, &i64::from(generation)];
        transaction.execute(sql, &values).await?;
    }
    // The run's row comes last, and with it the fence: locked any longer, it would keep the run's own heart-beat waiting.
    update_run(&mut transaction, lease, batch, issues_total).await?;
    transaction.commit().await
}

async fn update_run(
    transaction: &mut Transaction,
    lease: &Lease,
    batch: &Batch,
    issues_total: Option<u64>,
) -> Result<(), Fault> {
    let set = "UpdatedAt = @now, Step = COALESCE(NULLIF(@P4, N''), Step), \
        IssuesTotal = CASE WHEN @P5 > IssuesTotal THEN @P5 ELSE IssuesTotal END, \
        Generation = COALESCE(@P6, Generation), PausesUsed = CASE WHEN @P7 = 1 THEN 0 ELSE PausesUsed END, \
        TakeOvers = CASE WHEN @P7 = 1 OR (@P22 <> N'' AND RollingBackSince IS NULL) THEN 0 ELSE TakeOvers END, \
        UsersTotal = COALESCE(@P8, UsersTotal), Imported = COALESCE(@P9, Imported), \
        Changed = COALESCE(@P10, Changed), Deactivated = COALESCE(@P11, Deactivated), Linked = COALESCE(@P12, Linked), \
        AlreadyPresent = COALESCE(@P13, AlreadyPresent), Skipped = COALESCE(@P14, Skipped), \
        Failed = COALESCE(@P15, Failed), \
        UserCursor = CASE @P16 WHEN 1 THEN NULL WHEN 2 THEN @P17 ELSE UserCursor END, \
        Reactivated = COALESCE(@P18, Reactivated), Tally = COALESCE(NULLIF(@P19, N''), Tally), \
        Listing = COALESCE(NULLIF(@P20, N''), Listing), LastError = COALESCE(NULLIF(@P21, N''), LastError), \
        FirstCause = CASE WHEN RollingBackSince IS NULL AND (@P7 = 1 OR (@P22 <> N'' AND @P21 <> N'')) \
            THEN NULLIF(@P21, N'') ELSE COALESCE(FirstCause, NULLIF(@P21, N'')) END, \
        State = CASE WHEN @P22 = N'' THEN State ELSE N'rolling_back' END, Reason = COALESCE(NULLIF(@P22, N''), Reason), \
        RollingBackSince = CASE WHEN @P22 = N'' THEN RollingBackSince ELSE COALESCE(RollingBackSince, @now) END";
    let (tally, listing) = (json_text(batch.tally.as_ref()), json_text(batch.listing.as_ref()));
    let error = json_text(batch.error.as_ref());
    let progress = batch.progress;
    let (moved, cursor) = match batch.cursor {
        None => (0, Uuid::nil()),
        Some(Cursor::Start) => (1, Uuid::nil()),
        Some(Cursor::At(guid)) => (2, guid),
    };
    let values: [&dyn ToSql; 19] = [
        &or_empty(batch.step.map(<&str>::from)),
        &issues_total.map(clamp),
        &batch.generation.map(i64::from),
        &batch.is_progress,
        &progress.map(|progress| clamp(progress.users_total)),
        &progress.map(|progress| clamp(progress.imported)),
        &progress.map(|progress| clamp(progress.changed)),
        &progress.map(|progress| clamp(progress.deactivated)),
        &progress.map(|progress| clamp(progress.linked)),
        &progress.map(|progress| clamp(progress.already_present)),
        &progress.map(|progress| clamp(progress.skipped)),
        &progress.map(|progress| clamp(progress.failed)),
        &moved,
        &cursor,
        &progress.map(|progress| clamp(progress.reactivated)),
        &or_empty(tally.as_deref()),
        &or_empty(listing.as_deref()),
        &or_empty(error.as_deref()),
        &or_empty(batch.rolls_back.map(<&str>::from)),
    ];
    update_leased(transaction, lease, set, &values).await
}

/// Appends to the run's journal. A worker that lost its lease may append at the same time: its fence then fails, or one of
/// the two finds the number taken and tries again. Entries are passed as parameters and not as JSON, because not every
/// engine's `OPENJSON` decodes escaped characters (docs/reference/sql-server.md#json-rows).
pub(super) async fn append(transaction: &mut Transaction, id: OnboardingId, entries: &[Entry]) -> Result<(), Fault> {
    // One text, whatever the number of entries: the server keeps a plan for each text.
    let sql = "INSERT INTO ciam.OnboardingJournal (OnboardingId, Seq, WrittenAt, Entry, Detail) \
        SELECT @P1, COALESCE(MAX(j.Seq), 0) + 1, SYSUTCDATETIME(), @P2, @P3 \
        FROM ciam.OnboardingJournal AS j WHERE j.OnboardingId = @P1";
    for (name, detail) in entries.iter().map(entry_columns) {
        transaction.execute(sql, &[&id.0, &name, &detail]).await?;
    }
    Ok(())
}

pub(super) async fn journal(pool: &Pool, id: OnboardingId) -> Result<Vec<Recorded>, Fault> {
    let sql = "SELECT j.Seq, j.WrittenAt, j.Entry, j.Detail FROM ciam.OnboardingJournal AS j \
        WHERE j.OnboardingId = @P1 ORDER BY j.Seq";
    let mut session = pool.session().await?;
    let rows = session.rows(sql, &[&id.0]).await?;
    session.give_back();
    rows.iter()
        .map(|row| {
            let (entry, detail) = (text(row, "Entry")?, text(row, "Detail")?);
            let at = time(row, "WrittenAt")?;
            Ok(recorded(required(row, "Seq")?, at, &entry, &detail)?)
        })
        .collect()
}

async fn insert_pool_users(transaction: &mut Transaction, id: OnboardingId, users: &[PoolUser]) -> Result<(), Fault> {
    let sql = "INSERT INTO ciam.PoolUserBefore (OnboardingId, UserId, IdentifierKey) \
        SELECT DISTINCT @P1, n.UserId COLLATE Latin1_General_100_BIN2, n.IdentifierKey \
        FROM OPENJSON(@P2) WITH (UserId NVARCHAR(4000) '$.u', IdentifierKey NVARCHAR(4000) '$.k') AS n \
        WHERE NOT EXISTS ( \
            SELECT 1 FROM ciam.PoolUserBefore AS b WITH (FORCESEEK) \
            WHERE b.OnboardingId = @P1 AND b.UserId = n.UserId COLLATE Latin1_General_100_BIN2 \
                AND b.IdentifierKey = n.IdentifierKey COLLATE Latin1_General_100_BIN2) OPTION (LOOP JOIN)";
    let rows = users
        .iter()
        .map(|user| json!({ "u": user.user_id, "k": identifier_key(&user.identifier) }));
    for chunk in chunks(rows) {
        transaction.execute(&chunk.sql(sql), &[&id.0, chunk.value()]).await?;
    }
    Ok(())
}

/// The run's number of issues, if the batch has any.
async fn insert_issues(transaction: &mut Transaction, id: OnboardingId, batch: &Batch) -> Result<Option<u64>, Fault> {
    // `LOOP JOIN` makes the server look up each row by itself, whatever its statistics say.
    let known = |user: &str| {
        format!(
            "SELECT COUNT(*) FROM ciam.OnboardingIssue AS i \
             WHERE i.OnboardingId = @P1 AND {user} AND i.Field = n.Field COLLATE DATABASE_DEFAULT \
                AND i.Code = n.Code COLLATE DATABASE_DEFAULT"
        )
    };
    let sql = format!(
        "DECLARE @room BIGINT = @P3 - ( \
            SELECT COUNT_BIG(*) FROM ciam.OnboardingIssue AS i WHERE i.OnboardingId = @P1); \
         IF @room < 0 SET @room = 0; \
         INSERT INTO ciam.OnboardingIssue (OnboardingId, UserGuid, Field, Code, HeldBy) \
         SELECT TOP (@room) @P1, n.UserGuid, n.Field, n.Code, n.HeldBy \
         FROM OPENJSON(@P2) WITH ( \
            Position BIGINT '$.n', UserGuid UNIQUEIDENTIFIER '$.g', Field NVARCHAR(4000) '$.f', \
            Code NVARCHAR(4000) '$.c', HeldBy NVARCHAR(4000) '$.h') AS n \
         WHERE 0 = CASE WHEN n.UserGuid IS NULL THEN ({of_nobody}) ELSE ({of_user}) END \
         ORDER BY n.Position OPTION (LOOP JOIN); \
         SELECT @P3 - @room + @@ROWCOUNT AS [Kept]",
        of_nobody = known("i.UserGuid IS NULL"),
        of_user = known("i.UserGuid = n.UserGuid"),
    );
    let rows = distinct(&batch.issues).map(|issue| {
        json!({
            "g": issue.user_guid,
            "f": <&str>::from(issue.field),
            "c": <&str>::from(issue.code),
            "h": issue.held_by,
        })
    });
    let mut kept = None;
    for chunk in numbered_chunks(rows) {
        let values: [&dyn ToSql; 3] = [&id.0, chunk.value(), &clamp(Batch::ISSUES_KEPT)];
        if let Some(row) = transaction.row(&chunk.sql(&sql), &values).await? {
            kept = Some(required::<i64>(&row, "Kept")?.unsigned_abs());
        }
    }
    Ok(kept.map(|kept| batch.issues_found(kept)))
}

/// SQL Server's integers are signed. No count comes near the limit.
fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
