//! Ends runs for the worker, and carries out an operator's commands.

use rusqlite::{OptionalExtension, Transaction, params};

use super::batch::append;
use super::columns::{Guid, Micros};
use super::error::Fault;
use super::runs::{run, update_leased};
use crate::domain::biller::CiamState;
use crate::domain::ids::OnboardingId;
use crate::domain::journal::Entry;
use crate::domain::operation::Operation;
use crate::domain::run::RunState;
use crate::domain::run_error::RunError;
use crate::store::row::json_text;
use crate::store::transition::{Outcome, crm_status, operated};
use crate::store::{Ending, Lease, Operated, StoreError};

pub(super) fn finish(
    transaction: &Transaction<'_>,
    now: Micros,
    lease: &Lease,
    ending: &Ending,
    error: Option<&RunError>,
) -> Result<(), Fault> {
    let outcome = Outcome::of(ending);
    update_leased(
        transaction,
        lease,
        "state = ?4, reason = ?5, finished_at = ?6, updated_at = ?7, \
            lease_owner = NULL, lease_until = NULL, due_at = iif(?6 IS NULL, ?7, NULL), next_attempt_at = NULL, \
            waiting_for = NULL, last_error = ifnull(?8, last_error), \
            first_cause = iif(rolling_back_since IS NULL, ifnull(?8, first_cause), ifnull(first_cause, ?8))",
        &[
            &<&str>::from(outcome.state),
            &outcome.reason.map(<&str>::from),
            &outcome.is_end().then_some(now),
            &now,
            &json_text(error),
        ],
    )?;
    let biller_id: String = transaction
        .query_row(
            "SELECT biller_id FROM onboarding WHERE onboarding_id = ?1",
            [Guid(lease.onboarding_id.0)],
            |row| row.get(0),
        )
        .optional()?
        .ok_or(StoreError::LeaseLost(lease.onboarding_id))?;
    if let Some((organization_id, pool_id)) = outcome.resources {
        transaction.execute(
            "UPDATE biller_ciam SET organization_id = ?2, identity_pool_id = ?3, updated_at = ?4 WHERE biller_id = ?1",
            params![biller_id, organization_id, pool_id, now],
        )?;
    }
    if let Some(ciam) = outcome.ciam {
        set_ciam_state(transaction, now, &biller_id, ciam)?;
        record_ciam_status(transaction, lease.onboarding_id, &biller_id, ciam)?;
    }
    Ok(())
}

/// Sets the biller's state. Only a change to active sets the activation date.
fn set_ciam_state(transaction: &Transaction<'_>, now: Micros, biller_id: &str, ciam: CiamState) -> Result<(), Fault> {
    transaction.execute(
        "UPDATE biller_ciam SET state = ?2, updated_at = ?3, \
            activation_date = CASE WHEN ?2 = 'active' AND state <> 'active' THEN ?3 ELSE activation_date END \
         WHERE biller_id = ?1",
        params![biller_id, <&str>::from(ciam), now],
    )?;
    Ok(())
}

/// Writes the sample CRM's table, where SQL Server calls `ciam.RecordCiamStatus`. A trigger on the table may refuse.
fn record_ciam_status(
    transaction: &Transaction<'_>,
    id: OnboardingId,
    biller_id: &str,
    ciam: CiamState,
) -> Result<(), Fault> {
    transaction.execute(
        "INSERT INTO crm_product_ciam (biller_id, ciam_status, activation_date, toggle_on, onboarding_id) \
         SELECT biller_id, ?2, activation_date, ?3, ?4 FROM biller_ciam WHERE biller_id = ?1 \
         ON CONFLICT (biller_id) DO UPDATE SET ciam_status = excluded.ciam_status, \
            activation_date = excluded.activation_date, toggle_on = excluded.toggle_on, \
            onboarding_id = excluded.onboarding_id",
        params![biller_id, crm_status(ciam), ciam == CiamState::Active, Guid(id.0)],
    )?;
    Ok(())
}

pub(super) fn operate(
    transaction: &Transaction<'_>,
    now: Micros,
    id: OnboardingId,
    operation: Operation,
    by: &str,
) -> Result<Operated, Fault> {
    let Some((before, lease)) = run(transaction, now, id)? else {
        return Ok(Operated::Unknown);
    };
    let Some(state) = operated(operation, &before, lease) else {
        return Ok(Operated::NotFrom(before.state));
    };
    transaction.execute(
        "UPDATE onboarding SET state = ?2, updated_at = ?3, next_attempt_at = NULL, waiting_for = NULL, resends = 0, \
            due_at = iif(?4, ?3, NULL), pauses_used = iif(?4, 0, pauses_used), take_overs = 0, finished_at = iif(?4, NULL, ?3), \
            reason = iif(?5, NULL, reason), rolling_back_since = iif(?6, ?3, rolling_back_since) \
         WHERE onboarding_id = ?1",
        params![
            Guid(id.0),
            <&str>::from(state),
            now,
            state.is_open(),
            state == RunState::Waiting,
            operation == Operation::Rollback,
        ],
    )?;
    let entry = Entry::Operator {
        command: operation,
        by: by.to_owned(),
    };
    append(transaction, now, id, &[entry])?;
    Ok(Operated::Now(state))
}
