//! Runs the numbered scripts of `infra/sql/sqlite/`.

use rusqlite::{Transaction, params};

use super::columns::Micros;
use super::error::Fault;
use crate::store::row::count;

const SCRIPTS: [(u32, &str); 1] = [(1, include_str!("../../../infra/sql/sqlite/0001_onboarding.sql"))];

/// The CRM's objects for `make run` and the tests.
const SAMPLE_CRM: &str = include_str!("../../../infra/sql/sqlite/sample_crm.sql");

const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER NOT NULL PRIMARY KEY,
    applied_at INTEGER NOT NULL
) STRICT";

/// The number of the newest script that was applied; `None` if there was none.
pub(super) fn version(transaction: &Transaction<'_>) -> Result<Option<u32>, Fault> {
    let exists: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version')",
        [],
        |row| row.get(0),
    )?;
    if !exists {
        return Ok(None);
    }
    let newest: Option<i64> = transaction.query_row("SELECT max(version) FROM schema_version", [], |row| row.get(0))?;
    Ok(newest.map(|version| count("schema version", version)).transpose()?)
}

/// Applies the scripts that are missing, in order.
pub(super) fn migrate(transaction: &Transaction<'_>, now: Micros) -> Result<(), Fault> {
    transaction.execute_batch(VERSION_TABLE)?;
    let found = version(transaction)?.unwrap_or_default();
    for (version, script) in SCRIPTS {
        if version > found {
            transaction.execute_batch(script)?;
            transaction.execute(
                "INSERT INTO schema_version (version, applied_at) VALUES (?1, ?2)",
                params![version, now],
            )?;
        }
    }
    Ok(())
}

/// Creates the CRM's tables and views unless they are there.
pub(super) fn create_sample_crm(transaction: &Transaction<'_>) -> Result<(), Fault> {
    Ok(transaction.execute_batch(SAMPLE_CRM)?)
}
