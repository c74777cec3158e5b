//! Reads runs; takes, renews and releases their leases.

use std::time::Duration;

use rusqlite::{OptionalExtension, ToSql, Transaction, params};

use super::columns::{Guid, Micros, RUN, run_row};
use super::error::Fault;
use crate::domain::ids::{OnboardingId, WorkerId};
use crate::domain::run::Run;
use crate::store::row::{LeaseColumns, json_text};
use crate::store::transition::{lease_refused, leased_state};
use crate::store::{Lease, LeaseOutcome, LeasedRun, Release, StoreError};

/// The run has ended, so another one may start. A state that this version does not know counts as not ended.
pub(super) const ENDED: &str = "(state IN ('succeeded', 'failed', 'cancelled'))";

/// A worker still has to work on the run.
pub(super) const OPEN: &str = "(state IN ('queued', 'running', 'waiting', 'rolling_back'))";

pub(super) fn run(
    transaction: &Transaction<'_>,
    now: Micros,
    id: OnboardingId,
) -> Result<Option<(Run, LeaseColumns)>, Fault> {
    run_where(transaction, now, "onboarding_id = ?1", &[&Guid(id.0)])
}

/// The first run for which `condition` holds.
pub(super) fn run_where(
    transaction: &Transaction<'_>,
    now: Micros,
    condition: &str,
    values: &[&dyn ToSql],
) -> Result<Option<(Run, LeaseColumns)>, Fault> {
    transaction
        .prepare_cached(&format!("SELECT {RUN} FROM onboarding WHERE {condition}"))?
        .query_row(values, |row| run_row(row, now))
        .optional()?
        .map(|row| {
            let lease = row.lease;
            Ok((row.try_into()?, lease))
        })
        .transpose()
}

pub(super) fn unfinished(
    transaction: &Transaction<'_>,
    now: Micros,
    stuck_only: bool,
    limit: u32,
) -> Result<Vec<Run>, Fault> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {RUN} FROM onboarding WHERE NOT {ENDED} AND (state = 'stuck' OR NOT ?1) ORDER BY run_no LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![stuck_only, limit], |row| run_row(row, now))?;
    rows.map(|row| Ok(row?.try_into()?)).collect()
}

pub(super) fn lease(
    transaction: &Transaction<'_>,
    now: Micros,
    id: OnboardingId,
    worker: WorkerId,
    ttl: Duration,
) -> Result<LeaseOutcome, Fault> {
    let Some((before, columns)) = run(transaction, now, id)? else {
        return Ok(LeaseOutcome::Unknown);
    };
    if let Some(refused) = lease_refused(&before, columns) {
        return Ok(refused);
    }
    transaction.execute(
        "UPDATE onboarding SET state = ?2, version = version + 1, lease_owner = ?3, lease_until = ?4, due_at = ?4, \
            resends = 0, next_attempt_at = NULL, waiting_for = NULL, started_at = ifnull(started_at, ?5), \
            take_overs = take_overs + (lease_owner IS NOT NULL), updated_at = ?5 WHERE onboarding_id = ?1",
        params![
            Guid(id.0),
            <&str>::from(leased_state(before.state)),
            Guid(worker.0),
            now.plus(ttl),
            now
        ],
    )?;
    let Some((run, taken)) = run(transaction, now, id)? else {
        return Ok(LeaseOutcome::Unknown);
    };
    Ok(LeaseOutcome::Taken(Box::new(LeasedRun {
        lease: Lease {
            onboarding_id: id,
            worker,
            version: taken.version,
        },
        run,
        took_over: columns.owned,
        late: columns.late,
    })))
}

/// Updates the leased run, or fails with [`StoreError::LeaseLost`]. In `set`, `values` begin with `?4`: the first three
/// parameters are the run, the version and the worker.
pub(super) fn update_leased(
    transaction: &Transaction<'_>,
    lease: &Lease,
    set: &str,
    values: &[&dyn ToSql],
) -> Result<(), Fault> {
    let (id, worker) = (Guid(lease.onboarding_id.0), Guid(lease.worker.0));
    let fence: [&dyn ToSql; 3] = [&id, &lease.version, &worker];
    let all: Vec<&dyn ToSql> = fence.into_iter().chain(values.iter().copied()).collect();
    let changed = transaction
        .prepare_cached(&format!(
            "UPDATE onboarding SET {set} WHERE onboarding_id = ?1 AND version = ?2 AND lease_owner = ?3"
        ))?
        .execute(all.as_slice())?;
    if changed == 0 {
        return Err(StoreError::LeaseLost(lease.onboarding_id).into());
    }
    Ok(())
}

pub(super) fn renew(transaction: &Transaction<'_>, now: Micros, lease: &Lease, ttl: Duration) -> Result<(), Fault> {
    update_leased(transaction, lease, "lease_until = ?4, due_at = ?4", &[&now.plus(ttl)])
}

pub(super) fn release(
    transaction: &Transaction<'_>,
    now: Micros,
    lease: &Lease,
    release: &Release,
) -> Result<(), Fault> {
    match release {
        Release::Continue { resend, late } => update_leased(
            transaction,
            lease,
            "lease_owner = NULL, lease_until = NULL, due_at = ?4, resends = 0, updated_at = ?5, \
                late_until = nullif(max(ifnull(late_until, 0), ifnull(?6, 0)), 0)",
            &[&now.plus(*resend), &now, &late.map(|late| now.plus(late))],
        ),
        Release::Wait {
            after,
            state,
            waiting_for,
            error,
            pauses_used,
            late,
        } => update_leased(
            transaction,
            lease,
            "lease_owner = NULL, lease_until = NULL, due_at = ?4, resends = 0, next_attempt_at = ?4, state = ?5, \
                waiting_for = ?6, pauses_used = ?7, updated_at = ?8, \
                late_until = nullif(max(ifnull(late_until, 0), ifnull(?9, 0)), 0), \
                last_error = ifnull(?10, last_error), first_cause = ifnull(first_cause, ?10)",
            &[
                &now.plus(*after),
                &<&str>::from(state),
                &<&str>::from(waiting_for),
                pauses_used,
                &now,
                &late.map(|late| now.plus(late)),
                &json_text(error.as_ref()),
            ],
        ),
    }
}
