//! Ends runs for the worker, and carries out an operator's commands.

use tiberius::ToSql;

use super::batch::append;
use super::columns::{or_empty, text};
use super::error::Fault;
use super::locks::lock_biller;
use super::pool::Pool;
use super::runs::{lock_run, run, update_leased};
use super::session::Transaction;
use crate::domain::biller::CiamState;
use crate::domain::ids::OnboardingId;
use crate::domain::journal::Entry;
use crate::domain::operation::Operation;
use crate::domain::run::RunState;
use crate::domain::run_error::RunError;
use crate::store::row::json_text;
use crate::store::transition::{Outcome, crm_status, operated};
use crate::store::{Ending, Lease, Operated, StoreError};

pub(super) async fn finish(pool: &Pool, lease: &Lease, ending: &Ending, error: Option<&RunError>) -> Result<(), Fault> {
    let outcome = Outcome::of(ending);
    let id = lease.onboarding_id;
    let mut transaction = pool.begin().await?;
    let sql = "SELECT r.BillerId FROM ciam.Onboarding AS r WHERE r.OnboardingId = @P1";
    let Some(row) = transaction.row(sql, &[&id.0]).await? else {
        return Err(StoreError::LeaseLost(id).into());
    };
    let biller_id = text(&row, "BillerId")?;
    lock_biller(&mut transaction, &biller_id, pool.lock_timeout()).await?;

    let set = "State = @P4, Reason = NULLIF(@P5, N''), \
        FinishedAt = CASE WHEN @P6 = 1 THEN @now ELSE NULL END, UpdatedAt = @now, \
        LeaseOwner = NULL, LeaseUntil = NULL, DueAt = CASE WHEN @P6 = 1 THEN NULL ELSE @now END, NextAttemptAt = NULL, \
        WaitingFor = NULL, LastError = COALESCE(NULLIF(@P7, N''), LastError), \
        FirstCause = CASE WHEN RollingBackSince IS NULL THEN COALESCE(NULLIF(@P7, N''), FirstCause) \
            ELSE COALESCE(FirstCause, NULLIF(@P7, N'')) END";
    let error = json_text(error);
    let values: [&dyn ToSql; 4] = [
        &<&str>::from(outcome.state),
        &or_empty(outcome.reason.map(<&str>::from)),
        &outcome.is_end(),
        &or_empty(error.as_deref()),
    ];
    update_leased(&mut transaction, lease, set, &values).await?;
    if let Some((organization_id, pool_id)) = outcome.resources {
        let sql = "UPDATE b SET OrganizationId = @P2, IdentityPoolId = @P3, UpdatedAt = r.UpdatedAt \
            FROM ciam.BillerCiam AS b JOIN ciam.Onboarding AS r ON r.BillerId = b.BillerId \
            WHERE r.OnboardingId = @P1";
        let values: [&dyn ToSql; 3] = [&id.0, &organization_id, &pool_id];
        transaction.execute(sql, &values).await?;
    }
    if let Some(ciam) = outcome.ciam {
        record_ciam_status(&mut transaction, id, &biller_id, ciam).await?;
    }
    transaction.commit().await
}

/// Sets the biller's state and calls the CRM's procedure. Only a change to active sets the activation date: to the time
/// at which the run ended, which its row has already.
async fn record_ciam_status(
    transaction: &mut Transaction,
    id: OnboardingId,
    biller_id: &str,
    ciam: CiamState,
) -> Result<(), Fault> {
    let sql = "DECLARE @now DATETIME2(6) = (SELECT r.UpdatedAt FROM ciam.Onboarding AS r WHERE r.OnboardingId = @P5); \
        UPDATE ciam.BillerCiam SET State = @P2, UpdatedAt = @now, \
            ActivationDate = CASE WHEN @P2 = N'active' AND State <> N'active' THEN @now ELSE ActivationDate END \
        WHERE BillerId = @P1; \
        DECLARE @date DATETIME2(6) = (SELECT b.ActivationDate FROM ciam.BillerCiam AS b WHERE b.BillerId = @P1); \
        EXEC ciam.RecordCiamStatus @BillerId = @P1, @CiamStatus = @P3, @ActivationDate = @date, @ToggleOn = @P4, \
            @OnboardingId = @P5;";
    let values: [&dyn ToSql; 5] = [
        &biller_id,
        &<&str>::from(ciam),
        &crm_status(ciam),
        &(ciam == CiamState::Active),
        &id.0,
    ];
    transaction.execute(sql, &values).await
}

pub(super) async fn operate(pool: &Pool, id: OnboardingId, operation: Operation, by: &str) -> Result<Operated, Fault> {
    let mut transaction = pool.begin().await?;
    let Some((known, _)) = run(&mut transaction, id).await? else {
        transaction.commit().await?;
        return Ok(Operated::Unknown);
    };
    lock_biller(&mut transaction, known.biller_id.as_ref(), pool.lock_timeout()).await?;
    lock_run(&mut transaction, id).await?;
    let Some((before, lease)) = run(&mut transaction, id).await? else {
        transaction.commit().await?;
        return Ok(Operated::Unknown);
    };
    let Some(state) = operated(operation, &before, lease) else {
        transaction.commit().await?;
        return Ok(Operated::NotFrom(before.state));
    };
    let sql = "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
        UPDATE ciam.Onboarding SET State = @P2, UpdatedAt = @now, NextAttemptAt = NULL, WaitingFor = NULL, Resends = 0, \
            DueAt = CASE WHEN @P3 = 1 THEN @now ELSE NULL END, \
            PausesUsed = CASE WHEN @P3 = 1 THEN 0 ELSE PausesUsed END, TakeOvers = 0, \
            FinishedAt = CASE WHEN @P3 = 1 THEN NULL ELSE @now END, \
            Reason = CASE WHEN @P4 = 1 THEN NULL ELSE Reason END, \
            RollingBackSince = CASE WHEN @P5 = 1 THEN @now ELSE RollingBackSince END \
        WHERE OnboardingId = @P1";
    let values: [&dyn ToSql; 5] = [
        &id.0,
        &<&str>::from(state),
        &state.is_open(),
        &(state == RunState::Waiting),
        &(operation == Operation::Rollback),
    ];
    transaction.execute(sql, &values).await?;
    let entry = Entry::Operator {
        command: operation,
        by: by.to_owned(),
    };
    append(&mut transaction, id, &[entry]).await?;
    transaction.commit().await?;
    Ok(Operated::Now(state))
}
