//! The database's options.

use super::super::columns::required;
use super::super::error::Fault;
use super::super::pool::Pool;
use super::rows;
use crate::store::check::Finding;

/// `OPENJSON` needs it.
const LEAST_LEVEL: i32 = 130;

pub(super) async fn check(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let sql = "SELECT CAST(d.compatibility_level AS INT) AS [Level], \
            CAST(d.is_read_committed_snapshot_on AS BIT) AS [Snapshots], CAST(d.is_read_only AS BIT) AS [ReadOnly] \
        FROM sys.databases AS d WHERE d.database_id = DB_ID()";
    let mut findings = Vec::new();
    for row in rows(pool, sql, &[]).await? {
        let (level, snapshots, read_only) = (
            required(&row, "Level")?,
            required(&row, "Snapshots")?,
            required(&row, "ReadOnly")?,
        );
        findings.extend(judge(level, snapshots, read_only));
    }
    Ok(findings)
}

fn judge(level: i32, snapshots: bool, read_only: bool) -> Vec<Finding> {
    let level = if level < LEAST_LEVEL {
        let text = format!(
            "is {level}, and the handler's statements need {LEAST_LEVEL}: ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150"
        );
        Finding::to_do("compatibility level", text)
    } else {
        Finding::ok("compatibility level", level.to_string())
    };
    let snapshots = if snapshots {
        Finding::ok("READ_COMMITTED_SNAPSHOT", "on")
    } else {
        let text = "off: whoever reads waits for whoever writes. Runs work all the same; \
            ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON ends it, once nobody else is connected";
        Finding::note("READ_COMMITTED_SNAPSHOT", text)
    };
    let mut findings = vec![level, snapshots];
    if read_only {
        let text = "the database is read only: connect to the primary, or SET READ_WRITE";
        findings.push(Finding::to_do("database", text));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::check::Verdict;

    #[test]
    fn only_what_the_handler_cannot_work_with_is_to_do() {
        let verdicts = |level, snapshots, read_only| -> Vec<_> {
            let findings = judge(level, snapshots, read_only);
            findings.iter().map(|finding| finding.verdict).collect()
        };
        assert_eq!(verdicts(130, true, false), [Verdict::Ok, Verdict::Ok]);
        assert_eq!(verdicts(150, false, false), [Verdict::Ok, Verdict::Note]);
        assert_eq!(verdicts(120, true, true), [Verdict::ToDo, Verdict::Ok, Verdict::ToDo]);
    }
}
