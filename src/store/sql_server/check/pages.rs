//! The ids of billers, and how long a page of users takes.

use std::time::Duration;

use tokio::time::Instant;

use super::super::columns::text;
use super::super::error::Fault;
use super::super::pool::Pool;
use super::super::users;
use super::rows;
use crate::domain::ids::BillerId;
use crate::store::GuidRange;
use crate::store::check::Finding;

/// Rows of a trial page: as many as a run reads at once by default.
const ROWS: u32 = 1_000;

/// A run reads a biller page by page, so a slow page makes it endless.
const SLOW: Duration = Duration::from_secs(1);

/// Ids with blanks at their end: they look the same, and the handler does not find the biller.
pub(super) async fn ids(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let sql = "SELECT TOP (3) CONVERT(NVARCHAR(200), b.BillerId + N'|') AS [Id] FROM ciam.Biller AS b \
        WHERE DATALENGTH(b.BillerId) <> DATALENGTH(RTRIM(b.BillerId))";
    let found = rows(pool, sql, &[]).await?;
    found
        .iter()
        .map(|row| {
            let id = text(row, "Id")?;
            let id = id.strip_suffix('|').unwrap_or(&id);
            let text = format!(
                "biller {id:?} has blanks at the end of its id, so it is not found: RTRIM the id where it is stored"
            );
            Ok(Finding::to_do("ciam.Biller.BillerId", text))
        })
        .collect()
}

/// Indexes on the tables behind the view whose second column is a GUID, as pages need it.
pub(super) async fn indexes(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let sql = "SELECT DISTINCT i.name AS [Name] FROM sys.sql_expression_dependencies AS d \
        JOIN sys.indexes AS i ON i.object_id = d.referenced_id \
        JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal = 2 \
        JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id \
        JOIN sys.types AS t ON t.user_type_id = c.system_type_id \
        WHERE d.referencing_id = OBJECT_ID(N'ciam.BillerUser') AND t.name = N'uniqueidentifier' AND i.is_disabled = 0";
    let names: Result<Vec<_>, _> = rows(pool, sql, &[])
        .await?
        .iter()
        .map(|row| text(row, "Name"))
        .collect();
    let names = names?;
    Ok(vec![if names.is_empty() {
        let text = "no index (BillerId, UserGuid) was found on the tables behind the view, or this log-in may not see them: \
            sample_crm.sql has one to copy";
        Finding::note("ciam.BillerUser", text)
    } else {
        Finding::ok(
            "ciam.BillerUser",
            format!("pages can be read through {}", names.join(", ")),
        )
    }])
}

/// Reads the first page and the one after it of some biller with users, as a run does.
pub(super) async fn trial(pool: &Pool) -> Result<Vec<Finding>, Fault> {
    let sql = "SELECT TOP (1) CONVERT(NVARCHAR(200), u.BillerId) AS [Id] FROM ciam.BillerUser AS u WHERE u.UserGuid IS NOT NULL";
    let some = match rows(pool, sql, &[]).await?.first() {
        Some(row) => BillerId::try_new(text(row, "Id")?).ok(),
        None => None,
    };
    let Some(biller) = some else {
        let text = "no page was tried: the view has no user with a GUID and a usable biller id";
        return Ok(vec![Finding::note("ciam.BillerUser", text)]);
    };
    let (mut slowest, mut number) = (Duration::ZERO, 0);
    let mut range = GuidRange::default();
    for _ in 0..2 {
        let started = Instant::now();
        let page = users::page(pool, &biller, range, ROWS).await?;
        slowest = slowest.max(started.elapsed());
        number += page.len();
        range.after = page.last().and_then(|row| row.user_guid);
        if range.after.is_none() {
            break;
        }
    }
    Ok(vec![judge(biller.as_ref(), number, slowest)])
}

fn judge(biller: &str, users: usize, slowest: Duration) -> Finding {
    let took = slowest.as_secs_f64();
    let read =
        format!("{users} users of biller {biller} were read in up to two pages; the slower one took {took:.3} s");
    if slowest > SLOW {
        let text = format!(
            "{read}: give the table an index (BillerId, UserGuid), and the view no conversions (sample_crm.sql)"
        );
        Finding::to_do("ciam.BillerUser", text)
    } else {
        Finding::ok("ciam.BillerUser", read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::check::Verdict;

    #[test]
    fn a_page_that_takes_more_than_a_second_is_to_do() {
        assert_eq!(judge("1876", 2_000, Duration::from_secs(1)).verdict, Verdict::Ok);
        let slow = judge("1876", 2_000, Duration::from_secs(8));
        assert_eq!(slow.verdict, Verdict::ToDo);
        assert!(
            slow.text.contains("8.000 s") && slow.text.contains("(BillerId, UserGuid)"),
            "{slow:?}"
        );
    }
}
