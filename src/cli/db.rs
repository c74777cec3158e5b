//! `db`: creates, updates and checks the database's schema.

use clap::Subcommand;

use super::error_text;
use crate::boot::Database;
use crate::store::{SCHEMA_VERSIONS, SchemaVersion, Store};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Apply the numbered scripts of infra/sql that the database lacks
    Migrate,
    /// Show the schema version; fail unless this program works with it
    Check,
    /// Create the CRM's tables and views for samples and tests, as far as they are missing
    SampleCrm,
}

pub(super) async fn run(database: &Database, command: Command) -> Result<String, String> {
    match command {
        Command::Migrate => {
            let applied = database.migrate().await.map_err(|error| error_text(&error))?;
            let said = if applied.is_empty() {
                "nothing to apply\n".to_owned()
            } else {
                let versions: Vec<String> = applied.iter().map(ToString::to_string).collect();
                format!("applied version {}\n", versions.join(", "))
            };
            Ok(said + &check(database).await?)
        }
        Command::Check => check(database).await,
        Command::SampleCrm => {
            database
                .create_sample_crm()
                .await
                .map_err(|error| error_text(&error))?;
            Ok(String::new())
        }
    }
}

async fn check(database: &Database) -> Result<String, String> {
    let SchemaVersion {
        version,
        minimum_program,
    } = fitting_schema(database.store().as_ref()).await?;
    let newer = if version > *SCHEMA_VERSIONS.end() {
        format!("; newer than this program, which may go on: {minimum_program} is enough")
    } else {
        String::new()
    };
    Ok(format!("schema version {version}{newer}\n"))
}

/// The schema version, if this program works with it.
pub(super) async fn fitting_schema(store: &dyn Store) -> Result<SchemaVersion, String> {
    let found = store.schema_version().await.map_err(|error| error_text(&error))?;
    let (oldest, newest) = (SCHEMA_VERSIONS.start(), SCHEMA_VERSIONS.end());
    match found {
        Some(found) if found.fits() => Ok(found),
        Some(SchemaVersion {
            version,
            minimum_program,
        }) => Err(format!(
            "schema version {version}, which asks for a program that knows {minimum_program}; this one works with {oldest} to {newest}"
        )),
        None => Err("there is no schema; run `db migrate`".to_owned()),
    }
}
