//! `db`: the schema of the database.

use clap::Subcommand;

use super::{Database, told};
use crate::boot::Boot;
use crate::store::SCHEMA_VERSIONS;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Apply the numbered scripts of infra/sql that are missing
    Migrate,
    /// Say which schema version is there, and fail unless this program works with it
    Check,
    /// Create the CRM's side for samples and tests (Development only)
    SampleCrm,
}

pub(super) async fn run(boot: &Boot, store: Database<'_>, command: Command) -> Result<(), String> {
    match command {
        Command::Migrate => {
            boot.migrate().await.map_err(|error| told(&error))?;
            check(store).await
        }
        Command::Check => check(store).await,
        Command::SampleCrm => boot.create_sample_crm().await,
    }
}

async fn check(store: Database<'_>) -> Result<(), String> {
    let found = store.schema_version().await.map_err(|error| told(&error))?;
    let (oldest, newest) = (SCHEMA_VERSIONS.start(), SCHEMA_VERSIONS.end());
    match found {
        Some(version) if SCHEMA_VERSIONS.contains(&version) => {
            println!("schema version {version}");
            Ok(())
        }
        Some(version) => Err(format!(
            "schema version {version}; this program works with {oldest} to {newest}"
        )),
        None => Err("there is no schema; run `db migrate`".to_owned()),
    }
}
