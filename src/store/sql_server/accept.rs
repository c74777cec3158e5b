//! Accepts toggle events.

use super::billers;
use super::columns::{or_empty, text};
use super::error::Fault;
use super::locks::lock_biller;
use super::pool::Pool;
use super::runs::{ENDED, run, run_where};
use super::session::Transaction;
use crate::domain::ids::OnboardingId;
use crate::domain::run::Run;
use crate::domain::toggle_event::ToggleEvent;
use crate::store::accepting::{Accepted, Found, Start};
use crate::store::transition::millis;
use crate::store::{Acceptance, Resend};

/// Decides about the event and records the result, under the biller's lock.
pub(super) async fn accept(pool: &Pool, event: &ToggleEvent, resend: Resend) -> Result<Acceptance, Fault> {
    let mut transaction = pool.begin().await?;
    let biller_id: &str = event.biller_id.as_ref();
    lock_biller(&mut transaction, biller_id, pool.lock_timeout()).await?;
    let accepted = find(&mut transaction, event).await?.accepted(event);
    let started = match &accepted.start {
        Some(start) => {
            insert_run(&mut transaction, event, start, resend).await?;
            run(&mut transaction, event.onboarding_id).await?
        }
        None => None,
    };
    insert_event(&mut transaction, event, &accepted).await?;
    transaction.commit().await?;
    Ok(accepted.acceptance(started.map(|(run, _)| run)))
}

async fn find(transaction: &mut Transaction, event: &ToggleEvent) -> Result<Found, Fault> {
    let biller_id: &str = event.biller_id.as_ref();
    let blocking = format!("r.BillerId = @P1 AND NOT {ENDED}");
    Ok(Found {
        event: earlier(transaction, event).await?,
        listed: billers::listed(transaction, &event.biller_id).await?,
        biller: billers::recorded(transaction, &event.biller_id).await?,
        blocking: run_where(transaction, &blocking, &[&biller_id])
            .await?
            .map(|(run, _)| run),
    })
}

async fn earlier(transaction: &mut Transaction, event: &ToggleEvent) -> Result<Option<(String, Option<Run>)>, Fault> {
    let Some(event_id) = &event.event_id else {
        return Ok(None);
    };
    let sql = "SELECT e.Fingerprint, e.OnboardingId FROM ciam.OnboardingEvent AS e \
        WHERE e.BillerId = @P1 AND e.EventKey = HASHBYTES('SHA2_256', @P2)";
    let (biller_id, event_id): (&str, &str) = (event.biller_id.as_ref(), event_id.as_ref());
    let Some(row) = transaction.row(sql, &[&biller_id, &event_id]).await? else {
        return Ok(None);
    };
    let run = match row.try_get("OnboardingId")? {
        Some(id) => run(transaction, OnboardingId(id)).await?,
        None => None,
    };
    Ok(Some((text(&row, "Fingerprint")?, run.map(|(run, _)| run))))
}

async fn insert_run(
    transaction: &mut Transaction,
    event: &ToggleEvent,
    start: &Start,
    resend: Resend,
) -> Result<(), Fault> {
    let biller_id: &str = event.biller_id.as_ref();
    if start.first {
        let sql = "INSERT INTO ciam.BillerCiam (BillerId, State, Generation, UpdatedAt) \
            VALUES (@P1, N'not_enabled', 0, SYSUTCDATETIME())";
        transaction.execute(sql, &[&biller_id]).await?;
    }
    let sql = "DECLARE @now DATETIME2(6) = SYSUTCDATETIME(); \
        INSERT INTO ciam.Onboarding (OnboardingId, BillerId, BillerName, Kind, State, Source, RequestedBy, Traceparent, \
            Generation, CreatedAt, UpdatedAt, DueAt) \
        VALUES (@P1, @P2, NULLIF(@P3, N''), @P4, N'queued', @P5, @P6, NULLIF(@P7, N''), @P8, @now, @now, DATEADD(MILLISECOND, @P9, @now))";
    let requested_by: &str = event.requested_by.as_ref();
    transaction
        .execute(
            sql,
            &[
                &event.onboarding_id.0,
                &biller_id,
                &or_empty(start.biller_name.as_deref()),
                &<&str>::from(start.kind),
                &<&str>::from(event.source),
                &requested_by,
                &or_empty(event.traceparent.as_deref()),
                &i64::from(start.generation),
                &millis(resend.first),
            ],
        )
        .await
}

async fn insert_event(transaction: &mut Transaction, event: &ToggleEvent, accepted: &Accepted) -> Result<(), Fault> {
    let Some(event_id) = event.event_id.as_ref().filter(|_| accepted.records_event) else {
        return Ok(());
    };
    let sql = "INSERT INTO ciam.OnboardingEvent (BillerId, EventKey, EventId, Fingerprint, Source, RequestedBy, \
            OnboardingId, ReceivedAt) \
        VALUES (@P1, HASHBYTES('SHA2_256', @P2), @P2, @P3, @P4, @P5, @P6, SYSUTCDATETIME())";
    let (biller_id, event_id): (&str, &str) = (event.biller_id.as_ref(), event_id.as_ref());
    let requested_by: &str = event.requested_by.as_ref();
    transaction
        .execute(
            sql,
            &[
                &biller_id,
                &event_id,
                &event.fingerprint,
                &<&str>::from(event.source),
                &requested_by,
                &accepted.event_run.map(|id| id.0),
            ],
        )
        .await
}
