//! Runs the numbered scripts of `infra/sql/sql_server/`. Each does nothing when `ciam.SchemaVersion` has its number already, and
//! records itself there with its hash, so that a DBA may run it by hand.

use super::columns::{required, text};
use super::error::Fault;
use super::pool::Pool;
use super::session::Session;
use crate::store::row::count;
use crate::store::schema::{Applied, Script, newest};

const SCRIPTS: [Script; 1] = [Script {
    version: 1,
    text: include_str!("../../../infra/sql/sql_server/0001_onboarding.sql"),
}];

/// The CRM's objects for tests, and an example for DBAs.
const SAMPLE_CRM: &str = include_str!("../../../infra/sql/sql_server/sample_crm.sql");

pub(super) async fn version(pool: &Pool) -> Result<Option<u32>, Fault> {
    let mut session = pool.session().await?;
    let applied = applied(&mut session).await?;
    session.give_back();
    Ok(newest(&applied, &SCRIPTS)?)
}

/// The scripts that were applied. A statement that names a column which is not there fails as a whole, so it is looked for first.
async fn applied(session: &mut Session) -> Result<Vec<Applied>, Fault> {
    let sql = "SELECT \
        CAST(CASE WHEN OBJECT_ID(N'ciam.SchemaVersion', N'U') IS NULL THEN 0 ELSE 1 END AS BIT) AS HasTable, \
        CAST(CASE WHEN COL_LENGTH(N'ciam.SchemaVersion', N'ScriptHash') IS NULL THEN 0 ELSE 1 END AS BIT) AS HasHash";
    let (has_table, has_hash) = match session.row(sql, &[]).await? {
        Some(row) => (required(&row, "HasTable")?, required(&row, "HasHash")?),
        None => (false, false),
    };
    if !has_table {
        return Ok(Vec::new());
    }
    if !has_hash {
        let newest = session
            .row("SELECT MAX(v.Version) AS Newest FROM ciam.SchemaVersion AS v", &[])
            .await?;
        let newest = match newest {
            Some(row) => row.try_get("Newest")?,
            None => None,
        };
        return Ok(vec![Applied::before_hashes(newest)?]);
    }
    let sql = "SELECT v.Version, v.ScriptHash FROM ciam.SchemaVersion AS v ORDER BY v.Version";
    let rows = session.rows(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(Applied {
                version: count("schema version", required(row, "Version")?)?,
                script_hash: Some(text(row, "ScriptHash")?),
            })
        })
        .collect()
}

/// Applies what is missing, to a database that is empty or of this program's scripts.
pub(super) async fn migrate(pool: &Pool) -> Result<(), Fault> {
    let mut session = pool.session().await?;
    newest(&applied(&mut session).await?, &SCRIPTS)?;
    for script in SCRIPTS {
        run(&mut session, script.text).await?;
    }
    session.give_back();
    Ok(())
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
    fn each_script_records_its_own_hash() {
        for script in SCRIPTS {
            let line = format!("DECLARE @scriptHash NVARCHAR(64) = N'{}';", script.hash());
            assert!(
                script.text.lines().any(|own| own == line),
                "{} needs {line}",
                script.version
            );
        }
    }
}
