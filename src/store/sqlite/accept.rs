//! Accepts toggle events.

use rusqlite::{OptionalExtension, Transaction, params};

use super::billers;
use super::columns::{Guid, Micros};
use super::error::Fault;
use super::runs::{ENDED, run, run_where};
use crate::domain::toggle_event::ToggleEvent;
use crate::store::accepting::{Accepted, Found, Start};
use crate::store::{Acceptance, Resend};

/// Decides about the event and records the result. The write transaction keeps all other events out meanwhile.
pub(super) fn accept(
    transaction: &Transaction<'_>,
    now: Micros,
    event: &ToggleEvent,
    resend: Resend,
) -> Result<Acceptance, Fault> {
    let accepted = find(transaction, now, event)?.accepted(event);
    let started = match &accepted.start {
        Some(start) => {
            insert_run(transaction, now, event, start, resend)?;
            run(transaction, now, event.onboarding_id)?
        }
        None => None,
    };
    insert_event(transaction, now, event, &accepted)?;
    Ok(accepted.acceptance(started.map(|(run, _)| run)))
}

fn find(transaction: &Transaction<'_>, now: Micros, event: &ToggleEvent) -> Result<Found, Fault> {
    let biller_id: &str = event.biller_id.as_ref();
    let earlier = match &event.event_id {
        Some(event_id) => transaction
            .prepare_cached(
                "SELECT fingerprint, onboarding_id FROM onboarding_event WHERE biller_id = ?1 AND event_id = ?2",
            )?
            .query_row(params![biller_id, event_id.as_ref()], |row| {
                Ok((row.get(0)?, row.get::<_, Option<Guid>>(1)?))
            })
            .optional()?,
        None => None,
    };
    let earlier = match earlier {
        Some((fingerprint, Some(id))) => Some((
            fingerprint,
            run_where(transaction, now, "onboarding_id = ?1", &[&id])?.map(|(run, _)| run),
        )),
        Some((fingerprint, None)) => Some((fingerprint, None)),
        None => None,
    };
    let blocking = format!("biller_id = ?1 AND NOT {ENDED}");
    Ok(Found {
        event: earlier,
        listed: billers::listed(transaction, biller_id)?,
        biller: billers::recorded(transaction, biller_id)?,
        blocking: run_where(transaction, now, &blocking, &[&biller_id])?.map(|(run, _)| run),
    })
}

fn insert_run(
    transaction: &Transaction<'_>,
    now: Micros,
    event: &ToggleEvent,
    start: &Start,
    resend: Resend,
) -> Result<(), Fault> {
    let biller_id = event.biller_id.as_ref();
    if start.first {
        billers::insert(transaction, now, biller_id)?;
    }
    transaction.execute(
        "INSERT INTO onboarding (onboarding_id, biller_id, biller_name, kind, state, source, requested_by, traceparent, \
            generation, created_at, updated_at, due_at) \
         VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
        params![
            Guid(event.onboarding_id.0),
            biller_id,
            start.biller_name,
            <&str>::from(start.kind),
            <&str>::from(event.source),
            event.requested_by.as_ref(),
            event.traceparent,
            start.generation,
            now,
            now.plus(resend.first),
        ],
    )?;
    Ok(())
}

fn insert_event(
    transaction: &Transaction<'_>,
    now: Micros,
    event: &ToggleEvent,
    accepted: &Accepted,
) -> Result<(), Fault> {
    if let Some(event_id) = event.event_id.as_ref().filter(|_| accepted.records_event) {
        transaction.execute(
            "INSERT INTO onboarding_event (biller_id, event_id, fingerprint, source, requested_by, onboarding_id, \
                received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                event.biller_id.as_ref(),
                event_id.as_ref(),
                event.fingerprint,
                <&str>::from(event.source),
                event.requested_by.as_ref(),
                accepted.event_run.map(|id| Guid(id.0)),
                now,
            ],
        )?;
    }
    Ok(())
}
