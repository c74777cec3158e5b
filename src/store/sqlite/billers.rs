//! Reads billers: our own record, and the CRM's view. Writes the record of a new biller.

use rusqlite::{OptionalExtension, Transaction, params};

use super::columns::{Guid, Micros, biller_row, crm_text};
use super::error::Fault;
use super::runs::run_where;
use crate::domain::biller::{BillerCiam, LeaversAllowed};
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::issue::Issue;
use crate::store::accepting::Listed;
use crate::store::{BillerView, row};

pub(super) fn listed(transaction: &Transaction<'_>, biller_id: &str) -> Result<Option<Listed>, Fault> {
    Ok(transaction
        .prepare_cached("SELECT biller_name FROM ciam_biller WHERE biller_id = ?1")?
        .query_row([biller_id], |row| Ok(Listed::new(crm_text(row, 0)?.as_deref())))
        .optional()?)
}

pub(super) fn recorded(transaction: &Transaction<'_>, biller_id: &str) -> Result<Option<BillerCiam>, Fault> {
    transaction
        .prepare_cached("SELECT * FROM biller_ciam WHERE biller_id = ?1")?
        .query_row([biller_id], biller_row)
        .optional()?
        .map(|row| row.try_into().map_err(Fault::Store))
        .transpose()
}

pub(super) fn insert(transaction: &Transaction<'_>, now: Micros, biller_id: &str) -> Result<(), Fault> {
    transaction.execute(
        "INSERT INTO biller_ciam (biller_id, state, generation, updated_at) VALUES (?1, 'not_enabled', 0, ?2)",
        params![biller_id, now],
    )?;
    Ok(())
}

/// Keeps what `allow-leavers` allows; `false`: the biller never had a run.
pub(super) fn allow_leavers(
    transaction: &Transaction<'_>,
    now: Micros,
    biller: &BillerId,
    allowed: &LeaversAllowed,
) -> Result<bool, Fault> {
    let changed = transaction.execute(
        "UPDATE biller_ciam SET leavers_allowed = ?2, leavers_allowed_by = ?3, updated_at = ?4 WHERE biller_id = ?1",
        params![biller.as_ref(), allowed.most, allowed.by, now],
    )?;
    Ok(changed > 0)
}

pub(super) fn use_up_allowance(transaction: &Transaction<'_>, now: Micros, id: OnboardingId) -> Result<(), Fault> {
    transaction.execute(
        "UPDATE biller_ciam SET leavers_allowed = NULL, leavers_allowed_by = NULL, updated_at = ?2 \
         WHERE biller_id = (SELECT biller_id FROM onboarding WHERE onboarding_id = ?1)",
        params![Guid(id.0), now],
    )?;
    Ok(())
}

pub(super) fn view(
    transaction: &Transaction<'_>,
    now: Micros,
    id: &BillerId,
    max_issues: u32,
) -> Result<Option<BillerView>, Fault> {
    let biller_id: &str = id.as_ref();
    let Some(listed) = listed(transaction, biller_id)? else {
        return Ok(None);
    };
    let latest = "biller_id = ?1 ORDER BY run_no DESC LIMIT 1";
    let run = run_where(transaction, now, latest, &[&biller_id])?.map(|(run, _)| run);
    let issues = match &run {
        Some(run) => issues(transaction, run.id, 0, max_issues)?,
        None => Vec::new(),
    };
    let issues = issues.into_iter().map(|(_, issue)| issue).collect();
    Ok(Some(BillerView {
        biller: recorded(transaction, biller_id)?.unwrap_or_else(|| BillerCiam::untouched(id.clone())),
        name: listed.name,
        run,
        issues,
    }))
}

pub(super) fn issues(
    transaction: &Transaction<'_>,
    id: OnboardingId,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Issue)>, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT user_guid, field, code, held_by, issue_no FROM onboarding_issue \
         WHERE onboarding_id = ?1 AND issue_no > ?2 ORDER BY issue_no LIMIT ?3",
    )?;
    let mut rows = statement.query(params![Guid(id.0), after, limit])?;
    let mut issues = Vec::new();
    while let Some(found) = rows.next()? {
        let guid: Option<Guid> = found.get(0)?;
        let (field, code): (String, String) = (found.get(1)?, found.get(2)?);
        let issue = row::issue(guid.map(|guid| guid.0), &field, &code, found.get(3)?)?;
        issues.push((found.get(4)?, issue));
    }
    Ok(issues)
}
