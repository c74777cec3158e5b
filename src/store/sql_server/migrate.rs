//! Runs the numbered scripts of `infra/sql/sql_server/`. Each does nothing when `ciam.SchemaVersion` has its number already, and
//! records itself there with its hash, so that a DBA may run it by hand.

use super::columns::{required, text};
use super::error::Fault;
use super::pool::Pool;
use super::session::Session;
use crate::store::row::count;
use crate::store::schema::{Applied, SchemaVersion, Script, newest};

const SCRIPTS: [Script; 1] = [Script {
    version: 1,
    text: include_str!("../../../infra/sql/sql_server/0001_onboarding.sql"),
    minimum_program: 1,
}];

/// The CRM's objects for tests, and an example for DBAs.
const SAMPLE_CRM: &str = include_str!("../../../infra/sql/sql_server/sample_crm.sql");

pub(super) async fn version(pool: &Pool) -> Result<Option<SchemaVersion>, Fault> {
    let mut session = pool.session().await?;
    let applied = applied(&mut session).await?;
    session.give_back();
    Ok(newest(&applied, &SCRIPTS)?)
}

/// The scripts that were applied. A statement that names a column which is not there fails as a whole, so it is looked for first.
async fn applied(session: &mut Session) -> Result<Vec<Applied>, Fault> {
    let sql = "SELECT \
        CAST(CASE WHEN OBJECT_ID(N'ciam.SchemaVersion', N'U') IS NULL THEN 0 ELSE 1 END AS BIT) AS HasTable, \
        CAST(CASE WHEN COL_LENGTH(N'ciam.SchemaVersion', N'ScriptHash') IS NULL \
            OR COL_LENGTH(N'ciam.SchemaVersion', N'MinimumProgram') IS NULL THEN 0 ELSE 1 END AS BIT) AS HasColumns";
    let (has_table, has_columns) = match session.row(sql, &[]).await? {
        Some(row) => (required(&row, "HasTable")?, required(&row, "HasColumns")?),
        None => (false, false),
    };
    if !has_table {
        return Ok(Vec::new());
    }
    if !has_columns {
        let newest = session
            .row("SELECT MAX(v.Version) AS Newest FROM ciam.SchemaVersion AS v", &[])
            .await?;
        let newest = match newest {
            Some(row) => row.try_get("Newest")?,
            None => None,
        };
        return Ok(vec![Applied::of_older_table(newest)?]);
    }
    let sql = "SELECT v.Version, v.ScriptHash, v.MinimumProgram FROM ciam.SchemaVersion AS v ORDER BY v.Version";
    let rows = session.rows(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(Applied {
                version: count("schema version", required(row, "Version")?)?,
                script_hash: Some(text(row, "ScriptHash")?),
                minimum_program: count("minimum program", required(row, "MinimumProgram")?)?,
            })
        })
        .collect()
}

/// Applies what is missing, to a database that is empty or of this program's scripts. The versions that were applied now.
pub(super) async fn migrate(pool: &Pool) -> Result<Vec<u32>, Fault> {
    let mut session = pool.session().await?;
    let before = applied(&mut session).await?;
    newest(&before, &SCRIPTS)?;
    let mut now = Vec::new();
    for script in SCRIPTS {
        run(&mut session, script.text).await?;
        if before.iter().all(|applied| applied.version != script.version) {
            now.push(script.version);
        }
    }
    session.give_back();
    Ok(now)
}

pub(super) async fn create_sample_crm(pool: &Pool) -> Result<(), Fault> {
    let mut session = pool.session().await?;
    run(&mut session, SAMPLE_CRM).await?;
    session.give_back();
    Ok(())
}

async fn run(session: &mut Session, script: &str) -> Result<(), Fault> {
    let client = session.client()?;
    client.simple_query(script).await?.into_results().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_records_its_own_hash_and_the_program_that_it_asks_for() {
        for script in SCRIPTS {
            let line = format!("DECLARE @scriptHash NVARCHAR(64) = N'{}';", script.hash());
            assert!(
                script.text.lines().any(|own| own == line),
                "{} needs {line}",
                script.version
            );
            let values = format!(
                "VALUES ({}, SYSUTCDATETIME(), @hash, {})",
                script.version, script.minimum_program
            );
            assert!(script.text.contains(&values), "{} needs {values}", script.version);
        }
    }
}
