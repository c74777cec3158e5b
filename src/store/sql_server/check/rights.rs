//! The log-in's rights, and the owners on which they depend.

use super::super::columns::{required, text};
use super::super::error::Fault;
use super::super::pool::Pool;
use super::rows;
use crate::store::check::Finding;

/// The grants of the handler's role are the list of rights to look for.
const PERMISSIONS: &str = include_str!("../../../../infra/sql/sql_server/permissions.sql");

/// A right that the handler needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Right {
    verb: &'static str,
    /// `SCHEMA` or `OBJECT`.
    class: &'static str,
    object: &'static str,
}

/// The rights of `ciam_onboarding`, as `permissions.sql` grants them.
fn rights() -> Vec<Right> {
    let grants = PERMISSIONS
        .lines()
        .filter_map(|line| line.strip_prefix("GRANT ")?.strip_suffix(" TO ciam_onboarding;"));
    grants
        .filter_map(|grant| grant.split_once(" ON "))
        .filter_map(|(verbs, on)| Some((verbs, on.split_once("::")?)))
        .flat_map(|(verbs, (class, object))| verbs.split(", ").map(move |verb| Right { verb, class, object }))
        .collect()
}

pub(super) async fn check(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let rights = rights();
    let questions = rights.iter().map(|right| {
        let Right { verb, class, object } = right;
        format!("SELECT N'{verb}' AS [Verb], N'{object}' AS [Object], HAS_PERMS_BY_NAME(N'{object}', N'{class}', N'{verb}') AS [Has]")
    });
    let sql = questions.collect::<Vec<_>>().join(" UNION ALL ");
    let mut findings = Vec::new();
    for row in rows(pool, &sql, &[]).await? {
        let (verb, object) = (text(&row, "Verb")?, text(&row, "Object")?);
        let text = match row.try_get::<i32, _>("Has")? {
            Some(1) => continue,
            Some(_) => {
                format!("this log-in lacks the right {verb}: add it to the role ciam_onboarding (permissions.sql)")
            }
            None => "there is no such object, or this log-in may not see it".to_owned(),
        };
        findings.push(Finding::to_do(object, text));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "rights",
            "the log-in has all rights of the role ciam_onboarding",
        ));
    }
    let owner = "SELECT CAST(COALESCE(IS_ROLEMEMBER(N'db_owner'), 0) AS INT) AS [IsOwner]";
    if let Some(row) = rows_first(rows(pool, owner, &[]).await?)
        && required::<i32>(&row, "IsOwner")? == 1
    {
        let text = "the log-in is a member of db_owner; the handler needs the role ciam_onboarding only";
        findings.push(Finding::note("rights", text));
    }
    Ok(findings)
}

fn rows_first(rows: Vec<tiberius::Row>) -> Option<tiberius::Row> {
    rows.into_iter().next()
}

/// A view reaches a table without further grants only if both have one owner.
pub(super) async fn owners(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let sql = "SELECT DISTINCT USER_NAME(s.principal_id) AS [Owner], rs.name + N'.' + ro.name AS [Object], \
            USER_NAME(COALESCE(ro.principal_id, rs.principal_id)) AS [OtherOwner] \
        FROM sys.schemas AS s JOIN sys.objects AS o ON o.schema_id = s.schema_id \
        JOIN sys.sql_expression_dependencies AS d ON d.referencing_id = o.object_id \
        JOIN sys.objects AS ro ON ro.object_id = d.referenced_id \
        JOIN sys.schemas AS rs ON rs.schema_id = ro.schema_id \
        WHERE s.name = N'ciam' AND rs.name <> N'ciam' \
            AND COALESCE(ro.principal_id, rs.principal_id) <> COALESCE(o.principal_id, s.principal_id)";
    let mut findings = Vec::new();
    for row in rows(pool, sql, &[]).await? {
        let (owner, object, other) = (text(&row, "Owner")?, text(&row, "Object")?, text(&row, "OtherOwner")?);
        let text = format!(
            "belongs to {other}, schema ciam to {owner}, so the views do not open it to the handler: make one owner of both \
             (ALTER AUTHORIZATION), or grant the handler's role the rights on it"
        );
        findings.push(Finding::to_do(object, text));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rights_are_those_that_the_script_grants() {
        let rights = rights();
        let right = |verb, class, object| Right { verb, class, object };
        assert!(rights.contains(&right("SELECT", "SCHEMA", "ciam")));
        assert!(rights.contains(&right("EXECUTE", "OBJECT", "ciam.RecordCiamStatus")));
        assert!(rights.contains(&right("DELETE", "OBJECT", "ciam.Account")));
        assert!(!rights.contains(&right("DELETE", "OBJECT", "ciam.OnboardingJournal")));
        assert!(rights.len() > 15, "{rights:?}");
    }
}
