//! Runs the numbered scripts of `infra/sql/sql_server/`. Each does nothing when `ciam.SchemaVersion` has its number
//! already.

use super::error::Fault;
use super::pool::Pool;
use super::session::Session;
use crate::store::row::count;

const SCRIPTS: [&str; 1] = [include_str!("../../../infra/sql/sql_server/0001_onboarding.sql")];

/// The CRM's objects for tests, and an example for DBAs.
const SAMPLE_CRM: &str = include_str!("../../../infra/sql/sql_server/sample_crm.sql");

pub(super) async fn version(pool: &Pool) -> Result<Option<u32>, Fault> {
    let mut session = pool.session().await?;
    let table = session
        .row("SELECT OBJECT_ID(N'ciam.SchemaVersion', N'U') AS Id", &[])
        .await?;
    let exists = match table {
        Some(row) => row.try_get::<i32, _>("Id")?.is_some(),
        None => false,
    };
    let newest = if exists {
        session
            .row("SELECT MAX(Version) AS Newest FROM ciam.SchemaVersion", &[])
            .await?
    } else {
        None
    };
    session.give_back();
    let newest: Option<i64> = match newest {
        Some(row) => row.try_get("Newest")?,
        None => None,
    };
    Ok(newest.map(|version| count("schema version", version)).transpose()?)
}

pub(super) async fn migrate(pool: &Pool) -> Result<(), Fault> {
    let mut session = pool.session().await?;
    for script in SCRIPTS {
        run(&mut session, script).await?;
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
