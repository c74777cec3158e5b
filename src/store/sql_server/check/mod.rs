//! `db check`: what the DBA mapped, the log-in's rights, and the database's options. Reads the catalog and two pages of users, and
//! writes nothing. A question that the server does not answer is a note, so that one missing right hides no other finding.

mod mapped;
mod options;
mod pages;
mod rights;

use tiberius::{Row, ToSql};

use self::mapped::{Mapped, PROCEDURE, VIEWS};
use super::SqlServerStore;
use super::columns::{required, text};
use super::error::{Fault, store_error};
use super::pool::Pool;
use crate::store::StoreError;
use crate::store::check::Finding;

impl SqlServerStore {
    /// What is wrong with the database, and what is as it has to be.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let pool = &self.pool;
        let mut findings = told("views", views(pool).await)?;
        findings.extend(told(PROCEDURE, procedure(pool).await)?);
        findings.extend(told("rights", rights::check(pool).await)?);
        findings.extend(told("schema ciam", rights::owners(pool).await)?);
        findings.extend(told("database", options::check(pool).await)?);
        findings.extend(told("ciam.Biller.BillerId", pages::ids(pool).await)?);
        findings.extend(told("ciam.BillerUser", pages::indexes(pool).await)?);
        findings.extend(told("ciam.BillerUser", pages::trial(pool).await)?);
        Ok(findings)
    }
}

/// A part that the server refused is something to know of; one that it could not answer now ends the check.
fn told(about: &str, found: Result<Vec<Finding>, Fault>) -> Result<Vec<Finding>, StoreError> {
    let error = match found {
        Ok(findings) => return Ok(findings),
        Err(fault) => store_error("check the database", fault),
    };
    if error.is_transient() {
        return Err(error);
    }
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let text = format!("not checked: {}", cause.unwrap_or_else(|| error.to_string()));
    Ok(vec![Finding::note(about, text)])
}

/// All rows of one question.
async fn rows(pool: &Pool, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<Row>, Fault> {
    let mut session = pool.session().await?;
    let rows = session.rows(sql, values).await?;
    session.give_back();
    Ok(rows)
}

fn mapped_row(row: &Row) -> Result<Mapped, Fault> {
    Ok(Mapped {
        name: text(row, "Name")?,
        type_name: text(row, "TypeName")?,
        is_nullable: required(row, "IsNullable")?,
    })
}

async fn views(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let sql = "SELECT c.name AS [Name], t.name AS [TypeName], c.is_nullable AS [IsNullable] FROM sys.columns AS c \
        JOIN sys.types AS t ON t.user_type_id = c.system_type_id WHERE c.object_id = OBJECT_ID(@P1)";
    let mut findings = Vec::new();
    for view in VIEWS {
        let columns: Result<Vec<_>, _> = rows(pool, sql, &[&view.name]).await?.iter().map(mapped_row).collect();
        findings.extend(mapped::view(view, &columns?));
    }
    Ok(findings)
}

async fn procedure(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let there = "SELECT o.name AS [Name] FROM sys.objects AS o WHERE o.object_id = OBJECT_ID(@P1)";
    let exists = !rows(pool, there, &[&PROCEDURE]).await?.is_empty();
    let sql = "SELECT p.name AS [Name], t.name AS [TypeName], CAST(1 AS BIT) AS [IsNullable] FROM sys.parameters AS p \
        JOIN sys.types AS t ON t.user_type_id = p.system_type_id \
        WHERE p.object_id = OBJECT_ID(@P1) AND p.parameter_id > 0";
    let parameters: Result<Vec<_>, _> = rows(pool, sql, &[&PROCEDURE]).await?.iter().map(mapped_row).collect();
    Ok(mapped::procedure(exists, &parameters?))
}
