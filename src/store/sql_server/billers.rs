//! Reads billers: our own record, and the CRM's view.

use tiberius::ToSql;
use uuid::Uuid;

use super::columns::{biller_row, optional_text, required, text};
use super::crm_text;
use super::error::Fault;
use super::pool::Pool;
use super::runs::run_where;
use super::session::{Session, Transaction};
use crate::domain::biller::{BillerCiam, LeaversAllowed};
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::issue::Issue;
use crate::store::accepting::Listed;
use crate::store::{BillerView, row};

/// The biller's row of `ciam.Biller`. The view's collation may treat two spellings as equal, so the id is compared
/// again byte for byte. The parameter is VARCHAR (an id is ASCII), so that an index is used for a VARCHAR and for an
/// NVARCHAR column.
pub(super) async fn listed(session: &mut Session, id: &BillerId) -> Result<Option<Listed>, Fault> {
    let sql = format!(
        "SELECT b.BillerId, {} FROM ciam.Biller AS b WHERE b.BillerId = CONVERT(VARCHAR(64), @P1)",
        crm_text::column("b", "BillerName")
    );
    let biller_id: &str = id.as_ref();
    let mut is_padded = false;
    for row in session.rows(&sql, &[&biller_id]).await? {
        let listed = text(&row, "BillerId")?;
        if listed == biller_id {
            return Ok(Some(Listed::new(crm_text::read(&row, "BillerName")?.as_deref())));
        }
        is_padded |= listed.trim_end() == biller_id;
    }
    if is_padded {
        tracing::warn!(
            biller_id,
            "ciam.Biller.BillerId has blanks behind this biller's id, so the biller is not found: RTRIM the id where it is stored"
        );
    }
    Ok(None)
}

pub(super) async fn recorded(session: &mut Session, id: &BillerId) -> Result<Option<BillerCiam>, Fault> {
    let sql = "SELECT b.BillerId, b.State, b.ActivationDate, b.OrganizationId, b.IdentityPoolId, b.Generation, \
        b.LeaversAllowed, b.LeaversAllowedBy \
        FROM ciam.BillerCiam AS b WHERE b.BillerId = @P1";
    let biller_id: &str = id.as_ref();
    match session.row(sql, &[&biller_id]).await? {
        Some(row) => Ok(Some(biller_row(&row)?.try_into()?)),
        None => Ok(None),
    }
}

/// Keeps what `allow-leavers` allows; `false`: the biller never had a run.
pub(super) async fn allow_leavers(pool: &Pool, biller: &BillerId, allowed: &LeaversAllowed) -> Result<bool, Fault> {
    let sql = "UPDATE ciam.BillerCiam SET LeaversAllowed = @P2, LeaversAllowedBy = @P3, UpdatedAt = SYSUTCDATETIME() \
        WHERE BillerId = @P1";
    let biller_id: &str = biller.as_ref();
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 3] = [&biller_id, &i64::from(allowed.most), &allowed.by];
    let changed = session.changed(sql, &values).await?;
    session.give_back();
    Ok(changed > 0)
}

pub(super) async fn use_up_allowance(transaction: &mut Transaction, id: OnboardingId) -> Result<(), Fault> {
    let sql = "UPDATE b SET LeaversAllowed = NULL, LeaversAllowedBy = NULL, UpdatedAt = SYSUTCDATETIME() \
        FROM ciam.BillerCiam AS b JOIN ciam.Onboarding AS r ON r.BillerId = b.BillerId WHERE r.OnboardingId = @P1";
    transaction.execute(sql, &[&id.0]).await
}

pub(super) async fn view(pool: &Pool, id: &BillerId, max_issues: u32) -> Result<Option<BillerView>, Fault> {
    let mut session = pool.session().await?;
    let Some(listed) = listed(&mut session, id).await? else {
        session.give_back();
        return Ok(None);
    };
    let biller_id: &str = id.as_ref();
    let latest = "r.BillerId = @P1 ORDER BY r.RunNo DESC";
    let run = run_where(&mut session, latest, &[&biller_id]).await?;
    let run = run.map(|(run, _)| run);
    let issues = match &run {
        Some(run) => issues_after(&mut session, run.id, 0, max_issues).await?,
        None => Vec::new(),
    };
    let issues = issues.into_iter().map(|(_, issue)| issue).collect();
    let biller = recorded(&mut session, id).await?;
    session.give_back();
    Ok(Some(BillerView {
        biller: biller.unwrap_or_else(|| BillerCiam::untouched(id.clone())),
        name: listed.name,
        run,
        issues,
    }))
}

pub(super) async fn issues(pool: &Pool, id: OnboardingId, after: i64, limit: u32) -> Result<Vec<(i64, Issue)>, Fault> {
    let mut session = pool.session().await?;
    let issues = issues_after(&mut session, id, after, limit).await?;
    session.give_back();
    Ok(issues)
}

async fn issues_after(
    session: &mut Session,
    id: OnboardingId,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Issue)>, Fault> {
    let sql = "SELECT TOP (@P2) i.UserGuid, i.Field, i.Code, i.HeldBy, i.IssueNo FROM ciam.OnboardingIssue AS i \
        WHERE i.OnboardingId = @P1 AND i.IssueNo > @P3 ORDER BY i.IssueNo";
    let values: [&dyn ToSql; 3] = [&id.0, &i64::from(limit), &after];
    let rows = session.rows(sql, &values).await?;
    rows.iter()
        .map(|found| {
            let guid: Option<Uuid> = found.try_get("UserGuid")?;
            let (field, code) = (text(found, "Field")?, text(found, "Code")?);
            let issue = row::issue(guid, &field, &code, optional_text(found, "HeldBy")?)?;
            Ok((required(found, "IssueNo")?, issue))
        })
        .collect()
}
