//! Runs the numbered scripts of `infra/sql/sqlite/`.

use rusqlite::{Transaction, params};

use super::columns::Micros;
use super::error::Fault;
use crate::store::row::count;
use crate::store::schema::{Applied, SchemaVersion, Script, newest};

const SCRIPTS: [Script; 1] = [Script {
    version: 1,
    text: include_str!("../../../infra/sql/sqlite/0001_onboarding.sql"),
    minimum_program: 1,
}];

/// The CRM's objects for `make run` and the tests.
const SAMPLE_CRM: &str = include_str!("../../../infra/sql/sqlite/sample_crm.sql");

const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER NOT NULL PRIMARY KEY,
    applied_at INTEGER NOT NULL,
    script_hash TEXT NOT NULL CHECK (length(script_hash) = 64),
    minimum_program INTEGER NOT NULL
) STRICT";

/// The number of the newest script that was applied; `None` if there was none.
pub(super) fn version(transaction: &Transaction<'_>) -> Result<Option<SchemaVersion>, Fault> {
    Ok(newest(&applied(transaction)?, &SCRIPTS)?)
}

/// The scripts that were applied. A database from before the hashes lacks their column.
pub(super) fn applied(transaction: &Transaction<'_>) -> Result<Vec<Applied>, Fault> {
    let (table, columns): (bool, bool) = transaction.query_row(
        "SELECT count(*) > 0, count(*) FILTER (WHERE name IN ('script_hash', 'minimum_program')) = 2
         FROM pragma_table_info('schema_version')",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if !table {
        return Ok(Vec::new());
    }
    if !columns {
        let newest: Option<i64> =
            transaction.query_row("SELECT max(version) FROM schema_version", [], |row| row.get(0))?;
        return Ok(vec![Applied::of_older_table(newest)?]);
    }
    let mut statement =
        transaction.prepare("SELECT version, script_hash, minimum_program FROM schema_version ORDER BY version")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
    })?;
    rows.map(|row| {
        let (version, hash, minimum_program) = row?;
        Ok(Applied {
            version: count("schema version", version)?,
            script_hash: Some(hash),
            minimum_program: count("minimum program", minimum_program)?,
        })
    })
    .collect()
}

/// Applies what is missing, to a database that is empty or of this program's scripts. The versions that were applied now.
pub(super) fn migrate(transaction: &Transaction<'_>, now: Micros) -> Result<Vec<u32>, Fault> {
    let found = version(transaction)?.map_or(0, |found| found.version);
    transaction.execute_batch(VERSION_TABLE)?;
    let missing = SCRIPTS.iter().filter(|script| script.version > found);
    missing
        .map(|script| {
            transaction.execute_batch(script.text)?;
            transaction.execute(
                "INSERT INTO schema_version (version, applied_at, script_hash, minimum_program) VALUES (?1, ?2, ?3, ?4)",
                params![script.version, now, script.hash(), script.minimum_program],
            )?;
            Ok(script.version)
        })
        .collect()
}

/// Creates the CRM's tables and views unless they are there.
pub(super) fn create_sample_crm(transaction: &Transaction<'_>) -> Result<(), Fault> {
    Ok(transaction.execute_batch(SAMPLE_CRM)?)
}
