//! Billers, toggle events, workers and runs that tests start from.

use std::time::Duration;

use biller_onboarding::domain::ids::{BillerId, EventId, OnboardingId, RequestedBy, WorkerId};
use biller_onboarding::domain::journal::Entry;
use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::run::RunState;
use biller_onboarding::domain::toggle_event::{Source, ToggleEvent};
use biller_onboarding::store::{Batch, Ending, Lease, LeaseOutcome, LeasedRun, Release, Resend, Store};
use uuid::Uuid;

use super::db::Db;

/// Longer than any test.
pub(crate) const LONG: Duration = Duration::from_hours(1);
/// A time that tests let pass. They assert nothing about the time before it has passed.
pub(crate) const SHORT: Duration = Duration::from_millis(20);

/// Some reason; which one does not matter.
pub(crate) const WHY: Reason = Reason::SecureauthRefused;

pub(crate) const RESEND: Resend = Resend {
    first: LONG,
    longest: Duration::from_hours(4),
};

pub(crate) fn biller(id: &str) -> BillerId {
    BillerId::try_new(id).unwrap()
}

pub(crate) fn worker(number: u128) -> WorkerId {
    WorkerId(Uuid::from_u128(0xA000 + number))
}

pub(crate) fn run_id(number: u128) -> OnboardingId {
    OnboardingId(Uuid::from_u128(0xC000_0000 + number))
}

pub(crate) fn guid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Toggle Yes for biller 1876, without an event id. If it starts a run, that is run `number`.
pub(crate) fn yes(number: u128) -> ToggleEvent {
    ToggleEvent {
        biller_id: biller("1876"),
        enable: true,
        source: Source::CrmToggle,
        requested_by: RequestedBy::try_new("jörg@crm").unwrap(),
        event_id: None,
        fingerprint: "f".repeat(64),
        onboarding_id: run_id(number),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    }
}

pub(crate) fn no(number: u128) -> ToggleEvent {
    ToggleEvent {
        enable: false,
        ..yes(number)
    }
}

pub(crate) fn with_event(event: ToggleEvent, id: &str) -> ToggleEvent {
    ToggleEvent {
        event_id: Some(EventId::try_new(id).unwrap()),
        ..event
    }
}

/// Biller 1876 with a queued enable run 1, due at once.
pub(crate) async fn queued(db: &dyn Db) -> OnboardingId {
    db.add_biller("1876", Some("City of Sample")).await;
    accept(&*db.store(), &yes(1)).await;
    run_id(1)
}

/// The same, leased by worker 1 for a long time.
pub(crate) async fn leased(db: &dyn Db) -> Lease {
    let id = queued(db).await;
    lease(&*db.store(), id, 1, LONG).await.lease
}

pub(crate) async fn accept(store: &dyn Store, event: &ToggleEvent) {
    store.accept(event, RESEND).await.unwrap();
}

/// Takes a lease, which has to be available.
pub(crate) async fn lease(store: &dyn Store, id: OnboardingId, number: u128, ttl: Duration) -> LeasedRun {
    match store.lease(id, worker(number), ttl).await.unwrap() {
        LeaseOutcome::Taken(leased) => *leased,
        other => panic!("not to be had: {other:?}"),
    }
}

/// Takes the run's lease and ends it.
pub(crate) async fn finish(db: &dyn Db, id: OnboardingId, ending: &Ending) {
    let lease = lease(&*db.store(), id, 1, LONG).await.lease;
    db.store().finish(&lease, ending, None).await.unwrap();
}

/// Makes biller 1876 active by run 1.
pub(crate) async fn activated(db: &dyn Db) {
    let id = queued(db).await;
    finish(db, id, &live()).await;
}

/// Biller 1876 with run 1, which is stuck.
pub(crate) async fn stuck(db: &dyn Db) {
    let id = queued(db).await;
    finish(db, id, &Ending::Stuck(Reason::NotRolledBack)).await;
}

pub(crate) fn live() -> Ending {
    Ending::Activated {
        organization_id: "1876".into(),
        pool_id: "pool-1".into(),
    }
}

/// A pause after a failure that may pass.
pub(crate) fn wait(after: Duration) -> Release {
    Release::Wait {
        after,
        state: RunState::Waiting,
        waiting_for: Reason::SecureauthUnavailable,
        error: None,
        pauses_used: 3,
        late: None,
    }
}

/// The run's rollback begins or goes on, and then pauses for [`SHORT`].
pub(crate) async fn roll_back(db: &dyn Db, lease: &Lease, reason: Reason) {
    let batch = Batch {
        rolls_back: Some(reason),
        ..Batch::default()
    };
    db.store().write(lease, &batch).await.unwrap();
    let pause = Release::Wait {
        after: SHORT,
        state: RunState::RollingBack,
        waiting_for: Reason::PreviousWorker,
        error: None,
        pauses_used: 7,
        late: None,
    };
    db.store().release(lease, &pause).await.unwrap();
}

/// A batch with one journal entry, which has this text.
pub(crate) fn journal_note(text: &str) -> Batch {
    Batch {
        entries: vec![note(text)],
        ..Batch::default()
    }
}

pub(crate) fn note(text: &str) -> Entry {
    Entry::DeletePool { pool_id: text.into() }
}
