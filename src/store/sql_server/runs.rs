//! Reads runs; takes, renews and releases their leases.

use std::time::Duration;

use tiberius::ToSql;

use super::columns::{RUN, or_empty, run_row};
use super::error::Fault;
use super::pool::Pool;
use super::session::{Session, Transaction};
use crate::domain::ids::{OnboardingId, WorkerId};
use crate::domain::run::Run;
use crate::store::row::{LeaseColumns, json_text};
use crate::store::transition::{lease_refused, leased_state, millis};
use crate::store::{Lease, LeaseOutcome, LeasedRun, Release, StoreError};

/// The run has ended, so another one may start. A state that this version does not know counts as not ended.
pub(super) const ENDED: &str = "(r.State IN (N'succeeded', N'failed', N'cancelled'))";

/// A worker still has to work on the run.
pub(super) const OPEN: &str = "(r.State IN (N'queued', N'running', N'waiting', N'rolling_back'))";

/// Locks the run's row until the transaction ends, by an UPDATE that changes nothing (docs/decisions.md#locks-by-change).
pub(super) async fn lock_run(transaction: &mut Transaction, id: OnboardingId) -> Result<(), Fault> {
    let sql = "UPDATE r SET Version = r.Version FROM ciam.Onboarding AS r WHERE r.OnboardingId = @P1";
    transaction.execute(sql, &[&id.0]).await
}

pub(super) async fn run(session: &mut Session, id: OnboardingId) -> Result<Option<(Run, LeaseColumns)>, Fault> {
    run_where(session, "r.OnboardingId = @P1", &[&id.0]).await
}

/// The first run for which `condition` holds, which names the run or its biller. The seek keeps it from waiting for rows of other runs
/// (docs/reference/sql-server.md#row-locks).
pub(super) async fn run_where(
    session: &mut Session,
    condition: &str,
    values: &[&dyn ToSql],
) -> Result<Option<(Run, LeaseColumns)>, Fault> {
    let sql = format!("SELECT TOP (1) {RUN} FROM ciam.Onboarding AS r WITH (FORCESEEK) WHERE {condition}");
    let Some(row) = session.row(&sql, values).await? else {
        return Ok(None);
    };
    let row = run_row(&row)?;
    let lease = row.lease;
    Ok(Some((row.try_into()?, lease)))
}

pub(super) async fn read(pool: &Pool, id: OnboardingId) -> Result<Option<Run>, Fault> {
    let mut session = pool.session().await?;
    let run = run(&mut session, id).await?;
    session.give_back();
    Ok(run.map(|(run, _)| run))
}

pub(super) async fn unfinished(pool: &Pool, stuck_only: bool, limit: u32) -> Result<Vec<Run>, Fault> {
    let sql = format!(
        "SELECT TOP (@P1) {RUN} FROM ciam.Onboarding AS r \
         WHERE NOT {ENDED} AND (r.State = N'stuck' OR @P2 = 0) ORDER BY r.RunNo"
    );
    let mut session = pool.session().await?;
    let values: [&dyn ToSql; 2] = [&i64::from(limit), &stuck_only];
    let rows = session.rows(&sql, &values).await?;
    session.give_back();
    rows.iter().map(|row| Ok(run_row(row)?.try_into()?)).collect()
}

pub(super) async fn lease(
    pool: &Pool,
    id: OnboardingId,
    worker: WorkerId,
    ttl: Duration,
) -> Result<LeaseOutcome, Fault> {
    let mut transaction = pool.begin().await?;
    lock_run(&mut transaction, id).await?;
    let Some((before, columns)) = run(&mut transaction, id).await? else {
        transaction.commit().await?;
        return Ok(LeaseOutcome::Unknown);
    };
    if let Some(refused) = lease_refused(&before, columns) {
        transaction.commit().await?;
        return Ok(refused);
    }
    let sql = "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
        DECLARE @until DATETIME2(6) = DATEADD(MILLISECOND, @P4, @now); \
        UPDATE ciam.Onboarding SET State = @P2, Version = Version + 1, LeaseOwner = @P3, LeaseUntil = @until, \
            DueAt = @until, Resends = 0, NextAttemptAt = NULL, WaitingFor = NULL, \
            TakeOvers = CASE WHEN LeaseOwner IS NULL THEN TakeOvers ELSE TakeOvers + 1 END, \
            StartedAt = COALESCE(StartedAt, @now), UpdatedAt = @now \
        WHERE OnboardingId = @P1";
    let state = <&str>::from(leased_state(before.state));
    let values: [&dyn ToSql; 4] = [&id.0, &state, &worker.0, &millis(ttl)];
    transaction.execute(sql, &values).await?;
    let taken = run(&mut transaction, id).await?;
    transaction.commit().await?;
    Ok(match taken {
        Some((run, taken)) => LeaseOutcome::Taken(Box::new(LeasedRun {
            lease: Lease {
                onboarding_id: id,
                worker,
                version: taken.version,
            },
            run,
            took_over: columns.owned,
            late: columns.late,
        })),
        None => LeaseOutcome::Unknown,
    })
}

