//! Database rows as both adapters read them, and their conversion to types of the domain. A text that this version does not
//! know is [`StoreError::Newer`].

use std::time::Duration;

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use uuid::Uuid;

use super::account::{Account, PoolNo, PoolRecord, ValueHash};
use super::error::StoreError;
use crate::domain::biller::{BillerCiam, LeaversAllowed};
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::issue::Issue;
use crate::domain::journal::{Entry, Recorded};
use crate::domain::run::{Progress, Run};

/// A row of `Onboarding`.
#[derive(Debug)]
pub(super) struct RunRow {
    pub(super) id: Uuid,
    pub(super) biller_id: String,
    pub(super) biller_name: Option<String>,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) step: Option<String>,
    pub(super) source: String,
    pub(super) generation: i64,
    pub(super) user_cursor: Option<Uuid>,
    pub(super) users_total: i64,
    pub(super) imported: i64,
    pub(super) changed: i64,
    pub(super) deactivated: i64,
    pub(super) reactivated: i64,
    pub(super) linked: i64,
    pub(super) already_present: i64,
    pub(super) skipped: i64,
    pub(super) failed: i64,
    pub(super) pauses_used: i64,
    pub(super) take_overs: i64,
    pub(super) created_at: OffsetDateTime,
    pub(super) started_at: Option<OffsetDateTime>,
    pub(super) updated_at: OffsetDateTime,
    pub(super) finished_at: Option<OffsetDateTime>,
    pub(super) next_attempt_at: Option<OffsetDateTime>,
    pub(super) waiting_for: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) rolling_back_since: Option<OffsetDateTime>,
    pub(super) issues_total: i64,
    pub(super) tally: Option<String>,
    pub(super) listing: Option<String>,
    pub(super) first_cause: Option<String>,
    pub(super) last_error: Option<String>,
    pub(super) traceparent: Option<String>,
    pub(super) lease: LeaseColumns,
}

/// What a row of `Onboarding` says about its lease, compared with the database's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeaseColumns {
    /// Grows with every lease.
    pub(super) version: i64,
    /// A worker took the lease and has not released it.
    pub(super) owned: bool,
    /// The same, and the lease has not expired.
    pub(super) leased: bool,
    /// `NextAttemptAt` is reached, or there is none.
    pub(super) due: bool,
    /// The time until `LateUntil`, zero if it has passed; `None` if it was never set.
    pub(super) late: Option<Duration>,
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: OnboardingId(row.id),
            biller_id: biller_id(row.biller_id)?,
            biller_name: row.biller_name,
            kind: value("kind", &row.kind)?,
            state: value("state", &row.state)?,
            step: row.step.map(|step| value("step", &step)).transpose()?,
            source: row.source,
            generation: count("generation", row.generation)?,
            user_cursor: row.user_cursor,
            progress: Progress {
                users_total: count("number of users", row.users_total)?,
                imported: count("number of users", row.imported)?,
                changed: count("number of users", row.changed)?,
                deactivated: count("number of users", row.deactivated)?,
                reactivated: count("number of users", row.reactivated)?,
                linked: count("number of users", row.linked)?,
                already_present: count("number of users", row.already_present)?,
                skipped: count("number of users", row.skipped)?,
                failed: count("number of users", row.failed)?,
            },
            tally: json("tally", row.tally)?.unwrap_or_default(),
            listing: json("listing", row.listing)?,
            first_cause: json("first cause", row.first_cause)?,
            last_error: json("last error", row.last_error)?,
            pauses_used: count("number of pauses", row.pauses_used)?,
            take_overs: count("number of take-overs", row.take_overs)?,
            created_at: row.created_at,
            started_at: row.started_at,
            updated_at: row.updated_at,
            finished_at: row.finished_at,
            next_attempt_at: row.next_attempt_at,
            waiting_for: row.waiting_for,
            reason: row.reason,
            rolling_back_since: row.rolling_back_since,
            issues_total: count("number of issues", row.issues_total)?,
            traceparent: row.traceparent,
        })
    }
}

/// A row of `BillerCiam`.
#[derive(Debug)]
pub(super) struct BillerCiamRow {
    pub(super) biller_id: String,
    pub(super) state: String,
    pub(super) activation_date: Option<OffsetDateTime>,
    pub(super) organization_id: Option<String>,
    pub(super) identity_pool_id: Option<String>,
    pub(super) generation: i64,
    pub(super) leavers_allowed: Option<i64>,
    pub(super) leavers_allowed_by: Option<String>,
}

impl TryFrom<BillerCiamRow> for BillerCiam {
    type Error = StoreError;

