//! Converts the server's rows into the rows of `store::row`.

use std::time::Duration;

use tiberius::error::Error;
use tiberius::{FromSql, Row};
use time::{OffsetDateTime, PrimitiveDateTime};

use super::error::Fault;
use crate::store::ValueHash;
use crate::store::row::{AccountRow, BillerCiamRow, LeaseColumns, RunRow};

/// The columns of `ciam.Onboarding AS r` that [`run_row`] reads.
pub(super) const RUN: &str = "r.OnboardingId, r.BillerId, r.BillerName, r.Kind, r.State, r.Step, r.Source, r.Generation, \
    r.UserCursor, r.UsersTotal, r.Imported, r.Changed, r.Deactivated, r.Reactivated, r.Linked, r.AlreadyPresent, r.Skipped, r.Failed, r.PausesUsed, r.TakeOvers, r.CreatedAt, r.StartedAt, \
    r.UpdatedAt, r.FinishedAt, r.NextAttemptAt, r.WaitingFor, r.Reason, r.RollingBackSince, r.IssuesTotal, r.Tally, r.Listing, \
    r.FirstCause, r.LastError, \
    r.Traceparent, r.Version, \
    CAST(CASE WHEN r.LeaseOwner IS NULL THEN 0 ELSE 1 END AS BIT) AS Owned, \
    CAST(CASE WHEN r.LeaseOwner IS NOT NULL AND r.LeaseUntil > SYSUTCDATETIME() THEN 1 ELSE 0 END AS BIT) AS Leased, \
    CAST(CASE WHEN r.NextAttemptAt > SYSUTCDATETIME() THEN 0 ELSE 1 END AS BIT) AS Due, \
    CASE WHEN r.LateUntil > SYSUTCDATETIME() THEN DATEDIFF_BIG(MILLISECOND, SYSUTCDATETIME(), r.LateUntil) + 1 \
        WHEN r.LateUntil IS NOT NULL THEN CAST(0 AS BIGINT) END AS LateFor";

pub(super) fn run_row(row: &Row) -> Result<RunRow, Fault> {
    Ok(RunRow {
        id: required(row, "OnboardingId")?,
        biller_id: text(row, "BillerId")?,
        biller_name: optional_text(row, "BillerName")?,
        kind: text(row, "Kind")?,
        state: text(row, "State")?,
        step: optional_text(row, "Step")?,
        source: text(row, "Source")?,
        generation: required(row, "Generation")?,
        user_cursor: row.try_get("UserCursor")?,
        users_total: required(row, "UsersTotal")?,
        imported: required(row, "Imported")?,
        changed: required(row, "Changed")?,
        deactivated: required(row, "Deactivated")?,
        reactivated: required(row, "Reactivated")?,
        linked: required(row, "Linked")?,
        already_present: required(row, "AlreadyPresent")?,
        skipped: required(row, "Skipped")?,
        failed: required(row, "Failed")?,
        pauses_used: required(row, "PausesUsed")?,
        take_overs: required(row, "TakeOvers")?,
        created_at: time(row, "CreatedAt")?,
        started_at: optional_time(row, "StartedAt")?,
        updated_at: time(row, "UpdatedAt")?,
        finished_at: optional_time(row, "FinishedAt")?,
        next_attempt_at: optional_time(row, "NextAttemptAt")?,
        waiting_for: optional_text(row, "WaitingFor")?,
        reason: optional_text(row, "Reason")?,
        rolling_back_since: optional_time(row, "RollingBackSince")?,
        issues_total: required(row, "IssuesTotal")?,
        tally: optional_text(row, "Tally")?,
        listing: optional_text(row, "Listing")?,
        first_cause: optional_text(row, "FirstCause")?,
        last_error: optional_text(row, "LastError")?,
        traceparent: optional_text(row, "Traceparent")?,
        lease: LeaseColumns {
            version: required(row, "Version")?,
            owned: required(row, "Owned")?,
            leased: required(row, "Leased")?,
            due: required(row, "Due")?,
            late: row
                .try_get::<i64, _>("LateFor")?
                .map(|millis| Duration::from_millis(millis.unsigned_abs())),
        },
    })
}

pub(super) fn biller_row(row: &Row) -> Result<BillerCiamRow, Fault> {
    Ok(BillerCiamRow {
        biller_id: text(row, "BillerId")?,
        state: text(row, "State")?,
        activation_date: optional_time(row, "ActivationDate")?,
        organization_id: optional_text(row, "OrganizationId")?,
        identity_pool_id: optional_text(row, "IdentityPoolId")?,
        generation: required(row, "Generation")?,
        leavers_allowed: row.try_get("LeaversAllowed")?,
        leavers_allowed_by: optional_text(row, "LeaversAllowedBy")?,
    })
}

pub(super) fn account_row(row: &Row) -> Result<AccountRow, Fault> {
    Ok(AccountRow {
        user_guid: required(row, "UserGuid")?,
        user_id: optional_text(row, "UserId")?,
        origin: text(row, "Origin")?,
        open: required(row, "Open")?,
        created_by: row.try_get("CreatedBy")?,
        name_hash: hash(row, "NameHash")?,
        address_hash: hash(row, "AddressHash")?,
        profile_hash: hash(row, "ProfileHash")?,
        status_sent: optional_text(row, "StatusSent")?,
    })
}

fn hash(row: &Row, column: &str) -> Result<Option<ValueHash>, Fault> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes
        .map(|bytes| ValueHash::try_from(bytes).map_err(|_| Error::Conversion("not 16 bytes".into()).into()))
        .transpose()
}

/// A text parameter that may be absent: it is sent as an empty text, and the statement says `NULLIF(@Pn, N'')`. The driver
/// would send NULL without a type, which not every engine accepts (docs/reference/sql-server.md#reading-rows).
pub(super) fn or_empty(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

/// A column that is never NULL.
pub(super) fn required<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, Fault> {
    row.try_get(column)?
        .ok_or_else(|| Error::Conversion("NULL".into()).into())
}

pub(super) fn text(row: &Row, column: &str) -> Result<String, Fault> {
    required(row, column).map(str::to_owned)
}

pub(super) fn optional_text(row: &Row, column: &str) -> Result<Option<String>, Fault> {
    Ok(row.try_get::<&str, _>(column)?.map(str::to_owned))
}

pub(super) fn time(row: &Row, column: &str) -> Result<OffsetDateTime, Fault> {
    required(row, column).map(PrimitiveDateTime::assume_utc)
}

fn optional_time(row: &Row, column: &str) -> Result<Option<OffsetDateTime>, Fault> {
    let time: Option<PrimitiveDateTime> = row.try_get(column)?;
    Ok(time.map(PrimitiveDateTime::assume_utc))
}