/// Updates the leased run, or fails with [`StoreError::LeaseLost`]. In `set`, `@now` is the time and `values` begin
/// with `@P4`: the first three parameters are the run, the version and the worker.
pub(super) async fn update_leased(
    session: &mut Session,
    lease: &Lease,
    set: &str,
    values: &[&dyn ToSql],
) -> Result<(), Fault> {
    let sql = format!(
        "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
         UPDATE ciam.Onboarding SET {set} WHERE OnboardingId = @P1 AND Version = @P2 AND LeaseOwner = @P3"
    );
    let fence: [&dyn ToSql; 3] = [&lease.onboarding_id.0, &lease.version, &lease.worker.0];
    let all: Vec<&dyn ToSql> = fence.into_iter().chain(values.iter().copied()).collect();
    if session.changed(&sql, &all).await? == 0 {
        return Err(StoreError::LeaseLost(lease.onboarding_id).into());
    }
    Ok(())
}

pub(super) async fn renew(pool: &Pool, lease: &Lease, ttl: Duration) -> Result<(), Fault> {
    let mut session = pool.heartbeat().await?;
    let set = "LeaseUntil = DATEADD(MILLISECOND, @P4, @now), DueAt = DATEADD(MILLISECOND, @P4, @now)";
    update_leased(&mut session, lease, set, &[&millis(ttl)]).await?;
    session.give_back();
    Ok(())
}

pub(super) async fn release(pool: &Pool, lease: &Lease, release: &Release) -> Result<(), Fault> {
    let mut session = pool.session().await?;
    match release {
        Release::Continue { resend, late } => {
            let set = format!(
                "LeaseOwner = NULL, LeaseUntil = NULL, DueAt = DATEADD(MILLISECOND, @P4, @now), Resends = 0, \
                    UpdatedAt = @now, LateUntil = {}",
                later("@P5")
            );
            update_leased(&mut session, lease, &set, &[&millis(*resend), &late_millis(*late)]).await?;
        }
        Release::Wait {
            after,
            state,
            waiting_for,
            error,
            pauses_used,
            late,
        } => {
            let set = format!(
                "LeaseOwner = NULL, LeaseUntil = NULL, DueAt = DATEADD(MILLISECOND, @P4, @now), Resends = 0, \
                NextAttemptAt = DATEADD(MILLISECOND, @P4, @now), State = @P5, WaitingFor = @P6, \
                PausesUsed = @P7, UpdatedAt = @now, LastError = COALESCE(NULLIF(@P9, N''), LastError), \
                FirstCause = COALESCE(FirstCause, NULLIF(@P9, N'')), LateUntil = {}",
                later("@P8")
            );
            let error = json_text(error.as_ref());
            let values: [&dyn ToSql; 6] = [
                &millis(*after),
                &<&str>::from(state),
                &<&str>::from(waiting_for),
                &i64::from(*pauses_used),
                &late_millis(*late),
                &or_empty(error.as_deref()),
            ];
            update_leased(&mut session, lease, &set, &values).await?;
        }
    }
    session.give_back();
    Ok(())
}

/// The SQL for the later one of `LateUntil` and a number of milliseconds from now. A negative number leaves `LateUntil`
/// as it is.
fn later(parameter: &str) -> String {
    format!(
        "CASE WHEN {parameter} >= 0 AND (LateUntil IS NULL OR LateUntil < DATEADD(MILLISECOND, {parameter}, @now)) \
            THEN DATEADD(MILLISECOND, {parameter}, @now) ELSE LateUntil END"
    )
}

/// `None` is sent as -1: the driver would send NULL without a type, which not every engine accepts.
fn late_millis(late: Option<Duration>) -> i32 {
    late.map_or(-1, millis)
}
