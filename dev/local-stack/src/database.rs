//! Reads the handler's own tables (`infra/sql/sqlite/0001_onboarding.sql`).

mod people;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, RowIndex};
use serde_json::Value;
use time::OffsetDateTime;

pub use people::{AccountRecord, IssueRecord};

/// How long a read waits for a lock. In WAL mode readers hardly ever wait.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);

/// The handler's tables, read only. The methods block for milliseconds.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    /// Part of every derived id.
    tenant_id: String,
    connection: Mutex<Connection>,
}

/// The newest row of the pool that the biller has, or that a run found and left behind; `?1`: the biller.
const PRESENT_POOL: &str = "(SELECT max(pool_no) FROM pool JOIN biller_ciam USING (biller_id)
    WHERE biller_id = ?1 AND pool_id = ifnull(identity_pool_id, iif(origin = 'found', pool_id, NULL)))";

/// A biller's CIAM state (a row of `biller_ciam`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillerRecord {
    /// `not_enabled|active|inactive`.
    pub state: String,
    /// When the biller last became active.
    pub activation_date: Option<OffsetDateTime>,
    /// Id of the biller's organization.
    pub organization_id: Option<String>,
    /// Id of the biller's pool.
    pub identity_pool_id: Option<String>,
    /// Part of every derived id.
    pub generation: u32,
}

/// A run (a row of `onboarding`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run's id, a GUID.
    pub onboarding_id: String,
    /// Id of the run's biller.
    pub biller_id: String,
    /// `enable|sync|disable`.
    pub kind: String,
    /// `queued|running|waiting|rolling_back|succeeded|failed|stuck|cancelled`.
    pub state: String,
    /// The step that the run is at, such as `sync_users`.
    pub step: Option<String>,
    /// `crm-toggle|biller-wizard`.
    pub source: String,
    /// Number of users of the biller.
    pub users_total: u64,
    /// Number of users put into the pool.
    pub imported: u64,
    /// Number of accounts changed.
    pub changed: u64,
    /// Number of users that a found pool had before.
    pub linked: u64,
    /// Users set inactive.
    pub deactivated: u64,
    /// Users who got access back.
    pub reactivated: u64,
    /// Number of users whose accounts were up to date.
    pub already_present: u64,
    /// Number of users left out.
    pub skipped: u64,
    /// Number of users with a data error.
    pub failed: u64,
    /// Number of data errors.
    pub issues_total: u64,
    /// What the run waits for.
    pub waiting_for: Option<String>,
    /// Nobody works on the run before this time.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// Why the run failed, is rolling back or is stuck.
    pub reason: Option<String>,
    /// Its latest failure, as JSON.
    pub last_error: Option<String>,
    /// When the run ended.
    pub finished_at: Option<OffsetDateTime>,
    /// Grows with every lease.
    pub version: u64,
    /// How often the timer has sent the run's message since the run was last worked on.
    pub resends: u64,
}

/// One entry of a run's journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Position in the journal, from 1.
    pub seq: u64,
    /// When the entry was written.
    pub written_at: OffsetDateTime,
    /// The entry's name, such as `pool_created`.
    pub entry: String,
    /// The whole entry as JSON.
    pub detail: Value,
}

impl RunRecord {
    /// True if nothing more happens by itself: `succeeded`, `failed`, `cancelled` or `stuck`.
    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "succeeded" | "failed" | "cancelled" | "stuck")
    }
}