    fn try_from(row: BillerCiamRow) -> Result<Self, StoreError> {
        let leavers_allowed = match row.leavers_allowed {
            Some(most) => Some(LeaversAllowed {
                most: count("number of leavers", most)?,
                by: row.leavers_allowed_by.unwrap_or_default(),
            }),
            None => None,
        };
        Ok(Self {
            leavers_allowed,
            biller_id: biller_id(row.biller_id)?,
            state: value("CIAM state", &row.state)?,
            activation_date: row.activation_date,
            organization_id: row.organization_id,
            identity_pool_id: row.identity_pool_id,
            generation: count("generation", row.generation)?,
        })
    }
}

/// A row of `Account`.
#[derive(Debug)]
pub(super) struct AccountRow {
    pub(super) user_guid: Uuid,
    pub(super) user_id: Option<String>,
    pub(super) origin: String,
    pub(super) open: bool,
    pub(super) created_by: Option<Uuid>,
    pub(super) name_hash: Option<ValueHash>,
    pub(super) address_hash: Option<ValueHash>,
    pub(super) profile_hash: Option<ValueHash>,
    pub(super) status_sent: Option<String>,
}

/// How the status of an account is stored whose user was to get access back.
const RETURNING: &str = "returning";

/// The status of an account as it is stored.
pub(super) fn status_sent(account: &Account) -> Option<&'static str> {
    let returning = account.returning.then_some(RETURNING);
    account.status_sent.map(<&str>::from).or(returning)
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let returning = row.status_sent.as_deref() == Some(RETURNING);
        Ok(Self {
            user_guid: row.user_guid,
            user_id: row.user_id,
            origin: value("account origin", &row.origin)?,
            open: row.open,
            created_by: row.created_by.map(OnboardingId),
            name_hash: row.name_hash,
            address_hash: row.address_hash,
            profile_hash: row.profile_hash,
            returning,
            status_sent: row
                .status_sent
                .filter(|_| !returning)
                .map(|status| value("user status", &status))
                .transpose()?,
        })
    }
}

/// A row of `Pool`.
#[derive(Debug)]
pub(super) struct PoolRow {
    pub(super) no: i64,
    pub(super) generation: i64,
    pub(super) origin: String,
    pub(super) case_insensitive: bool,
    pub(super) users_at_end: Option<i64>,
}

impl TryFrom<PoolRow> for PoolRecord {
    type Error = StoreError;

    fn try_from(row: PoolRow) -> Result<Self, StoreError> {
        Ok(Self {
            no: PoolNo(row.no),
            generation: count("generation", row.generation)?,
            origin: value("pool origin", &row.origin)?,
            case_insensitive: row.case_insensitive,
            users_at_end: row
                .users_at_end
                .map(|users| count("number of users", users))
                .transpose()?,
        })
    }
}

/// A row of `OnboardingIssue`.
pub(super) fn issue(
    user_guid: Option<Uuid>,
    field: &str,
    code: &str,
    held_by: Option<String>,
) -> Result<Issue, StoreError> {
    Ok(Issue {
        user_guid,
        field: value("issue field", field)?,
        code: value("issue code", code)?,
        held_by,
    })
}

/// A row of `OnboardingJournal`. The error does not repeat the entry's text, which may hold what an operator typed.
pub(super) fn recorded(seq: i64, at: OffsetDateTime, entry: &str, detail: &str) -> Result<Recorded, StoreError> {
    Ok(Recorded {
        seq: count("journal position", seq)?,
        at,
        entry: serde_json::from_str(detail).map_err(|_| StoreError::Newer {
            what: format!("journal entry {seq} ({entry})"),
        })?,
    })
}

/// The two columns of an entry: its name, and all of it as JSON.
pub(super) fn entry_columns(entry: &Entry) -> (String, String) {
    let detail = serde_json::json!(entry);
    let name = detail.get("entry").and_then(serde_json::Value::as_str);
    (name.unwrap_or_default().to_owned(), detail.to_string())
}

/// Converts a number of the database. A number that does not fit counts as written by a newer version.
pub(super) fn count<T: TryFrom<i64>>(what: &str, number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::Newer {
        what: format!("{what} {number}"),
    })
}

/// A column that holds JSON.
fn json<T: DeserializeOwned>(what: &str, text: Option<String>) -> Result<Option<T>, StoreError> {
    let parsed = text.map(|text| serde_json::from_str(&text)).transpose();
    parsed.map_err(|_| StoreError::Newer { what: what.to_owned() })
}

/// What a JSON column is to hold; `None`: it stays as it is.
pub(super) fn json_text<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.map(|value| serde_json::json!(value).to_string())
}

/// The value of a string enum.
fn value<T: FromStr>(what: &str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Newer {
        what: format!("{what} {text:?}"),
    })
}

fn biller_id(text: String) -> Result<BillerId, StoreError> {
    BillerId::try_new(text).map_err(|_| StoreError::Newer {
        what: "a biller id".to_owned(),
    })
}
