//! Which database, and how long to wait for it.
//!
//! Variables: `DATABASE`, `DATABASE_POOL_SIZE`, `DATABASE_POOL_WAIT`, `DATABASE_CONNECT_TIMEOUT`,
//! `DATABASE_COMMAND_TIMEOUT`, `DATABASE_BUSY_TIMEOUT`, `DATABASE_CONNECTION_MAX_AGE`.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::{Known, Reader};

/// Which database, and how long to wait for it.
#[derive(Debug, Clone)]
pub struct Database {
    /// SQL Server, or a SQLite file.
    pub kind: DatabaseKind,
    /// Most connections of this process, besides two for heart-beats (SQL Server only).
    pub pool_size: u32,
    /// Longest wait for a free connection (SQL Server only).
    pub pool_wait: Duration,
    /// Time limit for connecting, TLS and login included (SQL Server only).
    pub connect_timeout: Duration,
    /// Time limit of one command (SQL Server only).
    pub command_timeout: Duration,
    /// Longest wait for another writer (SQLite only).
    pub busy_timeout: Duration,
    /// Older connections are not used again, because servers and passwords change (SQL Server only).
    pub connection_max_age: Duration,
}

/// The databases that the handler can work with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A file, for development and tests; only in a program that was built with SQLite.
    Sqlite(PathBuf),
    /// Production; its connection string is a secret.
    SqlServer,
}

/// Whether this program was built with SQLite.
const HAS_SQLITE: bool = cfg!(feature = "sqlite");

const FORM: &str = if HAS_SQLITE {
    "`sqlserver` (or `sqlite:<path>` where AZURE_FUNCTIONS_ENVIRONMENT=Development)"
} else {
    "`sqlserver` (this program was built without SQLite)"
};

impl Database {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let is_development = reader.is_development();
        let kind = reader.required(Known::new("DATABASE", FORM), |text| kind(text, is_development));
        let seconds = Duration::from_secs;
        let rest = Self {
            kind: DatabaseKind::SqlServer,
            pool_size: reader.number("DATABASE_POOL_SIZE", 8, 2..=100),
            pool_wait: reader.duration("DATABASE_POOL_WAIT", seconds(10), seconds(1)),
            connect_timeout: reader.duration("DATABASE_CONNECT_TIMEOUT", seconds(15), seconds(1)),
            command_timeout: reader.duration("DATABASE_COMMAND_TIMEOUT", seconds(30), seconds(5)),
            busy_timeout: reader.duration("DATABASE_BUSY_TIMEOUT", seconds(5), seconds(1)),
            connection_max_age: reader.duration("DATABASE_CONNECTION_MAX_AGE", seconds(1_800), seconds(60)),
        };
        Some(Self { kind: kind?, ..rest })
    }
}

fn kind(text: &str, is_development: bool) -> Option<DatabaseKind> {
    match text.split_once(':') {
        None if text == "sqlserver" => Some(DatabaseKind::SqlServer),
        Some(("sqlite", path)) if HAS_SQLITE && is_development && !path.is_empty() => {
            Some(DatabaseKind::Sqlite(path.into()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;

    fn read(pairs: &[(&str, &str)]) -> Option<DatabaseKind> {
        let environment = Environment::of(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let database = Database::read(&mut reader);
        assert_eq!(database.is_none(), reader.finish().0.names("DATABASE"));
        database.map(|database| database.kind)
    }

    #[test]
    fn the_database_has_no_default() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("DATABASE", "sqlserver")]), Some(DatabaseKind::SqlServer));
        assert_eq!(read(&[("DATABASE", "postgres:x")]), None);
    }

    #[test]
    fn sqlite_is_refused_outside_development_and_in_a_program_without_it() {
        let sqlite = ("DATABASE", "sqlite:/tmp/onboarding.db");
        assert_eq!(read(&[sqlite]), None);
        let development = ("AZURE_FUNCTIONS_ENVIRONMENT", "Development");
        let expected = HAS_SQLITE.then(|| DatabaseKind::Sqlite("/tmp/onboarding.db".into()));
        assert_eq!(read(&[sqlite, development]), expected);
        assert_eq!(FORM.contains("built without SQLite"), expected.is_none());
        assert_eq!(read(&[("DATABASE", "sqlite:"), development]), None);
    }
}
