//! Which scripts of `infra/sql` a database was made with. A version counts by its number and by the hash of its script: a script
//! that was changed in place makes another schema under the same number, and such a database is refused instead of used.

use sha2::{Digest, Sha256};

use super::SCHEMA_VERSIONS;
use super::error::StoreError;
use super::row::count;

/// A numbered script, embedded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script {
    pub(super) version: u32,
    pub(super) text: &'static str,
    /// See [`SchemaVersion::minimum_program`].
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(dead_code, reason = "the scripts for SQL Server record it themselves")
    )]
    pub(super) minimum_program: u32,
}

/// A row of `SchemaVersion`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) version: u32,
    /// `None` in a table from before there were hashes.
    pub(super) script_hash: Option<String>,
    /// See [`SchemaVersion::minimum_program`].
    pub(super) minimum_program: u32,
}

/// What a database says of its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaVersion {
    /// The newest script that was applied.
    pub version: u32,
    /// The newest version that a program has to know to work with it. An older program works with a newer schema that asks for no
    /// more, so that it can go on while an upgrade is rolled out or rolled back.
    pub minimum_program: u32,
}

impl SchemaVersion {
    /// Whether this program works with it.
    pub fn fits(self) -> bool {
        let own = *SCHEMA_VERSIONS.end();
        SCHEMA_VERSIONS.contains(&self.version) || (self.version > own && self.minimum_program <= own)
    }
}

/// How the line begins that holds a script's own hash, so that the script records it whoever runs it.
const OWN_HASH: &str = "DECLARE @scriptHash ";

impl Applied {
    /// A `SchemaVersion` without all its columns; without a row it is as good as one of the first version.
    pub(super) fn of_older_table(newest: Option<i64>) -> Result<Self, StoreError> {
        let version = count("schema version", newest.unwrap_or(1))?;
        Ok(Self {
            version,
            script_hash: None,
            minimum_program: version,
        })
    }
}

impl Script {
    /// SHA-256 (64 hex digits) of the text with `\n` at each line's end, without the line that holds the hash itself.
    pub(super) fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for line in self.text.lines().filter(|line| !line.starts_with(OWN_HASH)) {
            hash.update(line);
            hash.update("\n");
        }
        hex::encode(hash.finalize())
    }
}

/// The newest version of a database, `None` when there is none.
///
/// # Errors
/// [`StoreError::OlderSchema`] when a version was applied by another script than the one of this program.
pub(super) fn newest(applied: &[Applied], scripts: &[Script]) -> Result<Option<SchemaVersion>, StoreError> {
    for found in applied {
        let script = scripts.iter().find(|script| script.version == found.version);
        let expected = script.map(Script::hash);
        // A version this program does not know is a newer program's; its number says so.
        if expected.is_some() && found.script_hash != expected {
            return Err(StoreError::OlderSchema {
                version: found.version,
                found: found.script_hash.clone(),
                expected: expected.unwrap_or_default(),
            });
        }
    }
    let newest = applied.iter().max_by_key(|applied| applied.version);
    Ok(newest.map(|newest| SchemaVersion {
        version: newest.version,
        minimum_program: newest.minimum_program,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Script = Script {
        version: 1,
        text: "CREATE TABLE a;\nCREATE TABLE b;\n",
        minimum_program: 1,
    };

    fn applied(version: u32, script_hash: Option<String>) -> Applied {
        Applied {
            version,
            script_hash,
            minimum_program: version,
        }
    }

    #[test]
    fn line_ends_and_the_hash_itself_do_not_change_a_hash() {
        for text in [
            "CREATE TABLE a;\r\nCREATE TABLE b;\r\n",
            "DECLARE @scriptHash NVARCHAR(64) = N'0';\nCREATE TABLE a;\nCREATE TABLE b;\n",
        ] {
            assert_eq!(Script { text, ..ONE }.hash(), ONE.hash());
        }
        let changed = Script {
            text: "CREATE TABLE a;\nCREATE TABLE c;\n",
            ..ONE
        };
        assert_ne!(changed.hash(), ONE.hash());
        // printf 'CREATE TABLE a;\nCREATE TABLE b;\n' | sha256sum
        assert_eq!(
            ONE.hash(),
            "bcd49007849d5176e0434dc31c2a2b449b1802102675b2af5a97b886cc866120"
        );
    }

    #[test]
    fn a_version_of_another_script_is_refused_with_both_hashes() {
        for found in [None, Some("0".repeat(64))] {
            let error = newest(&[applied(1, found.clone())], &[ONE]).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("schema version 1"), "{text}");
            assert!(text.contains(&ONE.hash()), "{text}");
            assert!(text.contains(found.as_deref().unwrap_or("none")), "{text}");
            assert!(text.contains("nothing was changed"), "{text}");
        }
    }

    #[test]
    fn a_version_of_a_newer_program_is_told_by_its_number() {
        let rows = [applied(1, Some(ONE.hash())), applied(2, Some("0".repeat(64)))];
        assert_eq!(newest(&rows, &[ONE]).unwrap().map(|newest| newest.version), Some(2));
        assert_eq!(newest(&[], &[ONE]).unwrap(), None);
    }

    #[test]
    fn a_newer_schema_fits_as_long_as_it_asks_for_no_newer_program() {
        let (oldest, own) = (*SCHEMA_VERSIONS.start(), *SCHEMA_VERSIONS.end());
        let fits = |version, minimum_program| {
            SchemaVersion {
                version,
                minimum_program,
            }
            .fits()
        };
        assert!(fits(oldest, oldest));
        assert!(fits(own, own));
        assert!(fits(own + 1, own));
        assert!(!fits(own + 1, own + 1));
        assert!(!fits(oldest - 1, oldest - 1));
    }
}
