//! What the handler recorded: read access to its own tables (`infra/sql/sqlite/0001_onboarding.sql`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, RowIndex};
use serde_json::Value;
use time::OffsetDateTime;

/// How long a read waits for a lock (readers hardly ever wait in WAL mode).
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);

/// The handler's tables, read only. Methods block for milliseconds.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// What is recorded about a biller (`biller_ciam`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillerRecord {
    /// `not_enabled|active|inactive`.
    pub state: String,
    /// Since when it is active.
    pub activation_date: Option<OffsetDateTime>,
    /// Its organization.
    pub organization_id: Option<String>,
    /// Its pool.
    pub identity_pool_id: Option<String>,
    /// Part of every derived id.
    pub generation: u32,
}

/// A run (`onboarding`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub onboarding_id: String,
    /// Its biller.
    pub biller_id: String,
    /// `enable|sync|disable`.
    pub kind: String,
    /// `queued|running|waiting|rolling_back|succeeded|failed|stuck|cancelled`.
    pub state: String,
    /// The step it is at.
    pub step: Option<String>,
    /// `crm-toggle|biller-wizard`.
    pub source: String,
    /// Users to deal with.
    pub users_total: u64,
    /// Users put into the pool or changed there.
    pub imported: u64,
    /// Users that were there already.
    pub already_present: u64,
    /// Users left out.
    pub skipped: u64,
    /// Users with a data error.
    pub failed: u64,
    /// Data errors.
    pub issues_total: u64,
    /// Why it waits.
    pub waiting_for: Option<String>,
    /// Not worked on before.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// Why it failed, is being rolled back or is stuck.
    pub reason: Option<String>,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
    /// Grows with every lease.
    pub version: u64,
    /// Messages the timer sent for it.
    pub resends: u64,
}

/// One entry of a run's journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Position, from 1.
    pub seq: u64,
    /// When it was written.
    pub written_at: OffsetDateTime,
    /// Its word, for example `pool_created`.
    pub entry: String,
    /// Its other members.
    pub detail: Value,
}

impl RunRecord {
    /// Nothing more will happen by itself: `succeeded`, `failed`, `cancelled` or `stuck`.
    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "succeeded" | "failed" | "cancelled" | "stuck")
    }
}

impl Database {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// The file, for a connection of one's own.
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

    /// A run's journal, in order.
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

    /// A run's ledger: users by their state (`importing|imported|changing|changed|refused|rolled_back`).
    pub fn ledger(&self, onboarding_id: &str) -> rusqlite::Result<BTreeMap<String, u64>> {
        let connection = self.connection();
        let sql = "SELECT state, count(*) FROM onboarded_user WHERE onboarding_id = ?1 GROUP BY state";
        let mut select = connection.prepare_cached(sql)?;
        let counts = select.query_map([onboarding_id], |row| Ok((row.get(0)?, count(row, 1)?)))?;
        counts.collect()
    }

    /// Users a biller has in SecureAuth by the ledgers of its runs that succeeded.
    pub fn users_onboarded(&self, biller_id: &str) -> rusqlite::Result<u64> {
        let sql = "SELECT count(DISTINCT user_guid) FROM onboarded_user JOIN onboarding USING (onboarding_id)
                   WHERE biller_id = ?1 AND onboarding.state = 'succeeded' AND onboarded_user.state IN ('imported', 'changed')";
        self.connection().query_row(sql, [biller_id], |row| count(row, 0))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time as the database holds it: microseconds since 1970 (UTC).
pub(crate) fn timestamp(micros: Option<i64>) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros?) * 1_000).ok()
}

/// A number that the schema keeps from being negative.
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
        already_present: count(row, "already_present")?,
        skipped: count(row, "skipped")?,
        failed: count(row, "failed")?,
        issues_total: count(row, "issues_total")?,
        waiting_for: row.get("waiting_for")?,
        next_attempt_at: timestamp(row.get("next_attempt_at")?),
        reason: row.get("reason")?,
        finished_at: timestamp(row.get("finished_at")?),
        version: count(row, "version")?,
        resends: count(row, "resends")?,
    })
}
