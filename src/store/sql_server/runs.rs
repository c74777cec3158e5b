//! Runs: reading, leasing, giving up.

use std::time::Duration;

use tiberius::ToSql;

use super::columns::{RUN, or_empty, run_row};
use super::error::Fault;
use super::pool::Pool;
use super::session::{Session, Transaction};
use crate::domain::ids::{OnboardingId, WorkerId};
use crate::domain::run::{Run, RunState};
use crate::store::row::LeaseColumns;
use crate::store::transition::{lease_refused, leased_state, millis};
use crate::store::{Lease, LeaseOutcome, LeasedRun, Release, StoreError};

/// The run keeps nobody out. A state this build does not know does.
pub(super) const ENDED: &str = "(r.State IN (N'succeeded', N'failed', N'cancelled'))";

/// The function still has to work on it.
pub(super) const OPEN: &str = "(r.State IN (N'queued', N'running', N'waiting', N'rolling_back'))";

/// Keeps the run from changing until the transaction ends: by a change that changes nothing. A hint (`UPDLOCK`) is only
/// advice to some engines.
pub(super) async fn lock_run(transaction: &mut Transaction, id: OnboardingId) -> Result<(), Fault> {
    let sql = "UPDATE r SET Version = r.Version FROM ciam.Onboarding AS r WHERE r.OnboardingId = @P1";
    transaction.execute(sql, &[&id.0]).await
}

pub(super) async fn run(session: &mut Session, id: OnboardingId) -> Result<Option<(Run, LeaseColumns)>, Fault> {
    run_where(session, "r.OnboardingId = @P1", &[&id.0]).await
}

/// The first run for which `condition` holds.
pub(super) async fn run_where(
    session: &mut Session,
    condition: &str,
    values: &[&dyn ToSql],
) -> Result<Option<(Run, LeaseColumns)>, Fault> {
    let sql = format!("SELECT TOP (1) {RUN} FROM ciam.Onboarding AS r WHERE {condition}");
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
        })),
        None => LeaseOutcome::Unknown,
    })
}

/// Fences a write: an `UPDATE` of the leased run, with what is to be set in its row; `@now` is the time. The first three
/// parameters are the run, the version and the worker.
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
        Release::Continue { resend } => {
            let set = "LeaseOwner = NULL, LeaseUntil = NULL, DueAt = DATEADD(MILLISECOND, @P4, @now), Resends = 0, \
                UpdatedAt = @now";
            update_leased(&mut session, lease, set, &[&millis(*resend)]).await?;
        }
        Release::Wait {
            after,
            state,
            waiting_for,
            reason,
            pauses_used,
        } => {
            let set = "LeaseOwner = NULL, LeaseUntil = NULL, DueAt = DATEADD(MILLISECOND, @P4, @now), Resends = 0, \
                NextAttemptAt = DATEADD(MILLISECOND, @P4, @now), State = @P5, WaitingFor = @P6, \
                Reason = COALESCE(NULLIF(@P7, N''), Reason), PausesUsed = @P8, UpdatedAt = @now, \
                RollingBackSince = CASE WHEN @P9 = 1 THEN COALESCE(RollingBackSince, @now) ELSE RollingBackSince END";
            let values: [&dyn ToSql; 6] = [
                &millis(*after),
                &<&str>::from(state),
                &<&str>::from(waiting_for),
                &or_empty(reason.map(<&str>::from)),
                &i64::from(*pauses_used),
                &(*state == RunState::RollingBack),
            ];
            update_leased(&mut session, lease, set, &values).await?;
        }
    }
    session.give_back();
    Ok(())
}
