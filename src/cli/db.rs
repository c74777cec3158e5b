//! `db`: creates, updates and checks the database's schema.

use std::fmt::Write;

use clap::Subcommand;

use super::doctor::things_to_do;
use super::error_text;
use crate::boot::Database;
use crate::store::{Finding, SCHEMA_VERSIONS, SchemaVersion, Store, Verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Apply the numbered scripts of infra/sql that the database lacks
    Migrate,
    /// Check the schema version, the CRM's views and procedure, rights and options; fail if something has to be done
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
            Ok(said + &version(database).await?)
        }
        Command::Check => check(database).await,
        Command::SampleCrm => {
            database.create_sample_crm().await.map_err(|error| error_text(&error))?;
            Ok(String::new())
        }
    }
}

async fn version(database: &Database) -> Result<String, String> {
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

async fn check(database: &Database) -> Result<String, String> {
    let version = version(database).await?;
    let findings = database.check().await.map_err(|error| error_text(&error))?;
    let (report, to_do) = report(&findings);
    match to_do {
        0 => Ok(version + &report),
        more => Err(format!("{version}{report}{}", things_to_do(more))),
    }
}

/// One line for each finding, and how many of them somebody has to act on.
fn report(findings: &[Finding]) -> (String, usize) {
    let mut text = String::new();
    for finding in findings {
        let Finding {
            verdict,
            about,
            text: what,
        } = finding;
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{about:<24} {}: {what}", <&str>::from(verdict));
    }
    let to_do = findings.iter().filter(|finding| finding.verdict == Verdict::ToDo);
    (text, to_do.count())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_object_and_only_what_is_to_do_counts() {
        let finding = |verdict, about: &str| Finding {
            verdict,
            about: about.to_owned(),
            text: "add it".to_owned(),
        };
        let findings = [
            finding(Verdict::Ok, "ciam.Biller"),
            finding(Verdict::ToDo, "ciam.BillerUser.Email"),
            finding(Verdict::Note, "rights"),
        ];
        let (text, to_do) = report(&findings);
        assert_eq!(to_do, 1);
        let second = text.lines().nth(1).unwrap();
        assert_eq!(second, "ciam.BillerUser.Email    to do: add it");
    }
}