impl Database {
    pub(crate) fn open(path: &Path, tenant_id: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self {
            path: path.to_owned(),
            tenant_id: tenant_id.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// Path of the database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A biller's record; `None` before its first run.
    pub fn biller(&self, biller_id: &str) -> rusqlite::Result<Option<BillerRecord>> {
        let sql = "SELECT state, activation_date, organization_id, identity_pool_id, generation
                   FROM biller_ciam WHERE biller_id = ?1";
        self.connection()
            .query_row(sql, [biller_id], |row| {
                Ok(BillerRecord {
                    state: row.get("state")?,
                    activation_date: timestamp(row.get("activation_date")?),
                    organization_id: row.get("organization_id")?,
                    identity_pool_id: row.get("identity_pool_id")?,
                    generation: row.get("generation")?,
                })
            })
            .optional()
    }

    /// Every biller's record, by biller id.
    pub fn billers(&self) -> rusqlite::Result<BTreeMap<String, BillerRecord>> {
        let mut ids = Vec::new();
        {
            let connection = self.connection();
            let mut select = connection.prepare_cached("SELECT biller_id FROM biller_ciam")?;
            for id in select.query_map([], |row| row.get::<_, String>(0))? {
                ids.push(id?);
            }
        }
        let mut billers = BTreeMap::new();
        for id in ids {
            if let Some(record) = self.biller(&id)? {
                billers.insert(id, record);
            }
        }
        Ok(billers)
    }

    /// Every run, oldest first.
    pub fn runs(&self) -> rusqlite::Result<Vec<RunRecord>> {
        let connection = self.connection();
        let mut select = connection.prepare_cached("SELECT * FROM onboarding ORDER BY run_no")?;
        select.query_map([], run)?.collect()
    }

    /// A biller's runs, oldest first.
    pub fn runs_of(&self, biller_id: &str) -> rusqlite::Result<Vec<RunRecord>> {
        let connection = self.connection();
        let sql = "SELECT * FROM onboarding WHERE biller_id = ?1 ORDER BY run_no";
        let mut select = connection.prepare_cached(sql)?;
        select.query_map([biller_id], run)?.collect()
    }

    /// A biller's latest run.
    pub fn latest_run(&self, biller_id: &str) -> rusqlite::Result<Option<RunRecord>> {
        Ok(self.runs_of(biller_id)?.pop())
    }

    /// A run's journal, oldest entry first.
    pub fn journal(&self, onboarding_id: &str) -> rusqlite::Result<Vec<JournalEntry>> {
        let connection = self.connection();
        let sql = "SELECT seq, written_at, entry, detail FROM onboarding_journal WHERE onboarding_id = ?1 ORDER BY seq";
        let mut select = connection.prepare_cached(sql)?;
        let entries = select.query_map([onboarding_id], |row| {
            let detail: String = row.get("detail")?;
            Ok(JournalEntry {
                seq: count(row, "seq")?,
                written_at: timestamp(row.get("written_at")?).unwrap_or(OffsetDateTime::UNIX_EPOCH),
                entry: row.get("entry")?,
                detail: serde_json::from_str(&detail).unwrap_or_default(),
            })
        })?;
        entries.collect()
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Converts a time of the database: microseconds since 1970 (UTC).
pub(crate) fn timestamp(micros: Option<i64>) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros?) * 1_000).ok()
}

/// Reads a number. The schema's checks keep it from being negative.
fn count(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

fn run(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        onboarding_id: row.get("onboarding_id")?,
        biller_id: row.get("biller_id")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        step: row.get("step")?,
        source: row.get("source")?,
        users_total: count(row, "users_total")?,
        imported: count(row, "imported")?,
        changed: count(row, "changed")?,
        linked: count(row, "linked")?,
        deactivated: count(row, "deactivated")?,
        reactivated: count(row, "reactivated")?,
        already_present: count(row, "already_present")?,
        skipped: count(row, "skipped")?,
        failed: count(row, "failed")?,
        issues_total: count(row, "issues_total")?,
        waiting_for: row.get("waiting_for")?,
        next_attempt_at: timestamp(row.get("next_attempt_at")?),
        reason: row.get("reason")?,
        last_error: row.get("last_error")?,
        finished_at: timestamp(row.get("finished_at")?),
        version: count(row, "version")?,
        resends: count(row, "resends")?,
    })
}
