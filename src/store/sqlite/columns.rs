//! Converts values for SQLite (times are microseconds, GUIDs are text) and its rows into the rows of `store::row`.

use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, RowIndex};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::row::{AccountRow, BillerCiamRow, LeaseColumns, RunRow};

/// A point in time: microseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Micros(i64);

impl Micros {
    /// The time after `duration`; the latest possible time if the sum is too large.
    pub(super) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// The time before `duration`.
    pub(super) fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// The time since `earlier`; zero if that is later.
    fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }
}

/// A duration in microseconds.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl From<OffsetDateTime> for Micros {
    fn from(at: OffsetDateTime) -> Self {
        Self(i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX))
    }
}

impl ToSql for Micros {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Micros {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

impl FromSql for Guid {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}

/// A text of the CRM's views. Bytes that are no UTF-8 become U+FFFD, so that they are an error of this value alone
/// ([`crate::domain::text::usable`]).
struct CrmText(String);

impl FromSql for CrmText {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Self(String::from_utf8_lossy(bytes).into_owned())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

pub(super) fn crm_text(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<String>> {
    Ok(row.get::<_, Option<CrmText>>(index)?.map(|text| text.0))
}

/// A GUID, stored as text in lower case with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Guid(pub(super) Uuid);

impl ToSql for Guid {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let mut buffer = Uuid::encode_buffer();
        Ok(self.0.hyphenated().encode_lower(&mut buffer).to_owned().into())
    }
}

/// The columns of `onboarding` that [`run_row`] reads.
pub(super) const RUN: &str = "onboarding_id, biller_id, biller_name, kind, state, step, source, generation, \
    user_cursor, users_total, imported, changed, deactivated, reactivated, linked, already_present, skipped, failed, pauses_used, take_overs, created_at, started_at, updated_at, \
    finished_at, next_attempt_at, waiting_for, reason, rolling_back_since, issues_total, tally, listing, \
    first_cause, last_error, traceparent, version, \
    lease_owner, lease_until, late_until";

pub(super) fn run_row(row: &Row<'_>, now: Micros) -> rusqlite::Result<RunRow> {
    let until: Option<Micros> = row.get("lease_until")?;
    let next_attempt: Option<Micros> = row.get("next_attempt_at")?;
    let late_until: Option<Micros> = row.get("late_until")?;
    let owned = row.get::<_, Option<Guid>>("lease_owner")?.is_some();
    Ok(RunRow {
        id: row.get::<_, Guid>("onboarding_id")?.0,
        biller_id: row.get("biller_id")?,
        biller_name: row.get("biller_name")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        step: row.get("step")?,
        source: row.get("source")?,
        generation: row.get("generation")?,
        user_cursor: row.get::<_, Option<Guid>>("user_cursor")?.map(|guid| guid.0),
        users_total: row.get("users_total")?,
        imported: row.get("imported")?,
        changed: row.get("changed")?,
        deactivated: row.get("deactivated")?,
        reactivated: row.get("reactivated")?,
        linked: row.get("linked")?,
        already_present: row.get("already_present")?,
        skipped: row.get("skipped")?,
        failed: row.get("failed")?,
        pauses_used: row.get("pauses_used")?,
        take_overs: row.get("take_overs")?,
        created_at: time(row, "created_at")?,
        started_at: optional_time(row, "started_at")?,
        updated_at: time(row, "updated_at")?,
        finished_at: optional_time(row, "finished_at")?,
        next_attempt_at: optional_time(row, "next_attempt_at")?,
        waiting_for: row.get("waiting_for")?,
        reason: row.get("reason")?,
        rolling_back_since: optional_time(row, "rolling_back_since")?,
        issues_total: row.get("issues_total")?,
        tally: row.get("tally")?,
        listing: row.get("listing")?,
        first_cause: row.get("first_cause")?,
        last_error: row.get("last_error")?,
        traceparent: row.get("traceparent")?,
        lease: LeaseColumns {
            version: row.get("version")?,
            owned,
            leased: owned && until.is_some_and(|until| until > now),
            due: next_attempt.is_none_or(|at| at <= now),
            late: late_until.map(|until| until.since(now)),
        },
    })
}

pub(super) fn biller_row(row: &Row<'_>) -> rusqlite::Result<BillerCiamRow> {
    Ok(BillerCiamRow {
        biller_id: row.get("biller_id")?,
        state: row.get("state")?,
        activation_date: optional_time(row, "activation_date")?,
        organization_id: row.get("organization_id")?,
        identity_pool_id: row.get("identity_pool_id")?,
        generation: row.get("generation")?,
        leavers_allowed: row.get("leavers_allowed")?,
        leavers_allowed_by: row.get("leavers_allowed_by")?,
    })
}

pub(super) fn account_row(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        user_guid: row.get::<_, Guid>("user_guid")?.0,
        user_id: row.get("user_id")?,
        origin: row.get("origin")?,
        open: row.get("open")?,
        created_by: row.get::<_, Option<Guid>>("created_by")?.map(|guid| guid.0),
        name_hash: row.get("name_hash")?,
        address_hash: row.get("address_hash")?,
        profile_hash: row.get("profile_hash")?,
        status_sent: row.get("status_sent")?,
    })
}

pub(super) fn time(row: &Row<'_>, index: impl RowIndex) -> rusqlite::Result<OffsetDateTime> {
    row.get::<_, Micros>(index).and_then(point_in_time)
}

fn optional_time(row: &Row<'_>, index: &str) -> rusqlite::Result<Option<OffsetDateTime>> {
    row.get::<_, Option<Micros>>(index)?.map(point_in_time).transpose()
}

fn point_in_time(at: Micros) -> rusqlite::Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1000)
        .map_err(|_| FromSqlError::OutOfRange(at.0).into())
}
