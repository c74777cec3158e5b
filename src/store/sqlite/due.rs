//! Due runs: those whose message the timer sends again.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::columns::{Guid, Micros, micros};
use super::error::Fault;
use super::runs::OPEN;
use crate::domain::ids::OnboardingId;
use crate::domain::reason::Reason;
use crate::store::{DueRun, Resend};

/// After this many doublings the longest pause is reached, whatever the first one is.
const MOST_DOUBLINGS: i64 = 20;

pub(super) fn claim(
    transaction: &Transaction<'_>,
    now: Micros,
    limit: u32,
    resend: Resend,
) -> Result<Vec<DueRun>, Fault> {
    let mut statement = transaction.prepare_cached(&format!(
        "UPDATE onboarding SET resends = resends + 1, \
            due_at = ?1 + min(?3, iif(resends < ?5, ?2 << resends, ?3)) \
         WHERE run_no IN (SELECT run_no FROM onboarding WHERE {OPEN} AND due_at <= ?1 \
            AND (lease_until IS NULL OR lease_until <= ?1) ORDER BY due_at LIMIT ?4) \
         RETURNING onboarding_id, traceparent",
    ))?;
    let (first, longest) = (resend.first, resend.longest);
    let first = first.min(Duration::from_hours(720));
    let due = statement.query_map(
        params![now, micros(first), micros(longest), limit, MOST_DOUBLINGS],
        |row| {
            Ok(DueRun {
                id: OnboardingId(row.get::<_, Guid>(0)?.0),
                traceparent: row.get(1)?,
            })
        },
    )?;
    Ok(due.collect::<Result<_, _>>()?)
}

/// Open runs have a due time, so its index holds them and no others.
pub(super) fn others_wait(transaction: &Transaction<'_>, id: OnboardingId) -> Result<bool, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM onboarding WHERE due_at IS NOT NULL AND state = 'queued' AND onboarding_id <> ?1)",
    )?;
    Ok(statement.query_row([Guid(id.0)], |row| row.get(0))?)
}

pub(super) fn claim_stuck(
    transaction: &Transaction<'_>,
    now: Micros,
    limit: u32,
    every: Duration,
) -> Result<Vec<OnboardingId>, Fault> {
    let mut statement = transaction.prepare_cached(
        "UPDATE onboarding SET due_at = ?2 WHERE run_no IN ( \
            SELECT run_no FROM onboarding WHERE state = 'stuck' AND due_at <= ?1 ORDER BY due_at LIMIT ?3) \
         RETURNING onboarding_id",
    )?;
    let claimed = statement.query_map(params![now, now.plus(every), limit], |row| {
        Ok(OnboardingId(row.get::<_, Guid>(0)?.0))
    })?;
    Ok(claimed.collect::<Result<_, _>>()?)
}

pub(super) fn postpone(
    transaction: &Transaction<'_>,
    now: Micros,
    id: OnboardingId,
    after: Duration,
) -> Result<(), Fault> {
    transaction.execute(
        &format!(
            "UPDATE onboarding SET due_at = ?2, resends = 0, waiting_for = ifnull(waiting_for, ?4) \
             WHERE onboarding_id = ?1 AND {OPEN} AND (lease_until IS NULL OR lease_until <= ?3)"
        ),
        params![Guid(id.0), now.plus(after), now, <&str>::from(Reason::WorkerSlot)],
    )?;
    Ok(())
}
